// SPDX-License-Identifier: Apache-2.0
#include "evidence/tcb_info.hpp"

#include "evidence/tcb_levels.hpp"

namespace lumoz::evidence {

namespace {

constexpr std::int64_t kU32 = 0xffffffff;

std::strong_ordering compare(const std::array<TcbComponent, 16>& a, const std::array<TcbComponent, 16>& b) {
    for (std::size_t i = 0; i < 16; ++i)
        if (const auto order = a[i].svn <=> b[i].svn; order != 0) return order;
    return std::strong_ordering::equal;
}

std::strong_ordering compare(const TcbLevel& a, const TcbLevel& b) {
    if (const auto order = compare(a.sgx, b.sgx); order != 0) return order;
    if (const auto order = a.pcesvn <=> b.pcesvn; order != 0) return order;
    return compare(a.tdx, b.tdx);
}

class TcbInfoReader {
public:
    Result<TcbInfo> run(const json::Value& root) {
        if (!root.is_object()) return schema_.bad("document", "not an object");
        LUMOZ_TRY(const std::int64_t version, schema_.integer(root, "version", kU32));
        if (version != 2 && version != 3) return schema_.bad("version", "not 2 or 3");
        out_.version = static_cast<std::uint32_t>(version);
        LUMOZ_CHECK_OK(head(root));
        if (out_.tdx) {
            LUMOZ_CHECK_OK(modules(root));
        }
        if (!out_.tdx && root.find("tdxModule")) return schema_.bad("tdxModule", "in a document for SGX");
        LUMOZ_CHECK_OK(levels(root));
        LUMOZ_CHECK_OK(words_.check("tcb_info.status"));
        return std::move(out_);
    }

private:
    Status head(const json::Value& root) {
        if (out_.version == 3) {
            LUMOZ_TRY(const std::string id, schema_.text(root, "id"));
            if (id != "SGX" && id != "TDX") return schema_.bad("id", "not SGX or TDX");
            out_.tdx = id == "TDX";
        }
        LUMOZ_TRY(out_.issue_date, schema_.date(root, "issueDate"));
        LUMOZ_TRY(out_.next_update, schema_.date(root, "nextUpdate"));
        LUMOZ_TRY(out_.fmspc, schema_.hex<Fmspc>(root, "fmspc"));
        LUMOZ_TRY(out_.pceid, schema_.hex<PceId>(root, "pceId"));
        LUMOZ_TRY([[maybe_unused]] const std::int64_t type, schema_.integer(root, "tcbType", 0));
        LUMOZ_TRY(const std::int64_t number, schema_.integer(root, "tcbEvaluationDataNumber", kU32));
        out_.evaluation_number = static_cast<std::uint32_t>(number);
        return {};
    }

    Result<TdxModule> module(const json::Value& object) const {
        TdxModule out;
        LUMOZ_TRY(out.mr_signer, schema_.hex<MrSignerSeam>(object, "mrsigner"));
        LUMOZ_TRY(out.attributes, schema_.hex<SeamAttributes>(object, "attributes"));
        LUMOZ_TRY(out.mask, schema_.hex<SeamAttributes>(object, "attributesMask"));
        return out;
    }

    Status modules(const json::Value& root) {
        LUMOZ_TRY(const json::Value plain, schema_.object(root, "tdxModule"));
        LUMOZ_TRY(out_.module, module(plain));
        if (!root.find("tdxModuleIdentities")) return {};
        LUMOZ_TRY(const std::vector<json::Value> list, schema_.array(root, "tdxModuleIdentities"));
        if (list.empty()) return schema_.bad("tdxModuleIdentities", "empty");
        for (const json::Value& element : list) {
            if (!element.is_object()) return schema_.bad("tdxModuleIdentities", "not an object");
            LUMOZ_TRY(TdxModuleIdentity identity, module_identity(element));
            for (const TdxModuleIdentity& earlier : out_.module_identities)
                if (earlier.major == identity.major)
                    return schema_.bad("tdxModuleIdentities", "version twice");
            out_.module_identities.push_back(std::move(identity));
        }
        return {};
    }

    Result<TdxModuleIdentity> module_identity(const json::Value& element) {
        TdxModuleIdentity out;
        LUMOZ_TRY(const std::string id, schema_.text(element, "id"));
        const auto major = id.size() == 6 ? from_hex(std::string_view(id).substr(4)) : from_hex("x");
        const auto upper = [](char c) { return static_cast<char>(c & ~0x20); };  // of letters
        if (!major || upper(id[0]) != 'T' || upper(id[1]) != 'D' || upper(id[2]) != 'X' || id[3] != '_')
            return schema_.bad("tdxModuleIdentities", "id is not TDX_ and two hex digits");
        out.major = major->front();
        LUMOZ_TRY(out.module, module(element));
        LUMOZ_TRY(out.levels, read_isv_levels(schema_, element, 255, words_));
        return out;
    }

    Status levels(const json::Value& root) {
        LUMOZ_TRY(const std::vector<json::Value> list, schema_.array(root, "tcbLevels"));
        if (list.empty()) return schema_.bad("tcbLevels", "empty");
        for (const json::Value& element : list) {
            if (!element.is_object()) return schema_.bad("tcbLevels", "not an object");
            LUMOZ_CHECK_OK(level(element, out_.levels.emplace_back()));
        }
        std::ranges::sort(out_.levels,
                          [](const TcbLevel& a, const TcbLevel& b) { return std::is_gt(compare(a, b)); });
        for (std::size_t i = 1; i < out_.levels.size(); ++i)
            if (std::is_eq(compare(out_.levels[i - 1], out_.levels[i])))
                return schema_.bad("tcbLevels", "one level twice");
        return {};
    }

    Status level(const json::Value& element, TcbLevel& out) {
        LUMOZ_TRY(const json::Value tcb, schema_.object(element, "tcb"));
        if (out_.version == 2) {
            LUMOZ_CHECK_OK(components_v2(tcb, out.sgx));
        } else {
            LUMOZ_CHECK_OK(components(tcb, "sgxtcbcomponents", out.sgx));
        }
        LUMOZ_TRY(const std::int64_t pcesvn, schema_.integer(tcb, "pcesvn", 65535));
        out.pcesvn = static_cast<std::uint16_t>(pcesvn);
        if (out_.tdx) {
            LUMOZ_CHECK_OK(components(tcb, "tdxtcbcomponents", out.tdx));
        }
        LUMOZ_TRY(out.tcb_date, schema_.date(element, "tcbDate"));
        LUMOZ_TRY(out.status, words_.read(schema_, element, StatusWords::Kind::Platform));
        LUMOZ_TRY(out.advisories, read_advisories(schema_, element));
        return {};
    }

    Status components(const json::Value& tcb, std::string_view name, std::array<TcbComponent, 16>& out) {
        LUMOZ_TRY(const std::vector<json::Value> list, schema_.array(tcb, name));
        if (list.size() != out.size()) return schema_.bad(name, "not 16 components");
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (!list[i].is_object()) return schema_.bad(name, "not an object");
            LUMOZ_TRY(const std::int64_t svn, schema_.integer(list[i], "svn", 255));
            out[i].svn = static_cast<std::uint8_t>(svn);
            ComponentLabel label;
            LUMOZ_CHECK_OK(optional_text(list[i], "category", label.category));
            LUMOZ_CHECK_OK(optional_text(list[i], "type", label.type));
            out[i].label = label_index(std::move(label));
        }
        return {};
    }

    Status optional_text(const json::Value& object, std::string_view name, std::string& out) const {
        const auto value = object.find(name);
        if (!value) return {};
        auto text = value->as_string();
        if (!text) return schema_.bad(name, "not a text");
        out = std::move(*text);
        return {};
    }

    /// Every level repeats the labels of the one before; a document with ever new ones is not searched for
    /// twins.
    std::uint32_t label_index(ComponentLabel label) {
        constexpr std::size_t kSearched = 64;
        const auto end =
            out_.labels.begin() + static_cast<std::ptrdiff_t>(std::min(out_.labels.size(), kSearched));
        const auto at = std::find(out_.labels.begin(), end, label);
        if (at != end) return static_cast<std::uint32_t>(at - out_.labels.begin());
        out_.labels.push_back(std::move(label));
        return static_cast<std::uint32_t>(out_.labels.size() - 1);
    }

    Status components_v2(const json::Value& tcb, std::array<TcbComponent, 16>& out) const {
        for (std::size_t i = 0; i < out.size(); ++i) {
            const std::string number = std::to_string(i + 1);
            const std::string name = "sgxtcbcomp" + std::string(2 - number.size(), '0') + number + "svn";
            LUMOZ_TRY(const std::int64_t svn, schema_.integer(tcb, name, 255));
            out[i].svn = static_cast<std::uint8_t>(svn);
        }
        return {};
    }

    Schema schema_{Errc::Refused, "E_TCBINFO_PARSE", "tcb_info.schema"};
    StatusWords words_;
    TcbInfo out_;
};

}  // namespace

Result<TcbInfo> TcbInfo::parse(std::string_view text) {
    const auto document = json::Document::parse(text);
    if (!document) return fail(Errc::Refused, "E_TCBINFO_PARSE", "tcb_info.json", document.error().detail);
    return TcbInfoReader().run(document->root());
}

}  // namespace lumoz::evidence
