// SPDX-License-Identifier: Apache-2.0
// A service with its keys and the documents that it serves, for tests of reports and answers.
#pragma once

#include "base/hex.hpp"
#include "crypto/sha2.hpp"
#include "evidence/cmw.hpp"
#include "verify/report.hpp"
#include "verify/test_tee.hpp"

#include <map>

namespace lumoz::verify::testing {

inline constexpr UnixTime kNow = TestTee::kNow;

inline const TestTee& tee() {
    static const TestTee instance;
    return instance;
}

template <class S>
S seed(std::uint8_t fill) {
    std::array<std::uint8_t, 32> raw{};
    raw.fill(fill);
    return S(raw);
}

inline Nonce nonce_of(std::uint8_t fill) {
    Nonce out;
    out.bytes.fill(fill);
    return out;
}

/// A service with its keys, and the documents that it serves.
struct Service {
    crypto::Secp256k1Key ecdsa = *crypto::Secp256k1Key::from(seed<crypto::Secp256k1Seed>(1));
    crypto::Ed25519Key ed25519 = crypto::Ed25519Key::from(seed<crypto::Ed25519Seed>(2));
    crypto::Ed25519Key receipt = crypto::Ed25519Key::from(seed<crypto::Ed25519Seed>(3));
    Digest256 spki = crypto::sha256(as_bytes("spki"));
    evidence::Keyset keyset;
    evidence::LumozStatement statement;
    std::vector<evidence::Event> events;
    TestTd td;
    std::string compose = "services: {}";

    Service() {
        keyset.not_after = kNow + 7 * 86400;
        keyset.receipt_signing_keys.push_back({"receipt-1", "ed25519", to_hex(receipt.public_key().view())});
        statement.config_sha256 = crypto::sha256(as_bytes("config"));
        statement.keyset_digest = keyset.digest();
        statement.models.push_back({"tiny", evidence::sha256_text(crypto::sha256(as_bytes("weights")))});
        statement.spki_sha256 = spki;
        statement.v1_ecdsa = ecdsa.public_key();
        statement.v1_ed25519 = ed25519.public_key();
        const Digest256 hash = crypto::sha256(as_bytes(compose));
        td.mr_config_id.bytes[0] = 1;
        std::ranges::copy(hash.bytes, td.mr_config_id.bytes.begin() + 1);
        add_event("compose-hash", to_bytes(hash.view()));
        add_event("system-ready", {});
    }
    void add_event(std::string name, Bytes payload) {
        const Digest384 digest = evidence::runtime_event_digest(name, payload);
        td.rtmr[3] = evidence::extend(td.rtmr[3], digest);
        events.push_back({3, evidence::kRuntimeEvent, digest, std::move(name), std::move(payload)});
    }
    [[nodiscard]] std::string quote(const ReportData& data) const {
        TestTd with = td;
        with.report_data = data;
        return to_hex(tee().quote(with));
    }

    using Members = std::map<std::string, std::string>;
    /// The members of a report as JSON texts.
    [[nodiscard]] Members members(const Nonce& nonce, evidence::BindingForm form) const {
        Members out;
        const auto text = [&](const char* name, std::string_view value) { out[name] = json::quoted(value); };
        text("signing_algo", "ecdsa");
        text("signing_address", crypto::to_eip55(ecdsa.address()));
        text("signing_public_key", to_hex(ecdsa.public_key().view()));
        text("request_nonce", to_hex(nonce.view()));
        text("keyset_digest", keyset.digest());
        text("gpu_attestation", "none");
        out["keyset"] = keyset.canonical();
        out["collateral"] = tee().collateral().to_json();
        out["event_log"] = evidence::to_json(events);
        out["info"] = R"({"tcb_info":{"app_compose":)" + json::quoted(compose) + "}}";
        ReportData data = evidence::plain_report_data(ecdsa.address().view(), nonce);
        if (form == evidence::BindingForm::Tls) {
            text("tls_cert_fingerprint", to_hex(spki.view()));
            data = evidence::tls_report_data(ecdsa.address().view(), spki, nonce);
        } else if (form == evidence::BindingForm::Lumoz) {
            evidence::LumozStatement bound = statement;
            bound.nonce = nonce;
            text("statement", bound.text());
            data = evidence::statement_report_data(bound.text());
        }
        text("intel_quote", quote(data));
        return out;
    }
    [[nodiscard]] std::string aci(const std::optional<Nonce>& nonce) const {
        const ReportData data =
            evidence::statement_report_data(evidence::aci_statement(keyset.digest(), nonce));
        return R"({"api_version":"aci/1","workload_keyset_digest":)" + json::quoted(keyset.digest()) +
               R"(,"attestation":{"tee_type":"tdx","workload_keyset":)" + keyset.canonical() +
               R"(,"evidence":{"quote":")" + quote(data) + R"(","event_log":)" +
               json::quoted(evidence::to_json(events)) + R"(,"app_compose":)" + json::quoted(compose) + "}}}";
    }
    [[nodiscard]] std::string stored(UnixTime made_at, const std::optional<Nonce>& nonce = {}) const {
        evidence::LumozStatement bound = statement;
        bound.nonce = nonce;
        const std::string text = bound.text();
        const Bytes raw = *from_hex(quote(evidence::statement_report_data(text)));
        const auto record = [](const char* label, std::string_view type, std::string_view value) {
            return evidence::CmwRecord{label, std::string(type), to_bytes(as_bytes(value)), 4};
        };
        const std::vector<evidence::CmwRecord> records = {
            record("cpu0", evidence::kCmwQuote, evidence::tsm_report_json("tdx_guest", raw)),
            record("statement", evidence::kCmwStatement, text),
            record("keyset", evidence::kCmwKeyset, keyset.canonical()),
            record("eventlog", evidence::kCmwEventLog, evidence::to_json(events)),
            record("collateral", evidence::kCmwCollateral, tee().collateral().to_json()),
            record("made_at", evidence::kCmwMadeAt, std::to_string(made_at))};
        return evidence::cmw_collection("tag:example.com,2026:evidence/v1", records);
    }
};

inline std::string document(const Service::Members& members) {
    std::string out = "{";
    for (const auto& [name, value] : members)
        out += (out.size() == 1 ? "" : ",") + json::quoted(name) + ":" + value;
    return out + "}";
}

inline ReportDemand demand(std::optional<Nonce> nonce = nonce_of(9)) {
    ReportDemand out;
    out.roots.also_accept(tee().root_pin());
    out.policy.allow_unknown_measurement = true;
    out.now = kNow;
    out.nonce = nonce;
    return out;
}

inline std::string error_of(const ReportVerdict& verdict) {
    const auto error = verdict.verdict.error();
    return error ? std::string(error->rule) : "accepted";
}

inline bool mentions(const Verdict& verdict, std::string_view code) {
    return std::ranges::find(verdict.not_checked(), code, &NotChecked::code) != verdict.not_checked().end();
}

}  // namespace lumoz::verify::testing
