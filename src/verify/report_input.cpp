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

/// The same, where an empty text says nothing.
Status read_filled(const Value& root, std::string_view name, std::optional<std::string>& out) {
    LUMOZ_CHECK_OK(read_text(root, name, out));
    if (out && out->empty()) out.reset();
    return {};
}

Result<Bytes> quote_bytes(std::string_view hex) {
    auto raw = from_hex(without_0x(hex));
    if (!raw) return kSchema.bad("quote", "not hex");
    return std::move(*raw);
}

Result<Bytes> base64_bytes(std::string_view name, std::string_view text) {
    auto raw = from_base64(text);
    if (!raw) return kSchema.bad(name, "not canonical Base64");
    return std::move(*raw);
}

/// An array, or the same array as a JSON text.
Status read_event_log(const Value& root, std::string_view name, std::optional<std::string>& out) {
    const auto value = root.find(name);
    if (!value || !value->is_array()) return read_text(root, name, out);
    out = std::string(value->raw());
    return {};
}

/// `cc_eventlog`: the firmware's log in Base64.
Status read_cc_log(const Value& root, std::optional<Bytes>& out) {
    LUMOZ_TRY(const std::optional<std::string> text, kSchema.optional_text(root, "cc_eventlog"));
    if (!text || text->empty()) return {};
    LUMOZ_TRY(out, base64_bytes("cc_eventlog", *text));
    return {};
}

/// `info.tcb_info.app_compose`; tcb_info is an object or a JSON text of it.
Status read_compose(const Value& root, std::optional<std::string>& out) {
    const auto info = root.find("info");
    const auto tcb = info ? info->find("tcb_info") : std::nullopt;
    if (!tcb) return {};
    if (tcb->is_object()) return read_filled(*tcb, "app_compose", out);
    const auto text = tcb->as_string();
    if (!text || text->empty()) return {};
    const auto inner = json::Document::parse(*text, kLimits);
    if (!inner) return kSchema.bad("tcb_info", "not JSON");
    return read_filled(inner->root(), "app_compose", out);
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

bool is_there(const Value& root, std::string_view name) {
    const auto value = root.find(name);
    return value && !value->is_null();
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
    out.ohttp = is_there(root, "ohttp_attestation") || is_there(root, "ohttp_key_config");
    out.compose_manager = is_there(root, "compose_manager_attestation");
    return {};
}

/// Members in use that repeat the evidence say the same, or the report contradicts itself.
Status read_repeats(const Value& root, ReportInput& out) {
    const auto differs = [](std::string_view name) {
        return fail(Errc::Refused, "E_REPORT_MEMBER", "report.repeat",
                    std::string(name) + " is not intel_quote");
    };
    LUMOZ_TRY(const std::optional<std::string> quote, kSchema.optional_text(root, "quote"));
    if (quote) {
        LUMOZ_TRY(const Bytes raw, quote_bytes(*quote));
        if (raw != out.quote) return differs("quote");
    }
    LUMOZ_TRY(const std::optional<std::string> cpu, kSchema.optional_text(root, "cpu_evidence"));
    if (cpu) {
        LUMOZ_TRY(const Bytes raw, base64_bytes("cpu_evidence", *cpu));
        if (raw != out.quote) return differs("cpu_evidence");
    }
    return read_hex(root, "report_data", out.stated_report_data);
}

/// `tee_type`; Intel TDX where nothing is said.
Result<evidence::CpuEvidence> read_tee_type(const Value& root) {
    LUMOZ_TRY(const std::optional<std::string> tee, kSchema.optional_text(root, "tee_type"));
    if (!tee || tee == "tdx") return evidence::CpuEvidence::TdxQuote;
    if (tee == "sev_snp") return evidence::CpuEvidence::SevSnpReport;
    return fail(Errc::Unsupported, "E_REPORT_FORM", "report.tee_type", "not tdx");
}

/// The evidence of a flat report: `intel_quote`, or on other machines `cpu_evidence`.
Status read_cpu(const Value& root, ReportInput& out) {
    LUMOZ_TRY(out.cpu, read_tee_type(root));
    if (out.cpu == evidence::CpuEvidence::TdxQuote) {
        LUMOZ_TRY(const std::string quote, kSchema.text(root, "intel_quote"));
        LUMOZ_TRY(out.quote, quote_bytes(quote));
        return read_repeats(root, out);
    }
    if (root.find("intel_quote"))
        return fail(Errc::Malformed, "E_REPORT_AMBIGUOUS", "report.tee_type", "sev_snp with an intel_quote");
    LUMOZ_TRY(const std::string text, kSchema.text(root, "cpu_evidence"));
    LUMOZ_TRY(out.quote, base64_bytes("cpu_evidence", text));
    return {};
}

Result<ReportInput> read_aci(const Value& root, const Value& attestation) {
    ReportInput out;
    out.form = ReportForm::Aci;
    LUMOZ_CHECK_OK(read_common(root, out));
    LUMOZ_TRY(out.cpu, read_tee_type(attestation));
    LUMOZ_TRY(const Value evidence, kSchema.object(attestation, "evidence"));
    LUMOZ_TRY(const std::string quote, kSchema.text(evidence, "quote"));
    LUMOZ_TRY(out.quote, quote_bytes(quote));
    LUMOZ_TRY(const Value keyset, kSchema.object(attestation, "workload_keyset"));
    out.keyset = keyset.raw();
    LUMOZ_CHECK_OK(read_text(root, "workload_keyset_digest", out.keyset_digest));
    LUMOZ_CHECK_OK(read_event_log(evidence, "event_log", out.event_log));
    LUMOZ_CHECK_OK(read_filled(evidence, "app_compose", out.app_compose));
    return out;
}

/// The members that make a document one of a form.
struct Marks {
    bool flat = false, lists = false, aci = false, tinfoil = false, bundle = false, stored = false;
    [[nodiscard]] int count() const {
        return (flat || lists ? 1 : 0) + (aci ? 1 : 0) + (tinfoil ? 1 : 0) + (bundle ? 1 : 0) +
               (stored ? 1 : 0);
    }
};

Marks marks_of(const Value& root) {
    Marks out;
    const auto format = root.find("format");
    const auto text = format ? format->as_string() : std::nullopt;
    out.tinfoil = text && text->starts_with(evidence::kTinfoilPrefix);
    out.bundle = root.find("enclaveAttestationReport").has_value();
    out.stored = root.find("__cmwc_t").has_value();
    const auto attestation = root.find("attestation");
    out.aci = attestation && attestation->is_object();
    const auto cpu = root.find("cpu_evidence");
    out.flat = root.find("intel_quote").has_value() || (cpu && cpu->is_string());
    out.lists = is_there(root, "gateway_attestation") || is_there(root, "model_attestations") ||
                is_there(root, "all_attestations");
    return out;
}

Result<json::Document> parse_document(std::string_view text) {
    auto document = json::Document::parse(text, kLimits);
    if (!document) return fail(Errc::Malformed, "E_REPORT_PARSE", "report.json", document.error().detail);
    if (!document->root().is_object()) return kSchema.bad("report", "not an object");
    return std::move(*document);
}

ReportForm flat_form(const Value& root) {
    if (is_there(root, "statement")) return ReportForm::Lumoz;
    const auto tls = root.find("tls_cert_fingerprint");
    const auto text = tls ? tls->as_string() : std::nullopt;
    return text && !text->empty() ? ReportForm::VllmProxyTls : ReportForm::VllmProxy;
}

}  // namespace

ReportDocument ReportInput::document() const {
    switch (form) {
        case ReportForm::Aci:
            return ReportDocument::AciAttestation;
        case ReportForm::LumozStored:
            return ReportDocument::Stored;
        case ReportForm::TinfoilV2:
        case ReportForm::TinfoilBundleV2:
        case ReportForm::TinfoilV3:
            return ReportDocument::Tinfoil;
        default:
            return ReportDocument::Report;
    }
}

Result<ReportInput> read_flat_report(const Value& root) {
    ReportInput out;
    out.form = flat_form(root);
    LUMOZ_CHECK_OK(read_cpu(root, out));
    LUMOZ_CHECK_OK(read_hex(root, "request_nonce", out.nonce));
    LUMOZ_CHECK_OK(read_text(root, "signing_algo", out.signing_algo));
    LUMOZ_CHECK_OK(read_text(root, "signing_address", out.signing_address));
    LUMOZ_CHECK_OK(read_text(root, "signing_public_key", out.signing_public_key));
    LUMOZ_CHECK_OK(read_hex(root, "tls_cert_fingerprint", out.tls_fingerprint));
    LUMOZ_CHECK_OK(read_filled(root, "tls_certificate", out.tls_certificate));
    LUMOZ_CHECK_OK(read_event_log(root, "event_log", out.event_log));
    if (!out.event_log) {
        LUMOZ_CHECK_OK(read_event_log(root, "event_log_json", out.event_log));
    }
    LUMOZ_CHECK_OK(read_cc_log(root, out.cc_log));
    LUMOZ_CHECK_OK(read_compose(root, out.app_compose));
    LUMOZ_CHECK_OK(read_common(root, out));
    return out;
}

Result<ReportInput> read_tinfoil(const Value& root) {
    ReportInput out;
    if (root.find("enclaveAttestationReport")) {
        out.form = ReportForm::TinfoilBundleV2;
        LUMOZ_TRY(out.tinfoil_bundle, evidence::TinfoilBundle::from(root));
        out.tinfoil_v2 = out.tinfoil_bundle->document;
    } else if (root.find("body")) {
        out.form = ReportForm::TinfoilV2;
        LUMOZ_TRY(out.tinfoil_v2, evidence::TinfoilV2::from(root));
    } else {
        out.form = ReportForm::TinfoilV3;
        LUMOZ_TRY(evidence::TinfoilV3 document, evidence::TinfoilV3::from(root));
        out.cpu = document.cpu;
        out.quote = document.evidence;
        out.collateral = document.collateral;
        out.gpu_evidence = std::ranges::any_of(
            document.devices, [](const auto& d) { return d.kind == "gpu" || d.vendor == "nvidia"; });
        out.tinfoil_v3 = std::move(document);
        return out;
    }
    out.cpu = out.tinfoil_v2->cpu;
    out.quote = out.tinfoil_v2->evidence;
    return out;
}

Result<ReportInput> read_report(std::string_view text) {
    LUMOZ_TRY(const json::Document document, parse_document(text));
    const Value root = document.root();
    const Marks marks = marks_of(root);
    if (marks.count() > 1)
        return fail(Errc::Malformed, "E_REPORT_AMBIGUOUS", "report.form",
                    "the document is of two forms at once");
    if (marks.aci) return read_aci(root, *root.find("attestation"));
    if (marks.tinfoil || marks.bundle) return read_tinfoil(root);
    if (marks.lists) return read_report_lists(root);
    if (marks.flat) return read_flat_report(root);
    if (marks.stored)
        return fail(Errc::Unsupported, "E_REPORT_FORM", "report.form",
                    "stored evidence of a keyset: `lumoz verify answer --report` reads it");
    return kSchema.bad("intel_quote", "missing");
}

std::optional<ReportForm> recognise_report(std::string_view text) {
    const auto document = parse_document(text);
    if (!document) return std::nullopt;
    const Value root = document->root();
    const Marks marks = marks_of(root);
    if (marks.count() != 1) return std::nullopt;
    if (marks.aci) return ReportForm::Aci;
    if (marks.stored) return ReportForm::LumozStored;
    if (marks.bundle) return ReportForm::TinfoilBundleV2;
    if (marks.tinfoil) return root.find("body") ? ReportForm::TinfoilV2 : ReportForm::TinfoilV3;
    return flat_form(root);
}

Result<ReportInput> read_stored_evidence(std::string_view text) {
    LUMOZ_TRY(const std::vector<evidence::CmwRecord> records, evidence::parse_cmw(text));
    ReportInput out;
    out.form = ReportForm::LumozStored;
    for (const evidence::CmwRecord& record : records) {
        const std::string value(as_text(record.value));
        if (record.type == evidence::kCmwQuote) {
            LUMOZ_TRY(out.quote, evidence::quote_from_tsm_report(record.value));
        } else if (record.type == evidence::kCmwEventLog) {
            out.event_log = value;
        } else if (record.type == evidence::kCmwCcLog) {
            out.cc_log = record.value;
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
