// SPDX-License-Identifier: Apache-2.0
// Documents of compatible services: the report_data of Tinfoil's, and the real ones.
#include "app/vectors/check.hpp"
#include "app/vectors/suites.hpp"
#include "base/hex.hpp"
#include "crypto/sha2.hpp"
#include "evidence/event_log.hpp"
#include "evidence/tdx_quote.hpp"
#include "evidence/tinfoil.hpp"
#include "verify/report.hpp"

namespace lumoz::app::vectors {
namespace {

Status run_key_binding(const Case& c) {
    LUMOZ_TRY(const Bytes have, hex(c.value, "report_data"));
    LUMOZ_TRY(const Bytes spki_bytes, hex(c.value, "tls_spki_sha256"));
    LUMOZ_TRY(const Digest256 spki, Digest256::from(spki_bytes));
    LUMOZ_TRY(const Bytes hpke, hex(c.value, "advertised_hpke_key"));
    LUMOZ_TRY(const std::string expect, text(c.value, "expect"));
    const bool bound = hpke.size() == 32 && equal(evidence::tinfoil_v2_report_data(spki, hpke).view(), have);
    return same("accepted", expect == "accept", bound);
}

Status run_report_data(const Case& c) {
    LUMOZ_TRY(const Bytes nonce_bytes, hex(c.value, "nonce"));
    LUMOZ_TRY(const Nonce nonce, Nonce::from(nonce_bytes));
    LUMOZ_TRY(const Bytes keys, base64(c.value, "crypto_material_b64"));
    LUMOZ_TRY(const Bytes devices, base64(c.value, "device_evidence_b64"));
    const Digest256 keys_hash = crypto::sha256(keys), devices_hash = crypto::sha256(devices);
    LUMOZ_TRY(const std::string want_keys, text(c.value, "crypto_material_hash"));
    LUMOZ_CHECK_OK(same("crypto_material_hash", want_keys, to_hex(keys_hash.view())));
    LUMOZ_TRY(const std::string want_devices, text(c.value, "device_evidence_hash"));
    LUMOZ_CHECK_OK(same("device_evidence_hash", want_devices, to_hex(devices_hash.view())));
    LUMOZ_TRY(const std::string want, text(c.value, "report_data"));
    const ReportData have = evidence::tinfoil_v3_report_data(nonce, keys_hash, devices_hash);
    return same("report_data", want, to_hex(have.view()));
}

/// A fact of the verdict against a member of `expect`.
Status same_fact(const json::Value& expect, const verify::Verdict& verdict, std::string_view name) {
    LUMOZ_TRY(const json::Value want, member(expect, name));
    return same(name, want.raw(), verdict.established(name).value_or("absent"));
}

Status run_tinfoil_bundle(const Case& c) {
    LUMOZ_TRY(const json::Value document, member(c.value, "document"));
    LUMOZ_TRY(const json::Value expect, member(c.value, "expect"));
    const verify::ReportVerdict got = verify::verify_report(document.raw(), {});
    // AMD's evidence is read and not verified: what the document binds must hold all the same.
    const auto error = got.verdict.error();
    if (!error || error->rule != "E_REPORT_FORM")
        return mismatch(error ? std::string(error->rule) : "accepted");
    for (const std::string_view name :
         {"report_bytes", "report_data", "measurement", "tls_spki_sha256", "hpke_public_key",
          "san_hpke_decoded", "san_hatt_decoded", "document_hash"}) {
        LUMOZ_CHECK_OK(same_fact(expect, got.verdict, name));
    }
    return {};
}

Status run_dstack_report(const Case& c) {
    LUMOZ_TRY(const json::Value report, member(c.value, "report"));
    LUMOZ_TRY(const json::Value expect, member(c.value, "expect"));
    LUMOZ_TRY(const Bytes raw, hex(report, "intel_quote"));
    LUMOZ_TRY(const evidence::Quote quote, evidence::Quote::parse(raw));
    LUMOZ_TRY(const std::string log_text, text(report, "event_log"));
    LUMOZ_TRY(const evidence::EventLog log, evidence::parse_event_list(log_text));
    const std::pair<std::string_view, std::string_view> fields[] = {
        {"mrtd", "mr_td"},  {"mrconfigid", "mr_config_id"},
        {"rtmr0", "rtmr0"}, {"rtmr1", "rtmr1"},
        {"rtmr2", "rtmr2"}, {"rtmr3", "rtmr3"}};
    for (const auto& [name, field] : fields) {
        LUMOZ_TRY(const std::string want, text(expect, name));
        LUMOZ_CHECK_OK(same(name, want, to_hex(quote.field(field).value_or(ByteView()))));
    }
    LUMOZ_TRY(const std::string want_data, text(expect, "report_data"));
    LUMOZ_CHECK_OK(same("report_data", want_data, to_hex(quote.report_data().view())));
    if (!evidence::rtmr_mismatches(log.rtmr, quote).empty()) return mismatch("the event log does not replay");
    LUMOZ_TRY(const Bytes compose, base64(c.value, "app_compose_b64"));
    LUMOZ_TRY(const std::string want_compose, text(expect, "app_compose_sha256"));
    return same("app_compose_sha256", want_compose, to_hex(crypto::sha256(compose).view()));
}

}  // namespace

void add_reports(Handlers& handlers) {
    handlers["tinfoil_key_binding_v2"] = run_key_binding;
    handlers["tinfoil_report_data_v3"] = run_report_data;
    handlers["tinfoil_bundle_v2"] = run_tinfoil_bundle;
    handlers["dstack_report"] = run_dstack_report;
}

}  // namespace lumoz::app::vectors
