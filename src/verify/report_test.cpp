// SPDX-License-Identifier: Apache-2.0
#include "verify/report.hpp"

#include "base/hex.hpp"
#include "base/testing.hpp"
#include "crypto/sha2.hpp"
#include "evidence/cmw.hpp"
#include "verify/answer.hpp"
#include "verify/test_tee.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>

namespace lumoz::verify {
namespace {

using testing::TestTd;
using testing::TestTee;
constexpr UnixTime kNow = TestTee::kNow;

const TestTee& tee() {
    static const TestTee instance;
    return instance;
}

template <class S>
S seed(std::uint8_t fill) {
    std::array<std::uint8_t, 32> raw{};
    raw.fill(fill);
    return S(raw);
}

Nonce nonce_of(std::uint8_t fill) {
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

std::string document(const Service::Members& members) {
    std::string out = "{";
    for (const auto& [name, value] : members)
        out += (out.size() == 1 ? "" : ",") + json::quoted(name) + ":" + value;
    return out + "}";
}

ReportDemand demand(std::optional<Nonce> nonce = nonce_of(9)) {
    ReportDemand out;
    out.roots.also_accept(tee().root_pin());
    out.policy.allow_unknown_measurement = true;
    out.now = kNow;
    out.nonce = nonce;
    return out;
}

std::string error_of(const ReportVerdict& verdict) {
    const auto error = verdict.verdict.error();
    return error ? std::string(error->rule) : "accepted";
}

bool mentions(const Verdict& verdict, std::string_view code) {
    return std::ranges::find(verdict.not_checked(), code, &NotChecked::code) != verdict.not_checked().end();
}

TEST(Report, AcceptsEachFormAndSaysWhatItProves) {
    const Service s;
    using Form = evidence::BindingForm;
    for (const Form form : {Form::Plain, Form::Tls, Form::Lumoz}) {
        const ReportVerdict got = verify_report(document(s.members(nonce_of(9), form)), demand());
        ASSERT_EQ(error_of(got), "accepted") << got.verdict.to_json();
        EXPECT_EQ(got.report->form(), form);
        EXPECT_EQ(got.report->ecdsa_address(), s.ecdsa.address());
        EXPECT_EQ(got.report->nonce(), nonce_of(9));
        EXPECT_EQ(got.report->keyset().has_value(), form == Form::Lumoz);
        EXPECT_EQ(got.report->tls_keys().size(), form == Form::Plain ? 0U : 1U);
        EXPECT_EQ(mentions(got.verdict, "N_MODEL"), form != Form::Lumoz);
        EXPECT_TRUE(got.verdict.simulated());
        EXPECT_TRUE(mentions(got.verdict, "N_GPU"));
        EXPECT_TRUE(mentions(got.verdict, "N_MEASUREMENT"));
        EXPECT_EQ(got.verdict.exit_code(), 0);
    }
}

TEST(Report, TheSimulatedRootIsRefusedUnlessNamed) {
    ReportDemand without = demand();
    without.roots = RootPins();
    const Service s;
    const auto got = verify_report(document(s.members(nonce_of(9), evidence::BindingForm::Lumoz)), without);
    EXPECT_EQ(error_of(got), "E_CHAIN_ROOT_UNTRUSTED");
    EXPECT_FALSE(got.report.has_value());
    EXPECT_EQ(got.verdict.rules().back().outcome, Outcome::NotReached);
}

TEST(Report, AnUnknownMeasurementIsAFindingUnlessAllowed) {
    const Service s;
    const std::string text = document(s.members(nonce_of(9), evidence::BindingForm::Lumoz));
    ReportDemand strict = demand();
    strict.policy = Policy{};
    const auto got = verify_report(text, strict);
    EXPECT_EQ(error_of(got), "P_MEASUREMENT");
    EXPECT_TRUE(got.report.has_value());
    EXPECT_EQ(got.verdict.exit_code(), 10);
    EXPECT_TRUE(got.verdict.established("models").has_value());
    strict.policy = *Policy::parse(R"({"mr_td":[")" + to_hex(Bytes(48, 0x4d)) + R"("]})");
    EXPECT_EQ(error_of(verify_report(text, strict)), "accepted");
    strict.policy = *Policy::parse(R"({"mr_td":[")" + to_hex(Bytes(48, 0x4e)) + R"("]})");
    EXPECT_EQ(error_of(verify_report(text, strict)), "P_MEASUREMENT");
}

TEST(Report, PolicyDemandsGpuAndModel) {
    const Service s;
    const std::string text = document(s.members(nonce_of(9), evidence::BindingForm::Lumoz));
    ReportDemand d = demand();
    d.policy.require_gpu = true;
    EXPECT_EQ(error_of(verify_report(text, d)), "P_GPU_MISSING");
    d = demand();
    d.policy.model_root = {s.statement.models[0].model_root};
    EXPECT_EQ(error_of(verify_report(text, d)), "accepted");
    d.policy.model_root = {evidence::sha256_text(Digest256())};
    EXPECT_EQ(error_of(verify_report(text, d)), "P_MODEL");
    const std::string plain = document(s.members(nonce_of(9), evidence::BindingForm::Plain));
    EXPECT_EQ(error_of(verify_report(plain, d)), "P_MODEL");
}

struct Bend {
    const char* what;
    evidence::BindingForm form;
    std::function<void(Service::Members&)> bend;
    const char* error;
};

TEST(Report, RefusesEachBentMemberByName) {
    using Form = evidence::BindingForm;
    using Members = Service::Members;
    const Service s;
    const std::string zeros = json::quoted("0x" + std::string(40, '0'));
    const std::string other_digest = json::quoted(evidence::sha256_text(Digest256()));
    const Bend bends[] = {
        {"no quote", Form::Plain, [](Members& m) { m.erase("intel_quote"); }, "E_REPORT_PARSE"},
        {"quote not hex", Form::Plain, [](Members& m) { m["intel_quote"] = "\"zz\""; }, "E_REPORT_PARSE"},
        {"no collateral", Form::Plain, [](Members& m) { m.erase("collateral"); }, "E_REPORT_COLLATERAL"},
        {"bad collateral", Form::Plain, [](Members& m) { m["collateral"] = "{}"; }, "E_COLLATERAL_PARSE"},
        {"address of another", Form::Plain,
         [&](Members& m) { m["signing_address"] = json::quoted("0x" + std::string(40, '1')); }, "E_BINDING"},
        {"zero address", Form::Plain, [&](Members& m) { m["signing_address"] = zeros; }, "E_BINDING"},
        {"address too short", Form::Plain, [](Members& m) { m["signing_address"] = "\"0x12\""; },
         "E_REPORT_MEMBER"},
        {"algorithm", Form::Plain, [](Members& m) { m["signing_algo"] = "\"rsa\""; }, "E_REPORT_MEMBER"},
        {"public key of another", Form::Plain,
         [](Members& m) { m["signing_public_key"] = json::quoted(std::string(128, '1')); },
         "E_REPORT_MEMBER"},
        {"nonce stated differently", Form::Plain,
         [](Members& m) { m["request_nonce"] = json::quoted(to_hex(nonce_of(8).view())); }, "E_BINDING"},
        {"fingerprint not bound", Form::Plain,
         [](Members& m) { m["tls_cert_fingerprint"] = json::quoted(std::string(64, '2')); },
         "E_REPORT_MEMBER"},
        {"fingerprint of another", Form::Tls,
         [](Members& m) { m["tls_cert_fingerprint"] = json::quoted(std::string(64, '2')); }, "E_BINDING"},
        {"statement changed", Form::Lumoz, [](Members& m) { m["statement"].insert(2, " "); }, "E_BINDING"},
        {"signing key not in the statement", Form::Lumoz,
         [](Members& m) { m["signing_address"] = json::quoted("0x" + std::string(40, '1')); },
         "E_REPORT_MEMBER"},
        {"statement names another nonce", Form::Lumoz,
         [](Members& m) { m["request_nonce"] = json::quoted(to_hex(nonce_of(8).view())); }, "E_STATEMENT"},
        {"keyset digest", Form::Lumoz, [&](Members& m) { m["keyset_digest"] = other_digest; }, "E_STATEMENT"},
        {"config digest", Form::Lumoz,
         [](Members& m) { m["config_sha256"] = json::quoted(std::string(64, '0')); }, "E_STATEMENT"},
        {"no keyset", Form::Lumoz, [](Members& m) { m.erase("keyset"); }, "E_KEYSET"},
        {"keyset not JSON of the form", Form::Lumoz, [](Members& m) { m["keyset"] = "{}"; }, "E_KEYSET"},
        {"keyset changed", Form::Lumoz,
         [](Members& m) { m["keyset"].replace(m["keyset"].find("receipt-1"), 9, "receipt-2"); }, "E_KEYSET"},
        {"event missing", Form::Lumoz, [](Members& m) { m["event_log"] = "[]"; }, "E_RTMR_MISMATCH"},
        {"event log unreadable", Form::Lumoz, [](Members& m) { m["event_log"] = "[1]"; }, "E_EVENTLOG_PARSE"},
        {"compose changed", Form::Lumoz,
         [](Members& m) { m["info"] = R"({"tcb_info":{"app_compose":"x"}})"; }, "E_COMPOSE"},
        {"GPU evidence", Form::Lumoz, [](Members& m) { m["nvidia_payload"] = R"("{}")"; }, "E_GPU_UNCHECKED"},
    };
    for (const Bend& b : bends) {
        Members members = s.members(nonce_of(9), b.form);
        b.bend(members);
        EXPECT_EQ(error_of(verify_report(document(members), demand())), b.error) << b.what;
    }
}

TEST(Report, AReplayForAnotherNonceIsRefusedInEachForm) {
    const Service s;
    using Form = evidence::BindingForm;
    for (const Form form : {Form::Plain, Form::Tls, Form::Lumoz}) {
        const std::string text = document(s.members(nonce_of(9), form));
        EXPECT_EQ(error_of(verify_report(text, demand(nonce_of(10)))), "E_NONCE_MISMATCH");
        const auto none = verify_report(text, demand(std::nullopt));
        EXPECT_EQ(error_of(none), "accepted");
        EXPECT_TRUE(mentions(none.verdict, "N_NONCE"));
    }
}

TEST(Report, TheTlsKeySeenMustBeInTheEvidence) {
    const Service s;
    ReportDemand d = demand();
    d.tls_spki = s.spki;
    using Form = evidence::BindingForm;
    EXPECT_EQ(error_of(verify_report(document(s.members(nonce_of(9), Form::Tls)), d)), "accepted");
    EXPECT_EQ(error_of(verify_report(document(s.members(nonce_of(9), Form::Lumoz)), d)), "accepted");
    EXPECT_EQ(error_of(verify_report(document(s.members(nonce_of(9), Form::Plain)), d)), "E_TLS_KEY");
    d.tls_spki = Digest256();
    EXPECT_EQ(error_of(verify_report(document(s.members(nonce_of(9), Form::Lumoz)), d)), "E_TLS_KEY");
}

TEST(Report, AKeysetPastItsTimeIsRefused) {
    Service s;
    s.keyset.not_after = kNow;
    s.statement.keyset_digest = s.keyset.digest();
    EXPECT_EQ(
        error_of(verify_report(document(s.members(nonce_of(9), evidence::BindingForm::Lumoz)), demand())),
        "E_KEYSET");
}

TEST(Report, AciAttestationBindsKeysetAndNonce) {
    const Service s;
    ReportDemand d = demand();
    EXPECT_EQ(error_of(verify_report(s.aci(nonce_of(9)), d)), "E_REPORT_COLLATERAL");
    d.collateral = tee().collateral();
    const auto got = verify_report(s.aci(nonce_of(9)), d);
    EXPECT_EQ(error_of(got), "accepted") << got.verdict.to_json();
    EXPECT_TRUE(got.report->keyset().has_value());
    EXPECT_EQ(error_of(verify_report(s.aci(nonce_of(8)), d)), "E_NONCE_MISMATCH");
    EXPECT_EQ(error_of(verify_report(s.aci(std::nullopt), d)), "E_NONCE_MISMATCH");
    d.nonce.reset();
    EXPECT_EQ(error_of(verify_report(s.aci(std::nullopt), d)), "accepted");
    EXPECT_EQ(error_of(verify_report(s.aci(nonce_of(8)), d)), "E_BINDING");
}

TEST(Report, KnowsFormsItDoesNotCheck) {
    const auto error = [](std::string_view text) {
        const auto got = verify_report(text, demand());
        return error_of(got) + " " + std::to_string(got.verdict.exit_code());
    };
    EXPECT_EQ(error(R"({"format":"https://tinfoil.sh/predicate/tdx-guest/v2","body":""})"),
              "E_REPORT_FORM 20");
    EXPECT_EQ(error(R"({"cpu_evidence":"","tee_type":"sev_snp"})"), "E_REPORT_FORM 20");
    EXPECT_EQ(error("{"), "E_REPORT_PARSE 30");
    EXPECT_EQ(error("[]"), "E_REPORT_PARSE 30");
    EXPECT_EQ(error("{}"), "E_REPORT_PARSE 30");
}

TEST(StoredEvidence, IsVerifiedAsOfItsMaking) {
    const Service s;
    ReportDemand d = demand();
    d.now = kNow + 10 * 365 * 86400;
    const auto got = verify_stored_evidence(s.stored(kNow - 100), s.keyset.digest(), d);
    ASSERT_EQ(error_of(got), "accepted") << got.verdict.to_json();
    EXPECT_EQ(got.report->made_at(), kNow - 100);
    EXPECT_TRUE(mentions(got.verdict, "N_MADE_AT"));
    EXPECT_FALSE(mentions(got.verdict, "N_NONCE"));
    EXPECT_EQ(error_of(verify_stored_evidence(s.stored(kNow - 100), s.keyset.digest(), d, d.now)),
              "E_CERT_EXPIRED");
    EXPECT_EQ(error_of(verify_stored_evidence(s.stored(kNow), evidence::sha256_text(Digest256()), d)),
              "E_KEYSET");
    EXPECT_EQ(error_of(verify_stored_evidence(s.stored(kNow, nonce_of(1)), s.keyset.digest(), d)),
              "E_NONCE_MISMATCH");
    EXPECT_EQ(error_of(verify_stored_evidence("{}", s.keyset.digest(), d)), "E_CMW_COLLECTION");
}

// ---- answers

struct Exchange {
    std::string request = R"({"model":"tiny"})";
    std::string response = R"({"id":"x"})";
    [[nodiscard]] std::string text() const {
        return to_hex(crypto::sha256(as_bytes(request)).view()) + ":" +
               to_hex(crypto::sha256(as_bytes(response)).view());
    }
    [[nodiscard]] std::string ecdsa(const crypto::Secp256k1Key& key) const {
        return R"({"text":")" + text() + R"(","signature":"0x)" + to_hex(key.sign_personal(text()).view()) +
               R"(","signing_address":")" + crypto::to_eip55(key.address()) + R"(","signing_algo":"ecdsa"})";
    }
    [[nodiscard]] std::string ed25519(const crypto::Ed25519Key& key) const {
        return R"({"text":")" + text() + R"(","signature":")" + to_hex(key.sign(as_bytes(text())).view()) +
               R"(","signing_address":")" + to_hex(key.public_key().view()) +
               R"(","signing_algo":"ed25519"})";
    }
    /// A receipt, signed after `bend` had its way with the unsigned text.
    [[nodiscard]] std::string receipt(const Service& s,
                                      const std::function<void(std::string&)>& bend = {}) const {
        const auto hash = [](std::string_view body) {
            return evidence::sha256_text(crypto::sha256(as_bytes(body)));
        };
        std::string text =
            R"({"api_version":"aci/1","receipt_id":"rcpt-1","chat_id":"x","model":"tiny","workload_keyset_digest":")" +
            s.keyset.digest() + R"(","endpoint":"/v1/chat/completions","method":"POST","served_at":)" +
            std::to_string(kNow) + R"(,"event_log":[{"type":"request.received","body_hash":")" +
            hash(request) + R"("},{"type":"lumoz.model","model_root":")" + s.statement.models[0].model_root +
            R"("},{"type":"lumoz.config","config_sha256":")" + to_hex(s.statement.config_sha256.view()) +
            R"("},{"type":"lumoz.completeness","complete":true},{"type":"response.returned","body_hash":")" +
            hash(response) + R"("}],"key_id":"receipt-1"})";
        if (bend) bend(text);
        const std::string signature = to_hex(s.receipt.sign(as_bytes(*json::canonical(text))).view());
        text.insert(text.size() - 1, R"(,"signature":")" + signature + '"');
        return text;
    }
    [[nodiscard]] std::string proof(const Service& s) const { return proof(s, receipt(s)); }
    [[nodiscard]] std::string proof(const Service& s, const std::string& receipt_text) const {
        return R"({"signatures":[)" + ecdsa(s.ecdsa) + "," + ed25519(s.ed25519) + R"(],"receipt":)" +
               receipt_text + R"(,"keyset_digest":")" + s.keyset.digest() + R"("})";
    }
};

std::string answer_error(const Exchange& e, const std::string& proof, const VerifiedReport* report) {
    const Verdict v = verify_answer(as_bytes(e.request), as_bytes(e.response), proof, report);
    const auto error = v.error();
    return error ? std::string(error->rule) : "accepted";
}

TEST(Answer, AcceptsWhatTheEvidenceProves) {
    const Service s;
    const Exchange e;
    const auto evidence = verify_stored_evidence(s.stored(kNow - 10), s.keyset.digest(), demand());
    const Verdict v = verify_answer(as_bytes(e.request), as_bytes(e.response), e.proof(s), &*evidence.report);
    EXPECT_TRUE(v.accepted()) << v.to_json();
    EXPECT_TRUE(v.simulated());
    EXPECT_TRUE(v.not_checked().empty());
    const Verdict alone = verify_answer(as_bytes(e.request), as_bytes(e.response), e.proof(s), nullptr);
    EXPECT_TRUE(alone.accepted());
    EXPECT_TRUE(mentions(alone, "N_SIGNER"));
}

TEST(Answer, APlainReportLinksItsOwnKeyOnly) {
    const Service s;
    const Exchange e;
    const auto plain =
        verify_report(document(s.members(nonce_of(9), evidence::BindingForm::Plain)), demand());
    const Verdict v = verify_answer(as_bytes(e.request), as_bytes(e.response), e.proof(s), &*plain.report);
    EXPECT_TRUE(v.accepted()) << v.to_json();
    EXPECT_TRUE(mentions(v, "N_SIGNER"));
    EXPECT_TRUE(mentions(v, "N_RECEIPT"));
    const std::string only_ed25519 = R"({"signatures":[)" + e.ed25519(s.ed25519) + "]}";
    EXPECT_EQ(answer_error(e, only_ed25519, &*plain.report), "E_SIGNER_UNKNOWN");
}

TEST(Answer, RefusesEachForgeryByName) {
    const Service s;
    const Exchange e;
    const auto evidence = verify_stored_evidence(s.stored(kNow - 10), s.keyset.digest(), demand());
    const VerifiedReport* report = &*evidence.report;
    Exchange other = e;
    other.response += " ";
    EXPECT_EQ(answer_error(other, e.proof(s), report), "E_RESPONSE_HASH");
    other = e;
    other.request += " ";
    EXPECT_EQ(answer_error(other, e.proof(s), report), "E_REQUEST_HASH");
    const auto stranger = *crypto::Secp256k1Key::from(seed<crypto::Secp256k1Seed>(7));
    EXPECT_EQ(answer_error(e, R"({"signatures":[)" + e.ecdsa(stranger) + "]}", report), "E_SIGNER_UNKNOWN");
    EXPECT_EQ(answer_error(e, "{}", report), "E_PROOF_EMPTY");
    EXPECT_EQ(answer_error(e, "[]", report), "E_PROOF_PARSE");
    std::string forged = e.ecdsa(s.ecdsa);
    forged[forged.find("0x") + 70] ^= 1;
    EXPECT_EQ(answer_error(e, forged, report), "E_SIGNATURE");
    std::string keyset = e.proof(s);
    keyset.replace(keyset.rfind("sha256:") + 7, 4, "0000");
    EXPECT_EQ(answer_error(e, keyset, report), "E_KEYSET");
}

TEST(Answer, RefusesEachBentReceiptByName) {
    const Service s;
    const Exchange e;
    const auto evidence = verify_stored_evidence(s.stored(kNow - 10), s.keyset.digest(), demand());
    const auto error = [&](const char* from, const char* to) {
        const std::string receipt = e.receipt(s, [&](std::string& text) {
            const std::size_t at = text.find(from);
            ASSERT_NE(at, std::string::npos) << from;
            text.replace(at, std::string_view(from).size(), to);
        });
        return answer_error(e, R"({"receipt":)" + receipt + "}", &*evidence.report);
    };
    EXPECT_EQ(error("aci/1", "aci/1"), "accepted");
    EXPECT_EQ(error("aci/1", "aci/9"), "E_RECEIPT_VERSION");
    EXPECT_EQ(error("request.received", "request.other"), "E_RECEIPT_FIRST_EVENT");
    EXPECT_EQ(error("response.returned", "response.other"), "E_RECEIPT_EVENT");
    EXPECT_EQ(error("\"complete\":true", "\"complete\":false,\"cut_by\":\"client\""), "E_ANSWER_CUT");
    EXPECT_EQ(error("\"key_id\":\"receipt-1\"", "\"key_id\":\"receipt-2\""), "E_RECEIPT_KEY");
    EXPECT_EQ(error("\"model\":\"tiny\"", "\"model\":\"huge\""), "E_ANSWER_MODEL");
    EXPECT_EQ(error("\"served_at\":1800000000", "\"served_at\":1700000000"), "E_RECEIPT_TIME");
    EXPECT_EQ(error("\"served_at\":1800000000", "\"served_at\":1900000000"), "E_RECEIPT_TIME");
    EXPECT_EQ(error("\"served_at\":1800000000", "\"served_at\":\"x\""), "E_RECEIPT_PARSE");
    EXPECT_EQ(error("\"config_sha256\":\"", "\"config_sha256\":\"0"), "E_ANSWER_CONFIG");
    Exchange other = e;
    other.response += " ";
    const std::string proof = R"({"receipt":)" + e.receipt(s) + "}";
    EXPECT_EQ(answer_error(other, proof, &*evidence.report), "E_RECEIPT_RESPONSE");
    other = e;
    other.request += " ";
    EXPECT_EQ(answer_error(other, proof, &*evidence.report), "E_RECEIPT_REQUEST");
    std::string unsigned_change = e.receipt(s);
    unsigned_change.replace(unsigned_change.find("rcpt-1"), 6, "rcpt-2");
    EXPECT_EQ(answer_error(e, R"({"receipt":)" + unsigned_change + "}", &*evidence.report),
              "E_RECEIPT_SIGNATURE");
}

}  // namespace
}  // namespace lumoz::verify
