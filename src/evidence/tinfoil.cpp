// SPDX-License-Identifier: Apache-2.0
#include "evidence/tinfoil.hpp"

#include "crypto/sha2.hpp"
#include "evidence/gzip.hpp"
#include "evidence/intel_pcs.hpp"
#include "evidence/schema.hpp"

#include <set>

namespace lumoz::evidence {

namespace {

using json::Value;

const Schema kSchema(Errc::Malformed, "E_REPORT_PARSE", "report.tinfoil");
constexpr std::size_t kMostEvidence = std::size_t{64} << 10;
constexpr std::size_t kMostItems = 256;
constexpr std::size_t kMostSection = std::size_t{4} << 20;
constexpr std::string_view kReportDataAlgorithm = "https://tinfoil.sh/report-data/v1";
constexpr std::string_view kTlsKeyFormat = "https://tinfoil.sh/key/spki-fp-sha256/v1";
constexpr std::string_view kHpkeKeyFormat = "https://tinfoil.sh/key/x25519-hpke/v1";

std::unexpected<Error> unknown(std::string_view what, std::string_view text) {
    return fail(Errc::Unsupported, "E_REPORT_FORM", "report.tinfoil.format",
                std::string(what) + ": " + std::string(text.substr(0, 100)));
}

/// Every member of `value` is one of `names`.
Status only(const Value& value, std::string_view what, std::initializer_list<std::string_view> names) {
    if (!value.is_object()) return kSchema.bad(what, "not an object");
    for (const Value::Member& member : value.members())
        if (std::ranges::find(names, member.name) == names.end())
            return kSchema.bad(what, "unknown member " + member.name.substr(0, 64));
    return {};
}

template <class Fixed>
Result<Fixed> lower_hex(const Value& parent, std::string_view name) {
    LUMOZ_TRY(const std::string text, kSchema.text(parent, name));
    auto out = fixed_from_hex<Fixed>(text);
    if (!out || !is_lower_hex(text)) return kSchema.bad(name, "not lowercase hex of the right size");
    return *out;
}

Result<Bytes> base64_text(std::string_view text, std::string_view name, std::size_t most) {
    if (text.empty()) return kSchema.bad(name, "empty");
    auto raw = from_base64(text);
    if (!raw) return kSchema.bad(name, "not canonical Base64");
    if (raw->size() > most) return kSchema.bad(name, "too large");
    return std::move(*raw);
}

Result<Bytes> base64_member(const Value& parent, std::string_view name, std::size_t most) {
    LUMOZ_TRY(const std::string text, kSchema.text(parent, name));
    return base64_text(text, name, most);
}

/// A new id; texts are bounded because they come back in verdicts.
Status take_id(const std::string& id, std::string_view what, std::set<std::string>& seen) {
    if (id.empty() || id.size() > 128) return kSchema.bad(what, "an id of 1 to 128 bytes is missing");
    if (!seen.insert(id).second) return kSchema.bad(what, "two items of the same id");
    return {};
}

/// `{"format":…,"items":[…]}` of a section's bytes, which must outlive the document.
Result<json::Document> section(const Bytes& bytes, std::string_view name, std::string_view format) {
    auto document = json::Document::parse(as_text(bytes), {.max_bytes = kMostSection, .max_depth = 24});
    if (!document) return kSchema.bad(name, "not JSON");
    LUMOZ_CHECK_OK(only(document->root(), name, {"format", "items"}));
    LUMOZ_TRY(const std::string have, kSchema.text(document->root(), "format"));
    if (have != format) return unknown(name, have);
    return std::move(*document);
}

Result<std::vector<Value>> items_of(const json::Document& document) {
    LUMOZ_TRY(std::vector<Value> items, kSchema.array(document.root(), "items"));
    if (items.size() > kMostItems) return kSchema.bad("items", "more than 256");
    return items;
}

Result<TinfoilKey> read_key(const Value& item) {
    LUMOZ_CHECK_OK(only(item, "crypto_material", {"id", "format", "data"}));
    TinfoilKey out;
    LUMOZ_TRY(out.id, kSchema.text(item, "id"));
    LUMOZ_TRY(out.format, kSchema.text(item, "format"));
    if (out.format.empty()) return kSchema.bad("crypto_material", "an empty format");
    LUMOZ_TRY(const std::string data, kSchema.text(item, "data"));
    auto raw = from_hex(data);
    if (!raw || raw->empty() || !is_lower_hex(data)) return kSchema.bad("data", "not lowercase hex");
    const bool known = out.format == kTlsKeyFormat || out.format == kHpkeKeyFormat;
    if (known && raw->size() != 32) return kSchema.bad("data", "not 32 bytes");
    out.data = std::move(*raw);
    return out;
}

Status read_keys(const Bytes& bytes, std::vector<TinfoilKey>& out) {
    LUMOZ_TRY(const json::Document document,
              section(bytes, "crypto_material", "https://tinfoil.sh/crypto-material/v1"));
    LUMOZ_TRY(const std::vector<Value> items, items_of(document));
    std::set<std::string> seen;
    for (const Value& item : items) {
        LUMOZ_TRY(TinfoilKey key, read_key(item));
        LUMOZ_CHECK_OK(take_id(key.id, "crypto_material", seen));
        out.push_back(std::move(key));
    }
    return {};
}

Status read_devices(const Bytes& bytes, std::vector<TinfoilDevice>& out) {
    LUMOZ_TRY(const json::Document document,
              section(bytes, "device_evidence", "https://tinfoil.sh/device-evidence/v1"));
    LUMOZ_TRY(const std::vector<Value> items, items_of(document));
    std::set<std::string> seen;
    for (const Value& item : items) {
        LUMOZ_CHECK_OK(only(item, "device_evidence", {"id", "kind", "vendor", "format", "evidence"}));
        TinfoilDevice device;
        LUMOZ_TRY(device.id, kSchema.text(item, "id"));
        LUMOZ_TRY(device.kind, kSchema.text(item, "kind"));
        LUMOZ_TRY(device.vendor, kSchema.text(item, "vendor"));
        LUMOZ_TRY(device.format, kSchema.text(item, "format"));
        LUMOZ_CHECK_OK(kSchema.member(item, "evidence"));
        LUMOZ_CHECK_OK(take_id(device.id, "device_evidence", seen));
        out.push_back(std::move(device));
    }
    return {};
}

Status read_subjects(const Value& entry) {
    const auto subjects = entry.find("subjects");
    if (!subjects) return {};
    if (!subjects->is_array() || subjects->size() > kMostItems) return kSchema.bad("subjects", "not a list");
    for (const Value& subject : subjects->elements())
        if (!subject.is_string()) return kSchema.bad("subjects", "not a list of texts");
    return {};
}

Status read_collateral(const Value& root, TinfoilV3& out) {
    constexpr std::string_view kPcs = "https://tinfoil.sh/collateral/intel-pcs/v1";
    LUMOZ_TRY(const std::vector<Value> entries, kSchema.array(root, "collateral"));
    if (entries.size() > kMostItems) return kSchema.bad("collateral", "more than 256 entries");
    std::set<std::string> seen;
    for (const Value& entry : entries) {
        LUMOZ_CHECK_OK(only(entry, "collateral", {"id", "role", "format", "subjects", "data"}));
        LUMOZ_TRY(const std::string id, kSchema.text(entry, "id"));
        LUMOZ_CHECK_OK(take_id(id, "collateral", seen));
        LUMOZ_CHECK_OK(kSchema.text(entry, "role"));
        LUMOZ_CHECK_OK(read_subjects(entry));
        LUMOZ_TRY(const std::string format, kSchema.text(entry, "format"));
        LUMOZ_TRY(const Value data, kSchema.member(entry, "data"));
        if (format != kPcs) {
            out.other_formats.push_back(format.substr(0, 128));
        } else if (out.collateral) {
            return kSchema.bad("collateral", "two entries of Intel's service");
        } else {
            LUMOZ_TRY(out.collateral, collateral_from_pcs(data));
        }
    }
    return {};
}

Status read_challenge(const Value& root, TinfoilV3& out) {
    LUMOZ_TRY(const Value challenge, kSchema.object(root, "challenge"));
    LUMOZ_CHECK_OK(only(challenge, "challenge", {"nonce", "report_data", "report_data_algorithm"}));
    LUMOZ_TRY(out.nonce, lower_hex<Nonce>(challenge, "nonce"));
    LUMOZ_TRY(out.report_data, lower_hex<ReportData>(challenge, "report_data"));
    LUMOZ_TRY(const std::string algorithm, kSchema.text(challenge, "report_data_algorithm"));
    if (algorithm != kReportDataAlgorithm) return unknown("report_data_algorithm", algorithm);
    return {};
}

Status read_cpu(const Value& root, TinfoilV3& out) {
    LUMOZ_TRY(const Value cpu, kSchema.object(root, "cpu_evidence"));
    LUMOZ_CHECK_OK(only(cpu, "cpu_evidence", {"format", "report_base64", "endorsed"}));
    LUMOZ_TRY(const std::string format, kSchema.text(cpu, "format"));
    if (format == "https://tinfoil.sh/format/sev-snp-report/v1") {
        out.cpu = CpuEvidence::SevSnpReport;
    } else if (format != "https://tinfoil.sh/format/tdx-quote/v1") {
        return unknown("cpu_evidence", format);
    }
    LUMOZ_TRY(out.evidence, base64_member(cpu, "report_base64", kMostEvidence));
    LUMOZ_TRY(const Value endorsed, kSchema.object(cpu, "endorsed"));
    LUMOZ_CHECK_OK(only(endorsed, "endorsed", {"crypto_material_hash", "device_evidence_hash"}));
    LUMOZ_TRY(out.crypto_material_hash, lower_hex<Digest256>(endorsed, "crypto_material_hash"));
    LUMOZ_TRY(out.device_evidence_hash, lower_hex<Digest256>(endorsed, "device_evidence_hash"));
    return {};
}

}  // namespace

std::string_view to_text(CpuEvidence kind) {
    return kind == CpuEvidence::TdxQuote ? "tdx" : "sev_snp";
}

Result<TinfoilV2> TinfoilV2::from(const Value& document) {
    LUMOZ_CHECK_OK(only(document, "document", {"format", "body"}));
    LUMOZ_TRY(const std::string format, kSchema.text(document, "format"));
    TinfoilV2 out;
    if (format == "https://tinfoil.sh/predicate/sev-snp-guest/v2") {
        out.cpu = CpuEvidence::SevSnpReport;
    } else if (format != "https://tinfoil.sh/predicate/tdx-guest/v2") {
        return unknown("format", format);
    }
    LUMOZ_TRY(const std::string body, kSchema.text(document, "body"));
    LUMOZ_TRY(const Bytes packed, base64_text(body, "body", kMostEvidence));
    LUMOZ_TRY(out.evidence, gunzip(packed, kMostEvidence));
    out.document_hash = crypto::sha256(as_bytes(format + body));
    return out;
}

Result<TinfoilBundle> TinfoilBundle::from(const Value& document) {
    LUMOZ_CHECK_OK(
        only(document, "bundle",
             {"domain", "enclaveAttestationReport", "digest", "sigstoreBundle", "vcek", "enclaveCert"}));
    TinfoilBundle out;
    LUMOZ_TRY(out.domain, kSchema.text(document, "domain"));
    if (out.domain.empty() || out.domain.size() > 253) return kSchema.bad("domain", "not 1 to 253 bytes");
    LUMOZ_TRY(const Value report, kSchema.object(document, "enclaveAttestationReport"));
    LUMOZ_TRY(out.document, TinfoilV2::from(report));
    LUMOZ_CHECK_OK(kSchema.optional_text(document, "digest"));
    LUMOZ_TRY(out.certificate, kSchema.optional_text(document, "enclaveCert"));
    const auto sigstore = document.find("sigstoreBundle");
    out.sigstore = sigstore && !sigstore->is_null();
    LUMOZ_TRY(const std::optional<std::string> vcek, kSchema.optional_text(document, "vcek"));
    out.vcek = vcek.has_value();
    return out;
}

Result<TinfoilV3> TinfoilV3::from(const Value& document) {
    LUMOZ_CHECK_OK(
        only(document, "document",
             {"format", "challenge", "cpu_evidence", "crypto_material", "device_evidence", "collateral"}));
    LUMOZ_TRY(const std::string format, kSchema.text(document, "format"));
    if (format != "https://tinfoil.sh/predicate/attestation/v3") return unknown("format", format);
    TinfoilV3 out;
    LUMOZ_CHECK_OK(read_challenge(document, out));
    LUMOZ_CHECK_OK(read_cpu(document, out));
    LUMOZ_TRY(const Bytes keys, base64_member(document, "crypto_material", kMostSection));
    LUMOZ_TRY(const Bytes devices, base64_member(document, "device_evidence", kMostSection));
    out.crypto_material_sha256 = crypto::sha256(keys);
    out.device_evidence_sha256 = crypto::sha256(devices);
    LUMOZ_CHECK_OK(read_keys(keys, out.keys));
    LUMOZ_CHECK_OK(read_devices(devices, out.devices));
    LUMOZ_CHECK_OK(read_collateral(document, out));
    return out;
}

std::optional<Digest256> TinfoilV3::key(std::string_view id) const {
    const std::string_view format = id == "tls" ? kTlsKeyFormat : kHpkeKeyFormat;
    for (const TinfoilKey& key : keys) {
        if (key.id != id || key.format != format) continue;
        const auto fixed = Digest256::from(key.data);
        if (fixed) return *fixed;
    }
    return std::nullopt;
}

ReportData tinfoil_v3_report_data(const Nonce& nonce, const Digest256& crypto_material,
                                  const Digest256& device_evidence) {
    Bytes text = to_bytes(as_bytes(kReportDataAlgorithm));
    for (const ByteView part : {nonce.view(), crypto_material.view(), device_evidence.view()})
        append(text, part);
    ReportData out;
    std::ranges::copy(crypto::sha256(text).bytes, out.bytes.begin());
    return out;
}

ReportData tinfoil_v2_report_data(const Digest256& spki_sha256, ByteView hpke_key) {
    ReportData out;
    std::ranges::copy(spki_sha256.bytes, out.bytes.begin());
    std::ranges::copy(hpke_key.first(std::min<std::size_t>(hpke_key.size(), 32)), out.bytes.begin() + 32);
    return out;
}

}  // namespace lumoz::evidence
