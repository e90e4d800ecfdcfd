// SPDX-License-Identifier: Apache-2.0
// Documents of compatible services for tests of reports: lists, Tinfoil documents, SEV-SNP reports, and the
// certificate of a web server.
#pragma once

#include "crypto/der.hpp"
#include "evidence/gzip_write.hpp"
#include "evidence/snp_fields.hpp"
#include "evidence/tinfoil.hpp"
#include "verify/test_service.hpp"

namespace lumoz::verify::testing {

inline std::string without_collateral(Service::Members members) {
    members.erase("collateral");
    return document(members);
}

/// A gateway and two nodes behind it, in the shape of cloud gateways: no report at the top.
struct Fleet {
    Service service;
    Service::Members gateway = service.members(nonce_of(9), evidence::BindingForm::Tls);
    Service::Members first = service.members(nonce_of(9), evidence::BindingForm::Plain);
    Service::Members second = service.members(nonce_of(9), evidence::BindingForm::Lumoz);

    [[nodiscard]] std::string text() const {
        return R"({"gateway_attestation":)" + document(gateway) + R"(,"model_attestations":[)" +
               without_collateral(first) + "," + without_collateral(second) + "]}";
    }
};

inline const Digest256 kHpke = crypto::sha256(as_bytes("hpke"));

inline std::string pcs_entry() {
    const evidence::Collateral& c = tee().collateral();
    const auto encoded = [](std::string_view text) {
        std::string out;
        for (const char ch : text)
            out += ch == '\n' ? std::string("%0A") : ch == ' ' ? std::string("%20") : std::string(1, ch);
        return out;
    };
    const auto response = [&](std::string_view path, std::string_view header, std::string_view chain,
                              const std::string& body) {
        return R"({"url":"https://pcs)" + std::string(path) + R"(","headers":{)" + json::quoted(header) +
               ":[" + json::quoted(encoded(chain)) + R"(]},"body_base64":")" + to_base64(as_bytes(body)) +
               "\"}";
    };
    const std::string root_crl(as_text(*from_hex(c.root_ca_crl)));
    const std::string pck_crl(as_text(*from_hex(c.pck_crl)));
    return R"({"id":"pcs","role":"endorsement","format":"https://tinfoil.sh/collateral/intel-pcs/v1",)"
           R"("subjects":["cpu"],"data":{"responses":[)" +
           response("/tdx/certification/v4/tcb?fmspc=0", "TCB-Info-Issuer-Chain", c.tcb_info_issuer_chain,
                    R"({"tcbInfo":)" + c.tcb_info + R"(,"signature":")" + c.tcb_info_signature + "\"}") +
           "," +
           response("/tdx/certification/v4/qe/identity", "SGX-Enclave-Identity-Issuer-Chain",
                    c.qe_identity_issuer_chain,
                    R"({"enclaveIdentity":)" + c.qe_identity + R"(,"signature":")" + c.qe_identity_signature +
                        "\"}") +
           "," +
           response("/sgx/certification/v4/pckcrl?ca=platform&encoding=der", "SGX-PCK-CRL-Issuer-Chain", "",
                    pck_crl) +
           "," + response("/IntelSGXRootCA.der", "x", "", root_crl) + "]}}";
}

/// A Tinfoil document of the third generation.
struct TinfoilDocument {
    Service service;
    std::string keys =
        R"({"format":"https://tinfoil.sh/crypto-material/v1","items":[{"id":"tls","format":"https://tinfoil.sh/key/spki-fp-sha256/v1","data":")" +
        to_hex(service.spki.view()) +
        R"("},{"id":"hpke","format":"https://tinfoil.sh/key/x25519-hpke/v1","data":")" +
        to_hex(kHpke.view()) + "\"}]}";
    std::string devices = R"({"format":"https://tinfoil.sh/device-evidence/v1","items":[]})";
    std::string collateral = "[" + pcs_entry() + "]";
    std::string algorithm = "https://tinfoil.sh/report-data/v1";
    std::string extra;
    std::optional<std::string> keys_hash, devices_hash;
    std::optional<ReportData> stated;
    std::optional<Bytes> quote;  ///< instead of a genuine one

    [[nodiscard]] std::string text() const {
        const Digest256 a = crypto::sha256(as_bytes(keys)), b = crypto::sha256(as_bytes(devices));
        const ReportData data = evidence::tinfoil_v3_report_data(nonce_of(9), a, b);
        return R"({"format":"https://tinfoil.sh/predicate/attestation/v3","challenge":{"nonce":")" +
               to_hex(nonce_of(9).view()) + R"(","report_data":")" + to_hex(stated.value_or(data).view()) +
               R"(","report_data_algorithm":")" + algorithm +
               R"("},"cpu_evidence":{"format":"https://tinfoil.sh/format/tdx-quote/v1","report_base64":")" +
               to_base64(quote ? *quote : *from_hex(service.quote(data))) +
               R"(","endorsed":{"crypto_material_hash":")" + keys_hash.value_or(to_hex(a.view())) +
               R"(","device_evidence_hash":")" + devices_hash.value_or(to_hex(b.view())) +
               R"("}},"crypto_material":")" + to_base64(as_bytes(keys)) + R"(","device_evidence":")" +
               to_base64(as_bytes(devices)) + R"(","collateral":)" + collateral + extra + "}";
    }
    /// The code of the error, or `accepted`.
    [[nodiscard]] std::string error(const ReportDemand& d = demand()) const {
        return error_of(verify_report(text(), d));
    }
};

/// A Tinfoil document of the second generation, with bytes behind its packed quote.
inline std::string tinfoil_v2(const Service& s, const ReportData& data, const Bytes& behind = {}) {
    Bytes packed = evidence::gzip(*from_hex(s.quote(data)));
    append(packed, behind);
    return R"({"format":"https://tinfoil.sh/predicate/tdx-guest/v2","body":")" + to_base64(packed) + "\"}";
}

/// A web server's certificate that carries bytes in its names, as Tinfoil's do.
struct WebServer {
    Bytes key = crypto::der::sequence({crypto::der::utf8("a key of the web server")});
    std::vector<std::string> names = {"example.com"};

    [[nodiscard]] Digest256 spki() const { return crypto::sha256(key); }
    void carry(std::string_view label, ByteView bytes) {
        constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
        std::string text;
        std::uint32_t bits = 0;
        unsigned have = 0;
        for (const std::uint8_t byte : bytes) {
            bits = (bits << 8 | byte) & 0xfff;
            for (have += 8; have >= 5; have -= 5)
                text += kDigits[(bits >> (have - 5)) & 31];
        }
        if (have > 0) text += kDigits[(bits << (5 - have)) & 31];
        for (std::size_t i = 0, at = 0; at < text.size(); ++i, at += 50)
            names.push_back("0" + std::to_string(i) + text.substr(at, 50) + "." + std::string(label) +
                            ".example.com");
    }
    [[nodiscard]] std::string pem() const {
        namespace der = crypto::der;
        Bytes list;
        for (const std::string& name : names)
            append(list, der::element(0x82, as_bytes(name)));
        const Bytes san =
            der::sequence({der::oid("2.5.29.17"), der::octet_string(der::element(der::kSequence, list))});
        const Bytes some = der::sequence({der::utf8("x")});
        const Bytes tbs =
            der::sequence({der::context(0, der::integer(std::uint64_t{2})), der::integer(std::uint64_t{7}),
                           some, some, der::sequence({der::time(kNow - 10), der::time(kNow + 10)}), some, key,
                           der::context(3, der::sequence({san}))});
        return der::to_pem("CERTIFICATE", der::sequence({tbs, some, der::bit_string(Bytes(64, 0))}));
    }
};

/// A Tinfoil bundle: a v2 document, and the certificate that belongs to it unless a test takes it away.
struct TinfoilBundleText {
    Service service;
    WebServer web;
    std::string document = tinfoil_v2(service, evidence::tinfoil_v2_report_data(web.spki(), kHpke.view()));
    bool with_certificate = true;
    std::string domain = "example.com", extra = R"(,"digest":"d","sigstoreBundle":{},"vcek":"AA==")";

    /// SHA-256 over format and body of the document.
    [[nodiscard]] Digest256 hash() const {
        return evidence::TinfoilV2::from(json::Document::parse(document)->root())->document_hash;
    }
    [[nodiscard]] std::string text() const {
        return R"({"domain":)" + json::quoted(domain) + R"(,"enclaveAttestationReport":)" + document +
               (with_certificate ? R"(,"enclaveCert":)" + json::quoted(web.pem()) : "") + extra + "}";
    }
};

/// A SEV-SNP report whose fields tell themselves apart, with this report_data.
inline Bytes snp_report(const ReportData& data) {
    Bytes out(evidence::SnpFields::kSize, 0);
    const auto fill = [&out](std::size_t offset, std::size_t size, std::uint8_t value) {
        std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(offset), size, value);
    };
    out[0x000] = 3;
    out[0x004] = 9;
    fill(0x090, 48, 0xaa);
    fill(0x0c0, 32, 0xbb);
    fill(0x180, 8, 0xcc);
    fill(0x1a0, 64, 0xdd);
    std::ranges::copy(data.bytes, out.begin() + 0x050);
    return out;
}

}  // namespace lumoz::verify::testing
