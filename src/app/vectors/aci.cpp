// SPDX-License-Identifier: Apache-2.0
// ACI keysets, attestation statements and receipts.
#include "app/vectors/check.hpp"
#include "app/vectors/suites.hpp"
#include "base/hex.hpp"
#include "crypto/sha2.hpp"
#include "evidence/keyset.hpp"
#include "evidence/report_data.hpp"
#include "evidence/statement.hpp"
#include "verify/receipt_check.hpp"

namespace lumoz::app::vectors {
namespace {

Status check_statement(const Case& c, std::string_view suffix, const std::string& statement) {
    LUMOZ_TRY(const std::string want_statement, text(c.value, "statement" + std::string(suffix)));
    LUMOZ_CHECK_OK(same("statement", want_statement, statement));
    LUMOZ_TRY(const std::string want, text(c.value, "report_data" + std::string(suffix)));
    return same("report_data", want + std::string(64, '0'),
                to_hex(evidence::statement_report_data(statement).view()));
}

Status run_keyset(const Case& c) {
    LUMOZ_TRY(const json::Value value, member(c.value, "keyset"));
    const Result<evidence::Keyset> keyset = evidence::Keyset::from(value);
    if (!keyset) return unexpected_error(keyset.error());
    LUMOZ_TRY(const std::string want_jcs, text(c.value, "jcs"));
    LUMOZ_CHECK_OK(same("jcs", want_jcs, keyset->canonical()));
    LUMOZ_TRY(const std::string want_digest, text(c.value, "workload_keyset_digest"));
    LUMOZ_CHECK_OK(same("workload_keyset_digest", want_digest, keyset->digest()));
    LUMOZ_TRY(const Bytes nonce_bytes, hex(c.value, "nonce"));
    LUMOZ_TRY(const Nonce nonce, Nonce::from(nonce_bytes));
    const std::string statement = evidence::aci_statement(keyset->digest(), nonce);
    LUMOZ_CHECK_OK(check_statement(c, "", statement));
    LUMOZ_TRY(const std::string want_slot, text(c.value, "slot_64"));
    LUMOZ_CHECK_OK(same("slot_64", want_slot, to_hex(evidence::statement_report_data(statement).view())));
    return check_statement(c, "_null", evidence::aci_statement(keyset->digest(), std::nullopt));
}

Status check_aci_receipt(const Case& c) {
    LUMOZ_TRY(const json::Value keyset_value, member(c.value, "keyset"));
    LUMOZ_TRY(const json::Value receipt_value, member(c.value, "receipt"));
    LUMOZ_TRY(const Bytes request, base64(c.value, "request_body_b64"));
    LUMOZ_TRY(const Bytes response, base64(c.value, "response_body_b64"));
    LUMOZ_TRY(const evidence::Keyset keyset, evidence::Keyset::from(keyset_value));
    LUMOZ_TRY(const verify::AciReceipt receipt, verify::AciReceipt::from(receipt_value));
    LUMOZ_TRY(const std::string want, text(c.value, "signing_input_sha256"));
    LUMOZ_CHECK_OK(
        same("signing_input_sha256", want, to_hex(crypto::sha256(as_bytes(receipt.signing_input)).view())));
    return verify::check_receipt(receipt, keyset, {.request = request, .response = response});
}

Status run_receipt(const Case& c) {
    LUMOZ_TRY(const json::Value expect, member(c.value, "expect"));
    LUMOZ_TRY(const json::Value valid, member(expect, "valid"));
    const bool want = valid.as_bool().value_or(false);
    const Status status = check_aci_receipt(c);
    if (!status && (want || status.error().rule == "E_MISMATCH" || status.error().rule == "E_VECTOR")) {
        return unexpected_error(status.error());
    }
    return same("valid", want, status.has_value());
}

}  // namespace

void add_aci(Handlers& handlers) {
    handlers["aci_keyset"] = run_keyset;
    handlers["aci_receipt"] = run_receipt;
}

}  // namespace lumoz::app::vectors
