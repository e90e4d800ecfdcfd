// SPDX-License-Identifier: Apache-2.0
// `/.well-known/tinfoil-attestation`, specs/api.md 10: the second generation without a nonce, the third with
// one.
#include "base/hex.hpp"
#include "base/json.hpp"
#include "crypto/sha2.hpp"
#include "evidence/gzip_write.hpp"
#include "evidence/tinfoil.hpp"
#include "identity/pcs_answers.hpp"
#include "identity/report.hpp"

namespace lumoz::identity {
namespace {

using evidence::BindingForm;
using json::Writer;

/// What a document of the third generation says about devices: there is none.
constexpr std::string_view kNoDevices = R"({"format":"https://tinfoil.sh/device-evidence/v1","items":[]})";

std::string uri(std::string_view path) {
    return std::string(evidence::kTinfoilPrefix) + std::string(path);
}

void write_key(Writer& out, std::string_view id, std::string_view format, ByteView data) {
    out.object();
    out.key("id").string(id);
    out.key("format").string(uri(format));
    out.key("data").string(to_hex(data));
    out.end();
}

std::string crypto_material(const PublicIdentity& identity) {
    Writer out;
    out.object();
    out.key("format").string(uri("crypto-material/v1"));
    out.key("items").array();
    write_key(out, "tls", "key/spki-fp-sha256/v1", identity.tls_spki.value().view());
    write_key(out, "hpke", "key/x25519-hpke/v1", identity.hpke.view());
    out.end();
    out.end();
    return std::move(out).text();
}

/// The collateral as recorded answers; nothing where there is none that fits the quote.
std::optional<std::string> pcs_answers(const tee::Evidence& evidence, const StapledCollateral* stapled) {
    if (stapled == nullptr) return std::nullopt;
    const auto collateral = evidence::Collateral::parse(stapled->json);
    if (!collateral) return std::nullopt;
    const auto platform = evidence::platform_of(evidence.quote, collateral->pck_certificate_chain);
    if (!platform) return std::nullopt;
    auto answers = pcs_answers_json(*collateral, *platform);
    if (!answers) return std::nullopt;
    return std::move(*answers);
}

void write_collateral(Writer& out, const std::optional<std::string>& answers) {
    out.key("collateral").array();
    if (answers) {
        out.object();
        out.key("id").string("intel-pcs");
        out.key("role").string("endorsement");
        out.key("format").string(uri("collateral/intel-pcs/v1"));
        out.key("subjects").array().string("cpu").end();
        out.key("data").raw(*answers);
        out.end();
    }
    out.end();
}

}  // namespace

Binding bind_tinfoil(const PublicIdentity& identity, const std::optional<Nonce>& nonce) {
    if (!nonce) {
        const ReportData data =
            evidence::tinfoil_v2_report_data(identity.tls_spki.value(), identity.hpke.view());
        return {BindingForm::TinfoilV2, ReportKey::Ecdsa, std::nullopt, {}, data};
    }
    std::string keys = crypto_material(identity);
    const ReportData data = evidence::tinfoil_v3_report_data(*nonce, crypto::sha256(as_bytes(keys)),
                                                             crypto::sha256(as_bytes(kNoDevices)));
    return {BindingForm::TinfoilV3, ReportKey::Ecdsa, nonce, std::move(keys), data};
}

std::string tinfoil_v2_json(const TeeFacts& tee, const tee::Evidence& evidence) {
    Writer out;
    out.object();
    out.key("format").string(
        uri(tee.tee_type == "tdx" ? "predicate/tdx-guest/v2" : "predicate/sev-snp-guest/v2"));
    out.key("body").string(to_base64(evidence::gzip(evidence.quote)));
    out.end();
    return std::move(out).text();
}

std::string tinfoil_v3_json(const TeeFacts& tee, const Binding& binding, const tee::Evidence& evidence,
                            const StapledCollateral* collateral) {
    const auto hash_of = [](std::string_view text) { return to_hex(crypto::sha256(as_bytes(text)).view()); };
    Writer out;
    out.object();
    out.key("format").string(uri("predicate/attestation/v3"));
    out.key("challenge").object();
    out.key("nonce").string(to_hex(binding.nonce.value().view()));
    out.key("report_data").string(to_hex(binding.report_data.view()));
    out.key("report_data_algorithm").string(uri("report-data/v1"));
    out.end();
    out.key("cpu_evidence").object();
    out.key("format").string(uri(tee.tee_type == "tdx" ? "format/tdx-quote/v1" : "format/sev-snp-report/v1"));
    out.key("report_base64").string(to_base64(evidence.quote));
    out.key("endorsed").object();
    out.key("crypto_material_hash").string(hash_of(binding.statement));
    out.key("device_evidence_hash").string(hash_of(kNoDevices));
    out.end();
    out.end();
    out.key("crypto_material").string(to_base64(as_bytes(binding.statement)));
    out.key("device_evidence").string(to_base64(as_bytes(kNoDevices)));
    write_collateral(out, pcs_answers(evidence, collateral));
    out.end();
    return std::move(out).text();
}

}  // namespace lumoz::identity
