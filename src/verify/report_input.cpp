// SPDX-License-Identifier: Apache-2.0
#include "verify/report_input.hpp"

#include "evidence/cmw.hpp"
#include "evidence/schema.hpp"

#include <charconv>

namespace lumoz::verify {

namespace {

using evidence::Schema;
using json::Value;

constexpr json::Limits kLimits{.max_bytes = std::size_t{8} << 20, .max_depth = 32};
const Schema kSchema(Errc::Malformed, "E_REPORT_PARSE", "report.members");

std::string_view without_0x(std::string_view hex) {
    return hex.starts_with("0x") || hex.starts_with("0X") ? hex.substr(2) : hex;
}

/// Optional hex member of a fixed size; null and empty texts count as absent.
template <class Fixed>
Status read_hex(const Value& root, std::string_view name, std::optional<Fixed>& out) {
    LUMOZ_TRY(const std::optional<std::string> text, kSchema.optional_text(root, name));
    if (!text || text->empty()) return {};
    const auto raw = fixed_from_hex<Fixed>(without_0x(*text));
    if (!raw) return kSchema.bad(name, "not hex of the right size");
    out = *raw;
    return {};
}

Status read_text(const Value& root, std::string_view name, std::optional<std::string>& out) {
    LUMOZ_TRY(out, kSchema.optional_text(root, name));
    return {};
}

Result<Bytes> quote_bytes(std::string_view hex) {
    auto raw = from_hex(without_0x(hex));
    if (!raw) return kSchema.bad("quote", "not hex");
    return std::move(*raw);
}

/// An array, or the same array as a JSON text.
Status read_event_log(const Value& root, std::string_view name, std::optional<std::string>& out) {
    const auto value = root.find(name);
    if (!value || value->is_null()) return {};
    if (value->is_array()) {
        out = std::string(value->raw());
        return {};
    }
    return read_text(root, name, out);
}

/// `info.tcb_info.app_compose`; tcb_info is an object or a JSON text of it.
Status read_compose(const Value& root, std::optional<std::string>& out) {
    const auto info = root.find("info");
    const auto tcb = info ? info->find("tcb_info") : std::nullopt;
    if (!tcb) return {};
    if (tcb->is_object()) return read_text(*tcb, "app_compose", out);
    const auto text = tcb->as_string();
    if (!text || text->empty()) return {};
    const auto inner = json::Document::parse(*text, kLimits);
    if (!inner) return kSchema.bad("tcb_info", "not JSON");
    return read_text(inner->root(), "app_compose", out);
}

/// True for anything that could be taken for GPU evidence.
bool has_gpu(const Value& root) {
    for (const std::string_view name : {"nvidia_payload", "gpu_attestation", "gpu_evidence"}) {
        const auto value = root.find(name);
        if (!value || value->is_null()) continue;
        const auto text = value->as_string();
        if (text && (text->empty() || *text == "none")) continue;
        return true;
    }
    return false;
}

Status read_common(const Value& root, ReportInput& out) {
    LUMOZ_CHECK_OK(read_text(root, "statement", out.statement));
    if (const auto keyset = root.find("keyset"); keyset && !keyset->is_null()) out.keyset = keyset->raw();
    LUMOZ_CHECK_OK(read_text(root, "keyset_digest", out.keyset_digest));
    for (const std::string_view name : {"config_sha256", "models", "v1_keys"})
        if (const auto claim = root.find(name); claim && !claim->is_null())
            out.claims.emplace_back(name, json::canonical(*claim));
    if (const auto collateral = root.find("collateral"); collateral && !collateral->is_null()) {
        LUMOZ_TRY(out.collateral, evidence::Collateral::from(*collateral));
    }
    out.gpu_evidence = has_gpu(root);
    const auto all = root.find("all_attestations");
    if (all && all->size() > 1) out.siblings = all->size() - 1;
    return {};
}

Result<ReportInput> read_v1(const Value& root) {
    ReportInput out;
    LUMOZ_TRY(const std::string quote, kSchema.text(root, "intel_quote"));
    LUMOZ_TRY(out.quote, quote_bytes(quote));
    LUMOZ_CHECK_OK(read_hex(root, "request_nonce", out.nonce));
    LUMOZ_CHECK_OK(read_text(root, "signing_algo", out.signing_algo));
    LUMOZ_CHECK_OK(read_text(root, "signing_address", out.signing_address));
    LUMOZ_CHECK_OK(read_text(root, "signing_public_key", out.signing_public_key));
    LUMOZ_CHECK_OK(read_hex(root, "tls_cert_fingerprint", out.tls_fingerprint));
    LUMOZ_CHECK_OK(read_event_log(root, "event_log", out.event_log));
    if (!out.event_log) {
        LUMOZ_CHECK_OK(read_event_log(root, "event_log_json", out.event_log));
    }
    LUMOZ_CHECK_OK(read_compose(root, out.app_compose));
    LUMOZ_CHECK_OK(read_common(root, out));
    return out;
}

Result<ReportInput> read_aci(const Value& root, const Value& attestation) {
    ReportInput out;
    out.document = ReportDocument::AciAttestation;
    LUMOZ_CHECK_OK(read_common(root, out));
    if (const auto tee = attestation.find("tee_type"); tee && tee->as_string() != "tdx")
        return fail(Errc::Unsupported, "E_REPORT_FORM", "report.tee_type", "not tdx");
    LUMOZ_TRY(const Value evidence, kSchema.object(attestation, "evidence"));
    LUMOZ_TRY(const std::string quote, kSchema.text(evidence, "quote"));
    LUMOZ_TRY(out.quote, quote_bytes(quote));
    LUMOZ_TRY(const Value keyset, kSchema.object(attestation, "workload_keyset"));
    out.keyset = keyset.raw();
    LUMOZ_CHECK_OK(read_text(root, "workload_keyset_digest", out.keyset_digest));
    LUMOZ_CHECK_OK(read_event_log(evidence, "event_log", out.event_log));
    LUMOZ_CHECK_OK(read_text(evidence, "app_compose", out.app_compose));
    if (out.app_compose && out.app_compose->empty()) out.app_compose.reset();
    return out;
}

bool is_tinfoil(const Value& root) {
    const auto format = root.find("format");
    const auto text = format ? format->as_string() : std::nullopt;
    return (text && text->starts_with("https://tinfoil.sh/")) || root.find("enclaveAttestationReport");
}

}  // namespace

Result<ReportInput> read_report(std::string_view text) {
    const auto document = json::Document::parse(text, kLimits);
    if (!document) return fail(Errc::Malformed, "E_REPORT_PARSE", "report.json", document.error().detail);
    const Value root = document->root();
    if (!root.is_object()) return kSchema.bad("report", "not an object");
    if (root.find("intel_quote")) return read_v1(root);
    if (const auto attestation = root.find("attestation"); attestation && attestation->is_object())
        return read_aci(root, *attestation);
    if (is_tinfoil(root))
        return fail(Errc::Unsupported, "E_REPORT_FORM", "report.form", "a Tinfoil document");
    if (root.find("cpu_evidence"))
        return fail(Errc::Unsupported, "E_REPORT_FORM", "report.form", "no intel_quote");
    return kSchema.bad("intel_quote", "missing");
}

Result<ReportInput> read_stored_evidence(std::string_view text) {
    LUMOZ_TRY(const std::vector<evidence::CmwRecord> records, evidence::parse_cmw(text));
    ReportInput out;
    out.document = ReportDocument::Stored;
    for (const evidence::CmwRecord& record : records) {
        const std::string value(as_text(record.value));
        if (record.type == evidence::kCmwQuote) {
            LUMOZ_TRY(out.quote, evidence::quote_from_tsm_report(record.value));
        } else if (record.type == evidence::kCmwEventLog) {
            out.event_log = value;
        } else if (record.type == evidence::kCmwStatement) {
            out.statement = value;
        } else if (record.type == evidence::kCmwKeyset) {
            out.keyset = value;
        } else if (record.type == evidence::kCmwCollateral) {
            LUMOZ_TRY(out.collateral, evidence::Collateral::parse(value));
        } else if (record.type == evidence::kCmwMadeAt) {
            std::int64_t time = 0;
            const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), time);
            if (error != std::errc() || end != value.data() + value.size() || time < 0)
                return kSchema.bad("made_at", "not Unix seconds");
            out.made_at = time;
        } else if (record.type.starts_with("application/vnd.nvidia.")) {
            out.gpu_evidence = true;
        }
    }
    if (out.quote.empty()) return kSchema.bad("cpu0", "missing");
    if (!out.statement) return kSchema.bad("statement", "missing");
    if (!out.keyset) return kSchema.bad("keyset", "missing");
    if (!out.made_at) return kSchema.bad("made_at", "missing");
    return out;
}

}  // namespace lumoz::verify
