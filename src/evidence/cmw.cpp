// SPDX-License-Identifier: Apache-2.0
#include "evidence/cmw.hpp"

#include "base/hex.hpp"

namespace lumoz::evidence {

namespace {

constexpr json::Limits kLimits{.max_bytes = std::size_t{8} << 20, .max_depth = 16};
constexpr unsigned kMostDepth = 4;
constexpr std::size_t kMostRecords = 64;
constexpr std::string_view kTypeMember = "__cmwc_t";

std::unexpected<Error> bad(std::string_view rule, std::string_view label, std::string_view why) {
    std::string detail = label.empty() ? std::string("record") : std::string(label);
    detail += ": ";
    detail += why;
    return fail(Errc::Malformed, rule, "cmw", std::move(detail));
}

bool is_media_type(std::string_view text) {
    const std::string_view bare = text.substr(0, text.find(';'));
    const std::size_t slash = bare.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == bare.size()) return false;
    return std::ranges::all_of(bare, [](char c) { return c > ' ' && c <= '~'; }) &&
           bare.find('/', slash + 1) == std::string_view::npos;
}

bool is_uri_or_oid(std::string_view text) {
    if (text.empty()) return false;
    const bool oid = std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
    return oid || (text.find(':') != std::string_view::npos && text.front() != ':');
}

class CmwReader {
public:
    Status read(const json::Value& value, const std::string& label, unsigned depth) {
        if (depth > kMostDepth) return bad("E_CMW_LIMIT", label, "too deep");
        if (value.is_array()) return record(value, label);
        if (value.is_object()) return collection(value, label, depth);
        return bad("E_CMW_FORMAT", label, "neither record nor collection");
    }
    std::vector<CmwRecord> records;

private:
    Status record(const json::Value& value, const std::string& label) {
        if (records.size() == kMostRecords) return bad("E_CMW_LIMIT", label, "too many records");
        const std::vector<json::Value> parts = value.elements();
        if (parts.size() < 2 || parts.size() > 3) return bad("E_CMW_RECORD", label, "not 2 or 3 elements");
        CmwRecord out;
        out.label = label;
        const auto type = parts[0].as_string();
        if (!type || !is_media_type(*type)) return bad("E_CMW_TYPE", label, "not a media type");
        out.type = *type;
        const auto text = parts[1].as_string();
        if (!text) return bad("E_CMW_VALUE", label, "not a text");
        auto bytes = from_base64url(*text);
        if (!bytes || bytes->empty()) return bad("E_CMW_VALUE", label, "not Base64 or empty");
        out.value = std::move(*bytes);
        if (parts.size() == 3) {
            const auto ind = parts[2].as_int();
            if (!ind || *ind < 1 || *ind > 31) return bad("E_CMW_IND", label, "not 1 to 31");
            out.ind = static_cast<unsigned>(*ind);
        }
        records.push_back(std::move(out));
        return {};
    }

    Status collection(const json::Value& value, const std::string& label, unsigned depth) {
        std::size_t entries = 0;
        for (const json::Value::Member& member : value.members()) {
            if (member.name == kTypeMember) {
                const auto text = member.value.as_string();
                if (!text || !is_uri_or_oid(*text)) return bad("E_CMW_COLLECTION", label, "__cmwc_t");
                continue;
            }
            ++entries;
            const std::string inner = label.empty() ? member.name : label + "/" + member.name;
            LUMOZ_CHECK_OK(read(member.value, inner, depth + 1));
        }
        if (entries == 0) return bad("E_CMW_COLLECTION", label, "empty");
        return {};
    }
};

}  // namespace

Result<std::vector<CmwRecord>> parse_cmw(std::string_view text) {
    const auto document = json::Document::parse(text, kLimits);
    if (!document) {
        // A label that is there twice is a fault of the collection, not of the syntax.
        const bool twice = document.error().detail.ends_with("duplicate member name");
        return fail(Errc::Malformed, twice ? "E_CMW_COLLECTION" : "E_CMW_FORMAT", "cmw.json",
                    document.error().detail);
    }
    CmwReader reader;
    LUMOZ_CHECK_OK(reader.read(document->root(), "", 1));
    return std::move(reader.records);
}

std::string cmw_collection(std::string_view type_uri, std::span<const CmwRecord> records) {
    json::Writer out;
    out.object();
    out.key(kTypeMember).string(type_uri);
    for (const CmwRecord& record : records) {
        out.key(record.label).array();
        out.string(record.type);
        out.string(to_base64url(record.value));
        if (record.ind) out.integer(*record.ind);
        out.end();
    }
    out.end();
    return json::canonical(std::move(out).text(), kLimits).value_or("");
}

std::string tsm_report_json(std::string_view provider, ByteView quote) {
    // Member names are written in the order of RFC 8785.
    json::Writer out;
    out.object();
    out.key("outblob").string(to_base64(quote));
    out.key("provider").string(provider);
    out.end();
    return std::move(out).text();
}

Result<Bytes> quote_from_tsm_report(ByteView value) {
    const auto document = json::Document::parse(as_text(value));
    if (!document) return bad("E_CMW_VALUE", "cpu0", "not JSON");
    const auto blob = document->root().find("outblob");
    const auto text = blob ? blob->as_string() : std::nullopt;
    if (!text) return bad("E_CMW_VALUE", "cpu0", "no outblob");
    // The registered form has padding; readers take the URL alphabet too.
    if (auto padded = from_base64(*text)) return std::move(*padded);
    auto bare = from_base64url(*text);
    if (!bare) return bad("E_CMW_VALUE", "cpu0", "outblob is not Base64");
    return std::move(*bare);
}

}  // namespace lumoz::evidence
