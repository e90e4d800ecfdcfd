// SPDX-License-Identifier: Apache-2.0
#include "verify/report.hpp"

#include "base/hex.hpp"
#include "crypto/sha2.hpp"
#include "evidence/web_certificate.hpp"
#include "verify/event_log_check.hpp"
#include "verify/report_verification.hpp"

namespace lumoz::verify {

using evidence::BindingForm;
using evidence::LumozStatement;

namespace {

std::unexpected<Error> bad(std::string_view rule, std::string_view where, std::string detail = {}) {
    return fail(Errc::Refused, rule, where, std::move(detail));
}

/// The bytes of an address: 20 for ecdsa, 32 for Ed25519.
Result<Bytes> address_bytes(const ReportInput& in) {
    const std::string_view algo = in.signing_algo ? std::string_view(*in.signing_algo) : "ecdsa";
    if (algo != "ecdsa" && algo != "ed25519") return bad("E_REPORT_MEMBER", "report.signing_algo");
    if (!in.signing_address) return bad("E_REPORT_MEMBER", "report.signing_address", "missing");
    auto raw = from_hex(without_0x(*in.signing_address));
    if (!raw || raw->size() != (algo == "ecdsa" ? 20U : 32U))
        return bad("E_REPORT_MEMBER", "report.signing_address", "not an address of the algorithm");
    return std::move(*raw);
}

/// True when the evidence proves this key or address.
template <class Key>
bool is_key(const std::optional<Key>& proven, ByteView bytes) {
    return proven && equal(proven->view(), bytes);
}

/// Nonce of the statement that a report brings; nothing when there is none.
std::optional<Nonce> stated_nonce(const ReportInput& in) {
    if (!in.statement) return std::nullopt;
    const auto document = json::Document::parse(*in.statement);
    const auto member = document ? document->root().find("nonce") : std::nullopt;
    const auto text = member ? member->as_string() : std::nullopt;
    if (!text) return std::nullopt;
    const auto nonce = fixed_from_hex<Nonce>(*text);
    return nonce ? std::optional<Nonce>(*nonce) : std::nullopt;
}

/// What the report repeats of its statement must be what the statement says. Requires: it was read as one, so
/// that each of these members is there.
Status check_claims(const ReportInput& in, std::string_view statement) {
    const auto document = json::Document::parse(statement);
    for (const auto& [name, claim] : in.claims) {
        if (json::canonical(*document->root().find(name)) != claim)
            return bad("E_STATEMENT", "report.statement.claims", name);
    }
    return {};
}

}  // namespace

const ReportVerification::Step ReportVerification::kSteps[] = {
    {"report.1", "report_data is made of what the report says", &ReportVerification::binding},
    {"report.2", "the nonce is the one that was asked for", &ReportVerification::nonce},
    {"report.3", "the signing key is a key in the evidence", &ReportVerification::signing_key},
    {"report.4", "the keyset is the one in the evidence, and in date", &ReportVerification::keyset},
    {"report.5", "the event log replays to the registers", &ReportVerification::event_log},
    {"report.6", "the application's configuration is the measured one", &ReportVerification::compose},
    {"report.7", "the TLS key seen is a key in the evidence", &ReportVerification::tls},
    {"report.8", "there is no GPU evidence left unchecked", &ReportVerification::gpu},
};

ReportVerdict ReportVerification::run() {
    verdict_.establish_text("form", to_text(in_.form));
    verdict_.establish_text("cpu_evidence", to_text(in_.cpu));
    bool stopped = !evidence();
    for (const Step& step : kSteps) {
        if (stopped) {
            verdict_.not_reached(step.id, step.what);
            continue;
        }
        const Status status = (this->*step.check)();
        verdict_.check(step.id, step.what, status);
        stopped = !status && status.error().code != Errc::Unsupported;
    }
    proof_.made_at = in_.made_at;
    not_checked();
    document_facts();
    if (!stopped) facts();
    if (!stopped && tdx_) findings();
    entries();
    if (!verdict_.proven()) return {std::move(verdict_), std::nullopt};
    return {std::move(verdict_), VerifiedReport(*std::move(tdx_), std::move(proof_))};
}

/// Every further report of the document, by the same rules; the connection is the first one's.
void ReportVerification::entries() {
    constexpr std::string_view kWhat = "every further report in the document holds";
    if (in_.entries.empty()) return;
    json::Writer list;
    list.array();
    for (ReportInput& input : in_.entries) {
        ReportDemand demand = demand_;
        demand.tls_spki.reset();
        const std::string place = input.place;
        // Its own before the caller's: it may be of another platform.
        if (!input.collateral) input.collateral = demand_.collateral ? demand_.collateral : in_.collateral;
        demand.collateral.reset();
        const ReportVerdict got = ReportVerification(std::move(input), demand, at_).run();
        const auto error = got.verdict.error();
        Status status;
        if (error) status = fail(error->code, error->rule, error->where, place + ": " + error->detail);
        verdict_.check("report.9", kWhat, status);
        verdict_.set_simulated(verdict_.simulated() || got.verdict.simulated());
        for (const NotChecked& n : got.verdict.not_checked())
            if (n.code.ends_with("_UNCHECKED")) verdict_.not_checked(n.code, place + ": " + n.what);
        list.object();
        list.key("place").string(place);
        list.key("result").string(to_text(got.verdict.result()));
        if (error) list.key("error").string(error->rule);
        for (const std::string_view name :
             {"form", "binding", "ecdsa_address", "ed25519_key", "tls_keys", "mr_td"})
            if (const auto value = got.verdict.established(name)) list.key(name).raw(*value);
        list.end();
    }
    list.end();
    verdict_.establish("further_reports", std::move(list).text());
}

// ---- what report_data binds

Status ReportVerification::binding() {
    if (in_.stated_report_data && *in_.stated_report_data != report_data_)
        return bad("E_REPORT_MEMBER", "report.report_data", "not the one in the evidence");
    if (in_.document() == ReportDocument::Tinfoil) return bind_tinfoil();
    if (in_.document() == ReportDocument::AciAttestation) return bind_aci();
    if (in_.statement && report_data_ == evidence::statement_report_data(*in_.statement))
        return bind_statement();
    if (in_.document() == ReportDocument::Stored) return bad("E_BINDING", "report.binding.statement");
    return bind_v1();
}

Status ReportVerification::bind_statement() {
    ReportProof& out = proof_;
    LUMOZ_TRY(LumozStatement statement, LumozStatement::parse(*in_.statement));
    out.form = BindingForm::Lumoz;
    out.nonce = statement.nonce;
    out.ecdsa_key = statement.v1_ecdsa;
    out.ecdsa_address = crypto::eth_address(statement.v1_ecdsa);
    out.ed25519_key = statement.v1_ed25519;
    if (statement.spki_sha256) out.tls_keys.push_back(*statement.spki_sha256);
    if (in_.keyset_digest && *in_.keyset_digest != statement.keyset_digest)
        return bad("E_STATEMENT", "report.statement.keyset_digest");
    if (in_.nonce && in_.nonce != statement.nonce) return bad("E_STATEMENT", "report.statement.nonce");
    LUMOZ_CHECK_OK(check_claims(in_, *in_.statement));
    out.statement = std::move(statement);
    return {};
}

Status ReportVerification::bind_aci() {
    auto keyset = evidence::Keyset::parse(*in_.keyset);
    if (!keyset) return std::unexpected(keyset.error());
    proof_.form = BindingForm::Aci;
    // ACI's document does not say which nonce it binds: it is the caller's, none, or the one of a stapled
    // statement.
    for (const std::optional<Nonce>& nonce : {demand_.nonce, std::optional<Nonce>(), stated_nonce(in_)}) {
        if (report_data_ != evidence::statement_report_data(evidence::aci_statement(keyset->digest(), nonce)))
            continue;
        proof_.nonce = nonce;
        return {};
    }
    if (demand_.nonce)
        return bad("E_NONCE_MISMATCH", "report.binding.aci", "neither this nonce nor none is bound");
    return bad("E_BINDING", "report.binding.aci");
}

Status ReportVerification::bind_v1() {
    LUMOZ_TRY(const Bytes address, address_bytes(in_));
    // Quotes that bind nothing carry zeros: nobody's address.
    if (all_zero(address)) return bad("E_BINDING", "report.binding.zero_address");
    const Nonce stated = in_.nonce.value_or(fixed_prefix<Nonce>(report_data_.view().subspan(32)));
    if (report_data_ != evidence::plain_report_data(address, stated)) {
        if (!in_.tls_fingerprint ||
            report_data_ != evidence::tls_report_data(address, *in_.tls_fingerprint, stated))
            return bad("E_BINDING", "report.binding");
        proof_.form = BindingForm::Tls;
        proof_.tls_keys.push_back(*in_.tls_fingerprint);
    }
    proof_.nonce = stated;
    prove_v1_key(address);
    return {};
}

void ReportVerification::prove_v1_key(const Bytes& address) {
    if (const auto ecdsa = EthAddress::from(address)) proof_.ecdsa_address = *ecdsa;
    if (const auto ed25519 = crypto::Ed25519Public::from(address)) proof_.ed25519_key = *ed25519;
}

Status ReportVerification::nonce() {
    const auto& bound = proof_.nonce;
    if (in_.document() == ReportDocument::Stored) {
        if (bound) return bad("E_NONCE_MISMATCH", "report.nonce.stored", "stored evidence binds no nonce");
        return {};
    }
    if (demand_.nonce && bound != demand_.nonce)
        return bad("E_NONCE_MISMATCH", "report.nonce",
                   bound ? "another nonce is bound" : "no nonce is bound");
    return {};
}

// ---- what the report says about it

Status ReportVerification::signing_key() {
    // A statement names the keys itself; plain forms are bound by the address, other documents have none.
    if (!in_.signing_address) return {};
    LUMOZ_TRY(const Bytes address, address_bytes(in_));
    const bool known = in_.signing_algo == "ed25519" ? is_key(proof_.ed25519_key, address)
                                                     : is_key(proof_.ecdsa_address, address);
    if (!known) return bad("E_REPORT_MEMBER", "report.signing_address", "not a key in the evidence");
    return prove_public_key();
}

Status ReportVerification::prove_public_key() {
    if (!in_.signing_public_key || in_.signing_public_key->empty()) return {};
    auto raw = from_hex(without_0x(*in_.signing_public_key));
    if (!raw) return bad("E_REPORT_MEMBER", "report.signing_public_key", "not hex");
    if (in_.signing_algo == "ed25519") {
        if (!is_key(proof_.ed25519_key, *raw)) return bad("E_REPORT_MEMBER", "report.signing_public_key");
        return {};
    }
    if (raw->size() == 65 && raw->front() == 0x04) raw->erase(raw->begin());
    const auto key = crypto::Secp256k1Public::from(*raw);
    if (!key || proof_.ecdsa_address != crypto::eth_address(*key))
        return bad("E_REPORT_MEMBER", "report.signing_public_key");
    proof_.ecdsa_key = *key;
    return {};
}

Status ReportVerification::keyset() {
    const bool bound = proof_.form == BindingForm::Aci || proof_.statement;
    if (!bound) return {};
    if (!in_.keyset) return bad("E_KEYSET", "report.keyset", "missing");
    auto keyset = evidence::Keyset::parse(*in_.keyset);
    if (!keyset) return std::unexpected(keyset.error());
    const std::string digest = keyset->digest();
    if (proof_.statement && proof_.statement->keyset_digest != digest)
        return bad("E_KEYSET", "report.keyset.digest", "not the keyset of the statement");
    if (in_.keyset_digest && *in_.keyset_digest != digest) return bad("E_KEYSET", "report.keyset.digest");
    if (!expected_digest_.empty() && digest != expected_digest_)
        return bad("E_KEYSET", "report.keyset.digest", "not the keyset that was asked for");
    if (at_ >= keyset->not_after)
        return bad("E_KEYSET", "report.keyset.not_after",
                   "out of date since " + to_rfc3339(keyset->not_after));
    for (const evidence::KeysetTlsKey& key : keyset->tls_public_keys)
        if (std::ranges::find(proof_.tls_keys, key.spki_sha256) == proof_.tls_keys.end())
            proof_.tls_keys.push_back(key.spki_sha256);
    proof_.keyset = std::move(*keyset);
    return {};
}

Status ReportVerification::event_log() {
    if (tdx_quote() == nullptr) return {};
    if (!in_.event_log) return cc_log();
    LUMOZ_TRY(log_, evidence::parse_event_list(*in_.event_log));
    return check_mismatches(evidence::rtmr_mismatches(log_->rtmr, *tdx_quote()), "report.event_log");
}

Status ReportVerification::cc_log() {
    if (!in_.cc_log) return {};
    LUMOZ_TRY(LogReplay replay, LogReplay::read(*in_.cc_log));
    replay.compare(*tdx_quote());
    LUMOZ_CHECK_OK(check_mismatches(replay.mismatches(), "report.cc_eventlog"));
    if (!replay.registers().back().covered)
        verdict_.not_checked("N_RTMR3", "RTMR3: the firmware's log does not cover what the runtime extended");
    return {};
}

Status ReportVerification::compose() {
    constexpr std::uint8_t kComposeHash = 0x01;
    if (!in_.app_compose || tdx_quote() == nullptr) return {};
    const Digest256 hash = crypto::sha256(as_bytes(*in_.app_compose));
    const ByteView config = *tdx_quote()->field("mr_config_id");
    if (config[0] == kComposeHash && !equal(config.subspan(1, 32), hash.view()))
        return bad("E_COMPOSE", "report.compose.mr_config_id");
    const evidence::Event* event = log_ ? log_->boot_event("compose-hash") : nullptr;
    if (event != nullptr && !equal(event->payload, hash.view()))
        return bad("E_COMPOSE", "report.compose.event");
    if (event == nullptr && config[0] != kComposeHash)
        verdict_.not_checked("N_COMPOSE", "app_compose is in no measurement of this evidence");
    return {};
}

Status ReportVerification::tls() {
    const auto& keys = proof_.tls_keys;
    if (in_.tls_fingerprint && std::ranges::find(keys, *in_.tls_fingerprint) == keys.end())
        return bad("E_REPORT_MEMBER", "report.tls_cert_fingerprint", "not a key in the evidence");
    LUMOZ_CHECK_OK(tls_certificate());
    if (!demand_.tls_spki) return {};
    if (std::ranges::find(keys, *demand_.tls_spki) == keys.end())
        return bad("E_TLS_KEY", "report.tls",
                   keys.empty() ? "no TLS key is bound" : "another TLS key is bound");
    return {};
}

/// The certificate that a report shows is of a key in the evidence, where the evidence has one.
Status ReportVerification::tls_certificate() {
    if (!in_.tls_certificate) return {};
    LUMOZ_TRY(const evidence::WebCertificate certificate,
              evidence::WebCertificate::parse_pem(*in_.tls_certificate));
    const auto& keys = proof_.tls_keys;
    if (!keys.empty() && std::ranges::find(keys, certificate.spki_sha256) == keys.end())
        return bad("E_REPORT_MEMBER", "report.tls_certificate", "of another key than the evidence");
    return {};
}

Status ReportVerification::gpu() {
    // A digest in the statement is GPU evidence too, wherever the evidence itself is.
    const auto& statement = proof_.statement;
    in_.gpu_evidence = in_.gpu_evidence || (statement && statement->gpu_digest);
    if (!in_.gpu_evidence || demand_.policy.allow_unchecked_gpu) return {};
    return fail(Errc::Unsupported, "E_GPU_UNCHECKED", "report.gpu");
}

std::string_view to_text(ReportForm form) {
    constexpr std::string_view kNames[] = {"vllm-proxy", "vllm-proxy-tls",    "lumoz",      "aci",
                                           "tinfoil-v2", "tinfoil-bundle-v2", "tinfoil-v3", "lumoz-stored"};
    return kNames[static_cast<std::size_t>(form)];
}

bool binds_nonce(ReportForm form) {
    return form != ReportForm::TinfoilV2 && form != ReportForm::TinfoilBundleV2;
}

namespace {

ReportVerdict unreadable(Error error) {
    ReportVerdict out;
    out.verdict.fail("report.read", "the document can be read", std::move(error));
    return out;
}

}  // namespace

ReportVerdict verify_report(std::string_view document, const ReportDemand& demand) {
    auto in = read_report(document);
    if (!in) return unreadable(in.error());
    return ReportVerification(std::move(*in), demand, demand.now).run();
}

ReportVerdict verify_stored_evidence(std::string_view document, std::string_view keyset_digest,
                                     const ReportDemand& demand, std::optional<UnixTime> at) {
    auto in = read_stored_evidence(document);
    if (!in) return unreadable(in.error());
    const UnixTime made_at = *in->made_at;
    return ReportVerification(std::move(*in), demand, at.value_or(made_at), keyset_digest).run();
}

}  // namespace lumoz::verify
