// SPDX-License-Identifier: Apache-2.0
// The bender and the comparison with approved files, and tests of their own.
#include "base/hex.hpp"
#include "crypto/sha2.hpp"
#include "evidence/testing/json_bends.hpp"
#include "verify/test_bends.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify::testing {

namespace {

using evidence::testing::json_rebuilt;
using json::Kind;
using json::Value;

constexpr json::Limits kLimits{.max_bytes = std::size_t{32} << 20, .max_depth = 40};

/// The text around a value, so that another can stand in its place.
struct Frame {
    std::string_view before, behind;
    [[nodiscard]] std::string with(std::string_view value) const {
        return std::string(before) + std::string(value) + std::string(behind);
    }
};

/// A value with what stands around it, and the members that are bent as a whole.
class Bender {
public:
    Bender(std::string_view text, std::span<const std::string_view> whole) : text_(text), whole_(whole) {}

    std::vector<BentDocument> run() && {
        const auto document = json::Document::parse(text_, kLimits);
        EXPECT_TRUE(document.has_value());
        if (document) inside("", document->root());
        return std::move(out_);
    }

private:
    [[nodiscard]] Frame around(const Value& value) const {
        return {text_.substr(0, value.offset()), text_.substr(value.offset() + value.raw().size())};
    }
    void add(const std::string& place, std::string how, std::string text) {
        out_.push_back({place, std::move(how), std::move(text)});
    }

    void inside(const std::string& place, const Value& value) {
        const std::vector<Value::Member> members = value.members();
        for (std::size_t i = 0; i < members.size(); ++i) {
            const std::string name = place + "/" + members[i].name;
            add(name, "removed", around(value).with(json_rebuilt(value, i)));
            bend(name, members[i].value);
            if (std::ranges::find(whole_, members[i].name) == whole_.end()) inside(name, members[i].value);
        }
        const std::vector<Value> elements = value.elements();
        for (std::size_t i = 0; i < elements.size(); ++i) {
            const std::string name = place + "/" + std::to_string(i);
            const std::string element(elements[i].raw());
            add(name, "removed", around(value).with(json_rebuilt(value, i)));
            add(name, "twice", around(elements[i]).with(element + "," + element));
            bend(name, elements[i]);
            inside(name, elements[i]);
        }
    }

    void bend(const std::string& place, const Value& value) {
        const Frame frame = around(value);
        for (const std::string_view other : {"null", "true", "7", R"("")", R"("x")", "[]", "{}"})
            if (other != value.raw()) add(place, std::string(other), frame.with(other));
        if (value.kind() == Kind::Number) bend_number(place, frame, value);
        if (value.is_string()) bend_text(place, frame, *value.as_string());
        if (value.kind() == Kind::True) add(place, "false", frame.with("false"));
        if (value.is_object()) {
            const std::string inner(value.raw().substr(1));
            add(place, "one more member",
                frame.with(R"({"unknown":1)" + (value.size() == 0 ? inner : "," + inner)));
        }
    }
    void bend_number(const std::string& place, const Frame& frame, const Value& value) {
        const std::int64_t number = value.as_int().value_or(0);
        add(place, "plus one", frame.with(std::to_string(number + 1)));
        add(place, "minus one", frame.with(std::to_string(number - 1)));
        add(place, "negative", frame.with("-1"));
        add(place, "a fraction", frame.with(std::string(value.raw()) + ".5"));
        add(place, "as a text", frame.with(json::quoted(value.raw())));
    }
    void bend_text(const std::string& place, const Frame& frame, const std::string& text) {
        if (text.empty()) return;
        std::string other = text;
        other.back() = other.back() == '1' ? '2' : '1';
        add(place, "last character", frame.with(json::quoted(other)));
        add(place, "one shorter", frame.with(json::quoted(text.substr(0, text.size() - 1))));
        add(place, "two longer", frame.with(json::quoted(text + "00")));
        if (text.size() < 16 || !is_hex(text)) return;
        add(place, "with 0x", frame.with(json::quoted("0x" + text)));
        add(place, "with 0X", frame.with(json::quoted("0X" + text)));
        std::string upper = text;
        std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
        add(place, "upper case", frame.with(json::quoted(upper)));
    }

    std::string_view text_;
    std::span<const std::string_view> whole_;
    std::vector<BentDocument> out_;
};

std::string short_hash(std::string_view text) {
    return to_hex(crypto::sha256(as_bytes(text)).view().first(4));
}

/// Long values by their beginning and a hash; nothing that breaks a line.
std::string shown(std::string_view value) {
    constexpr std::size_t kMost = 72, kHead = 24;
    std::string out(value.size() <= kMost ? value : value.substr(0, kHead));
    for (char& c : out)
        if (c == '\t' || c == '\n' || c == '\r') c = ' ';
    if (value.size() > kMost) out += "…" + std::to_string(value.size()) + "#" + short_hash(value);
    return out;
}

/// Short ones only: the length of a genuine quote differs from run to run.
std::string shown(ByteView bytes) {
    return bytes.size() <= 64 ? to_hex(bytes) : "many bytes";
}

template <class Fixed>
std::string hex_of(const std::optional<Fixed>& value) {
    return value ? to_hex(value->view()) : "";
}

void put_text(Said& out, const char* name, const std::optional<std::string>& value) {
    if (value) out[name] = "\"" + *value + "\"";
}

void put_flag(Said& out, const char* name, bool value) {
    if (value) out[name] = "yes";
}

}  // namespace

std::vector<BentDocument> bends_of(std::string_view document, std::span<const std::string_view> whole) {
    return Bender(document, whole).run();
}

Said said(const Error& error) {
    return {{"error", std::string(error.rule) + " " + std::string(error.where) +
                          (error.detail.empty() ? "" : ": " + error.detail)}};
}

Said said(const ReportInput& in) {
    Said out;
    out["form"] = to_text(in.form);
    out["cpu"] = to_text(in.cpu);
    out["quote"] = shown(in.quote);
    if (in.nonce) out["nonce"] = hex_of(in.nonce);
    put_text(out, "signing_algo", in.signing_algo);
    put_text(out, "signing_address", in.signing_address);
    put_text(out, "signing_public_key", in.signing_public_key);
    if (in.tls_fingerprint) out["tls_fingerprint"] = hex_of(in.tls_fingerprint);
    put_text(out, "statement", in.statement);
    put_text(out, "keyset", in.keyset);
    put_text(out, "keyset_digest", in.keyset_digest);
    for (const auto& [name, claim] : in.claims)
        out["claim " + name] = claim;
    put_text(out, "event_log", in.event_log);
    if (in.cc_log) out["cc_log"] = shown(*in.cc_log);
    put_text(out, "app_compose", in.app_compose);
    put_flag(out, "collateral", in.collateral.has_value());
    if (in.made_at) out["made_at"] = std::to_string(*in.made_at);
    put_flag(out, "gpu_evidence", in.gpu_evidence);
    put_text(out, "tls_certificate", in.tls_certificate);
    if (in.stated_report_data) out["report_data"] = hex_of(in.stated_report_data);
    put_flag(out, "ohttp", in.ohttp);
    put_flag(out, "compose_manager", in.compose_manager);
    put_flag(out, "tinfoil_v2", in.tinfoil_v2.has_value());
    put_flag(out, "tinfoil_bundle", in.tinfoil_bundle.has_value());
    put_flag(out, "tinfoil_v3", in.tinfoil_v3.has_value());
    if (!in.place.empty()) out["place"] = in.place;
    for (const ReportInput& entry : in.entries)
        for (const auto& [name, value] : said(entry))
            out[entry.place + " " + name] = value;
    return out;
}

Said said(const AciReceipt& r) {
    Said out = {{"receipt_id", r.receipt_id},
                {"keyset_digest", r.keyset_digest},
                {"endpoint", r.endpoint},
                {"method", r.method},
                {"key_id", r.key_id},
                {"signature", r.signature},
                {"signing_input", r.signing_input}};
    out["served_at"] = std::to_string(r.served_at);
    put_text(out, "chat_id", r.chat_id);
    put_text(out, "model", r.model);
    for (std::size_t i = 0; i < r.events.size(); ++i)
        out["event " + std::to_string(i)] = r.events[i].type + " " + r.events[i].raw;
    put_text(out, "request_hash", r.request_hash);
    put_text(out, "response_hash", r.response_hash);
    put_text(out, "forwarded_hash", r.forwarded_hash);
    put_text(out, "model_root", r.model_root);
    put_text(out, "gpu_sha256", r.gpu_sha256);
    put_text(out, "config_sha256", r.config_sha256);
    put_text(out, "cut_by", r.cut_by);
    put_text(out, "upstream_result", r.upstream_result);
    out["complete"] = r.complete ? "yes" : "no";
    return out;
}

Said said(const ProofFile& proof) {
    Said out;
    for (std::size_t i = 0; i < proof.signatures.size(); ++i) {
        const SignatureObject& s = proof.signatures[i];
        out["signature " + std::to_string(i)] =
            s.signing_algo + " " + s.signing_address + " " + s.signature + " " + s.text;
    }
    if (proof.receipt) out["receipt"] = proof.receipt->receipt_id;
    put_text(out, "keyset_digest", proof.keyset_digest);
    return out;
}

Said said(const Verdict& verdict) {
    Said out;
    out["result"] = to_text(verdict.result());
    if (const auto error = verdict.error()) out.merge(said(*error));
    put_flag(out, "simulated", verdict.simulated());
    for (const auto& [name, value] : verdict.facts())
        out["fact " + name] = name == "quote" || name == "document_hash" ? "…" : value;
    for (std::size_t i = 0; const Rule& rule : verdict.rules()) {
        std::string& text = out["rule " + std::to_string(100 + i++) + " " + std::string(rule.id)];
        text = std::string(to_text(rule.outcome)) + (rule.error.empty() ? "" : " " + std::string(rule.error));
    }
    for (const Finding& finding : verdict.findings())
        out["finding " + std::string(finding.code)] = finding.what;
    for (const NotChecked& n : verdict.not_checked())
        out["unchecked " + std::string(n.code)] +=
            (out["unchecked " + std::string(n.code)].empty() ? "" : " | ") + n.what;
    return out;
}

std::string difference(const Said& before, const Said& now) {
    std::string out, gone;
    std::size_t lost = 0, not_reached = 0;
    const auto add = [&out](std::string_view text) { out += (out.empty() ? "" : "; ") + std::string(text); };
    if (const auto error = now.find("error"); error != now.end()) add(error->second);
    for (const auto& [name, value] : now) {
        const auto old = before.find(name);
        if (name == "error" || (old != before.end() && old->second == value)) continue;
        if (value == "not_reached") {
            ++not_reached;
        } else {
            add(name + "=" + shown(value));
        }
    }
    for (const auto& [name, value] : before)
        if (!now.contains(name)) {
            ++lost;
            gone += (gone.empty() ? "" : ", ") + name;
        }
    constexpr std::size_t kFew = 4;
    if (not_reached > 0) add(std::to_string(not_reached) + " rules not reached");
    if (lost > 0)
        add("without " +
            (lost <= kFew ? gone : std::to_string(lost) + " of " + std::to_string(before.size())));
    return out.empty() ? "the same" : out;
}

void Approved::line(std::string_view what, std::string_view outcome) {
    lines_.push_back(std::string(what) + "\t" + std::string(outcome));
}

void Approved::whole(std::string_view what, const Said& all) {
    for (const auto& [name, value] : all)
        line(what, name + "=" + shown(value));
}

Approved::~Approved() {
    evidence::testing::hold_to_file("src/verify/testdata/" + name_ + ".tsv", lines_);
}

namespace {

TEST(Bends, EachPlaceIsRemovedAndReplacedAndTheRestStays) {
    std::map<std::string, std::string> texts;
    for (const BentDocument& bent : bends_of(R"({"a":[1,true],"b":{"c":"x"}})"))
        EXPECT_TRUE(texts.emplace(bent.place + " " + bent.how, bent.text).second) << bent.place << bent.how;
    EXPECT_EQ(texts["/a removed"], R"({"b":{"c":"x"}})");
    EXPECT_EQ(texts["/a/0 plus one"], R"({"a":[2,true],"b":{"c":"x"}})");
    EXPECT_EQ(texts["/a/1 removed"], R"({"a":[1],"b":{"c":"x"}})");
    EXPECT_EQ(texts["/a/1 twice"], R"({"a":[1,true,true],"b":{"c":"x"}})");
    EXPECT_EQ(texts["/a/1 false"], R"({"a":[1,false],"b":{"c":"x"}})");
    EXPECT_EQ(texts["/b one more member"], R"({"a":[1,true],"b":{"unknown":1,"c":"x"}})");
    EXPECT_EQ(texts["/b/c removed"], R"({"a":[1,true],"b":{}})");
    EXPECT_EQ(texts["/b/c two longer"], R"({"a":[1,true],"b":{"c":"x00"}})");
    for (const auto& [what, text] : texts)
        EXPECT_TRUE(json::Document::parse(text)) << what << " " << text;
}

TEST(Bends, ADifferenceNamesWhatIsNewAndWhatIsGone) {
    EXPECT_EQ(difference({{"a", "1"}}, {{"a", "1"}}), "the same");
    EXPECT_EQ(difference({{"a", "1"}, {"b", "2"}}, {{"a", "2"}, {"error", "E_X"}}), "E_X; a=2; without b");
    EXPECT_EQ(difference({{"r", "pass"}}, {{"r", "not_reached"}}), "1 rules not reached");
}

}  // namespace

}  // namespace lumoz::verify::testing
