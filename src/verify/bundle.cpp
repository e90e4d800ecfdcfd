// SPDX-License-Identifier: Apache-2.0
#include "verify/bundle.hpp"

#include "base/hex.hpp"
#include "evidence/schema.hpp"

namespace lumoz::verify {

namespace {

using evidence::Schema;
using json::Value;

const Schema kSchema(Errc::Malformed, "E_BUNDLE_PARSE", "bundle.members");
constexpr json::Limits kLimits{.max_bytes = std::size_t{32} << 20, .max_depth = 40};
constexpr std::size_t kMostEntries = 1024;
constexpr std::int64_t kLatest = 253402300799;  // 9999-12-31, the last date that RFC 3339 has

std::unexpected<Error> bad(std::string_view rule, std::string_view where, std::string detail = {}) {
    return fail(Errc::Refused, rule, where, std::move(detail));
}

struct BundledAnswer {
    Bytes request;
    Bytes response;
    std::string proof;
};

struct Bundle {
    UnixTime made_at = 0;
    std::string url;
    std::optional<Nonce> nonce;
    std::optional<Digest256> tls_spki;
    std::string report;
    bool stored = false;  ///< the report is the stored evidence of a keyset
    std::optional<evidence::Collateral> collateral;
    std::optional<evidence::Keyset> keyset;
    std::vector<BundledAnswer> answers;
    std::vector<AciReceipt> receipts;
};

Status only(const Value& value, std::initializer_list<std::string_view> names) {
    if (!value.is_object()) return kSchema.bad("bundle", "not an object");
    for (const Value::Member& member : value.members())
        if (std::ranges::find(names, member.name) == names.end())
            return kSchema.bad(member.name.substr(0, 64), "unknown member");
    return {};
}

template <class Fixed>
Status read_hex(const Value& root, std::string_view name, std::optional<Fixed>& out) {
    if (const auto value = root.find(name); !value || value->is_null()) return {};
    LUMOZ_TRY(out, kSchema.hex<Fixed>(root, name));
    return {};
}

Result<Bytes> read_base64(const Value& root, std::string_view name) {
    LUMOZ_TRY(const std::string text, kSchema.text(root, name));
    auto raw = from_base64(text);
    if (!raw) return kSchema.bad(name, "not canonical Base64");
    return std::move(*raw);
}

Result<std::vector<Value>> read_list(const Value& root, std::string_view name) {
    if (!root.find(name)) return std::vector<Value>();
    LUMOZ_TRY(std::vector<Value> list, kSchema.array(root, name));
    if (list.size() > kMostEntries) return kSchema.bad(name, "more than 1024");
    return list;
}

Status read_answers(const Value& root, Bundle& out) {
    LUMOZ_TRY(const std::vector<Value> answers, read_list(root, "answers"));
    for (const Value& value : answers) {
        LUMOZ_CHECK_OK(only(value, {"request_base64", "response_base64", "proof"}));
        BundledAnswer answer;
        LUMOZ_TRY(answer.request, read_base64(value, "request_base64"));
        LUMOZ_TRY(answer.response, read_base64(value, "response_base64"));
        LUMOZ_TRY(const Value proof, kSchema.object(value, "proof"));
        answer.proof = proof.raw();
        out.answers.push_back(std::move(answer));
    }
    LUMOZ_TRY(const std::vector<Value> receipts, read_list(root, "receipts"));
    for (const Value& value : receipts) {
        LUMOZ_TRY(AciReceipt receipt, AciReceipt::from(value));
        out.receipts.push_back(std::move(receipt));
    }
    return {};
}

Result<Bundle> read_bundle(std::string_view text) {
    const auto document = json::Document::parse(text, kLimits);
    if (!document) return fail(Errc::Malformed, "E_BUNDLE_PARSE", "bundle.json", document.error().detail);
    const Value root = document->root();
    LUMOZ_CHECK_OK(only(root, {"lumoz_bundle", "made_at", "url", "nonce", "tls_spki_sha256", "report",
                               "collateral", "keyset", "answers", "receipts"}));
    LUMOZ_TRY(const std::int64_t version, kSchema.integer(root, "lumoz_bundle", 1));
    if (version != 1) return kSchema.bad("lumoz_bundle", "not 1");
    Bundle out;
    LUMOZ_TRY(out.made_at, kSchema.integer(root, "made_at", kLatest));
    LUMOZ_TRY(const std::optional<std::string> url, kSchema.optional_text(root, "url"));
    out.url = url.value_or("").substr(0, 2048);
    LUMOZ_CHECK_OK(read_hex(root, "nonce", out.nonce));
    LUMOZ_CHECK_OK(read_hex(root, "tls_spki_sha256", out.tls_spki));
    LUMOZ_TRY(const Value report, kSchema.object(root, "report"));
    out.report = report.raw();
    out.stored = report.find("__cmwc_t").has_value();
    if (const auto collateral = root.find("collateral"); collateral && !collateral->is_null()) {
        LUMOZ_TRY(out.collateral, evidence::Collateral::from(*collateral));
    }
    if (const auto keyset = root.find("keyset"); keyset && !keyset->is_null()) {
        LUMOZ_TRY(out.keyset, evidence::Keyset::from(*keyset));
    }
    LUMOZ_CHECK_OK(read_answers(root, out));
    return out;
}

/// One bundle, part by part.
class BundleVerification {
public:
    BundleVerification(Bundle bundle, const ReportDemand& demand)
        : bundle_(std::move(bundle)), demand_(demand), now_(demand.now) {}

    Verdict run() {
        verdict_.pass("bundle.read", "the bundle can be read");
        verdict_.establish_text("bundle_made_at", to_rfc3339(bundle_.made_at));
        if (!bundle_.url.empty()) verdict_.establish_text("url", bundle_.url);
        verdict_.check("bundle.time", "nothing in the bundle is later than now",
                       bundle_.made_at <= now_
                           ? Status{}
                           : bad("E_BUNDLE_TIME", "bundle.time", to_rfc3339(bundle_.made_at)));
        evidence();
        keyset();
        list_.array();
        for (std::size_t i = 0; i < bundle_.answers.size(); ++i)
            answer(i);
        for (const AciReceipt& receipt : bundle_.receipts)
            this->receipt(receipt);
        list_.end();
        if (!bundle_.answers.empty() || !bundle_.receipts.empty())
            verdict_.establish("bundled", std::move(list_).text());
        verdict_.not_checked(
            "N_MADE_AT", "time, nonce and connection of the bundle: they are the word of whoever saved it");
        return std::move(verdict_);
    }

private:
    void evidence() {
        demand_.now = bundle_.made_at;
        demand_.nonce = bundle_.nonce;
        demand_.tls_spki = bundle_.tls_spki;
        if (!demand_.collateral) demand_.collateral = bundle_.collateral;
        ReportVerdict got = bundle_.stored
                                ? verify_stored_evidence(
                                      bundle_.report, bundle_.keyset ? bundle_.keyset->digest() : "", demand_)
                                : verify_report(bundle_.report, demand_);
        verdict_.append(std::move(got.verdict));
        report_ = std::move(got.report);
    }

    void keyset() {
        if (!bundle_.keyset || !report_) return;
        if (!report_->keyset()) {
            verdict_.not_checked("N_KEYSET", "the keyset in the bundle: the evidence proves none");
            return;
        }
        const bool same = report_->keyset()->digest() == bundle_.keyset->digest();
        verdict_.check("bundle.keyset", "the keyset is the one that the evidence proves",
                       same ? Status{} : bad("E_KEYSET", "bundle.keyset"));
    }

    void entry(std::string_view kind, std::string_view name, const Status& status) {
        list_.object();
        list_.key("kind").string(kind);
        list_.key("name").string(name);
        const std::string_view held = report_ ? "accept" : "not_checked";
        list_.key("result").string(status ? held : "reject");
        if (!status) list_.key("error").string(status.error().rule);
        list_.end();
    }

    void answer(std::size_t number) {
        const BundledAnswer& a = bundle_.answers[number];
        const std::string name = "answers[" + std::to_string(number) + "]";
        const Result<ProofFile> proof = ProofFile::parse(a.proof);
        const Verdict got = verify_answer(a.request, a.response, proof, report_ ? &*report_ : nullptr);
        Status status;
        if (const auto error = got.error())
            status = fail(error->code, error->rule, error->where, name + ": " + error->detail);
        // Of a receipt that nothing proves, no time is known.
        if (status && got.established("served_at")) status = time_of(proof->receipt->served_at);
        constexpr std::string_view kWhat = "the answer is signed by a key in the evidence";
        if (status && !report_) {
            verdict_.not_reached("bundle.answer", kWhat);
        } else {
            verdict_.check("bundle.answer", kWhat, status);
        }
        for (const NotChecked& n : got.not_checked())
            verdict_.not_checked(n.code, name + ": " + n.what);
        entry("answer", name, status);
    }

    [[nodiscard]] Status time_of(std::int64_t served_at) const {
        if (served_at > now_) return bad("E_RECEIPT_TIME", "bundle.receipt.time", "later than now");
        return {};
    }

    void receipt(const AciReceipt& receipt) {
        if (!report_ || !report_->keyset()) {
            verdict_.not_checked("N_RECEIPT", "the receipts: the evidence at hand proves no keyset");
            return;
        }
        Status status = check_receipt(receipt, *report_->keyset(), {});
        if (status) status = time_of(receipt.served_at);
        verdict_.check("bundle.receipt", "the receipt is signed by a key of the keyset", status);
        verdict_.not_checked("N_BODIES",
                             "the bodies of receipts that stand alone: the bundle has their hashes only");
        entry("receipt", receipt.receipt_id, status);
    }

    Bundle bundle_;
    ReportDemand demand_;
    UnixTime now_;
    Verdict verdict_;
    std::optional<VerifiedReport> report_;
    json::Writer list_;
};

}  // namespace

Result<std::string> make_bundle(const BundleParts& parts) {
    const auto report = json::Document::parse(parts.report, kLimits);
    if (!report || !report->root().is_object()) return kSchema.bad("report", "not a JSON object");
    json::Writer out;
    out.object();
    out.key("lumoz_bundle").integer(1);
    out.key("made_at").integer(parts.made_at);
    if (!parts.url.empty()) out.key("url").string(parts.url);
    if (parts.nonce) out.key("nonce").string(to_hex(parts.nonce->view()));
    if (parts.tls_spki) out.key("tls_spki_sha256").string(to_hex(parts.tls_spki->view()));
    out.key("report").raw(report->root().raw());
    if (parts.collateral) out.key("collateral").raw(*parts.collateral);
    if (parts.keyset) out.key("keyset").raw(*parts.keyset);
    out.end();
    return std::move(out).text();
}

Verdict verify_bundle(std::string_view text, const ReportDemand& demand) {
    auto bundle = read_bundle(text);
    if (bundle) return BundleVerification(std::move(*bundle), demand).run();
    Verdict out;
    out.fail("bundle.read", "the bundle can be read", bundle.error());
    return out;
}

}  // namespace lumoz::verify
