// SPDX-License-Identifier: Apache-2.0
// What is said of a whole report when one of its members is bent: every rule, fact, finding and remark. Which
// value of a member can be read is in report_input_test.cpp; here are the values that are read and are wrong.
#include "base/testing.hpp"
#include "verify/test_bends.hpp"
#include "verify/test_documents.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace lumoz::verify {
namespace {

using testing::Approved;
using testing::demand;
using testing::difference;
using testing::document;
using testing::kNow;
using testing::nonce_of;
using testing::said;
using testing::Said;
using testing::Service;
using testing::tee;
using Form = evidence::BindingForm;
using Members = Service::Members;

Said verified(const std::string& text, const ReportDemand& d = demand()) {
    return said(verify_report(text, d).verdict);
}

/// A table of reports that differ from a good one.
class Table {
public:
    Table(std::string_view name, Members good, ReportDemand d = demand())
        : approved_(name),
          good_(std::move(good)),
          demand_(std::move(d)),
          said_(verified(document(good_), demand_)) {
        approved_.whole("as it is", said_);
    }
    /// One member replaced; an empty value removes it.
    void set(const std::string& name, const std::string& value) {
        with(name + "\t" + (value.empty() ? "removed" : value.substr(0, 40)), [&](Members& m) {
            if (value.empty())
                m.erase(name);
            else
                m[name] = value;
        });
    }
    void with(const std::string& what, const std::function<void(Members&)>& bend) {
        Members members = good_;
        bend(members);
        approved_.line(what, difference(said_, verified(document(members), demand_)));
    }
    void demanding(const std::string& what, const std::function<void(ReportDemand&)>& bend) {
        ReportDemand other = demand_;
        bend(other);
        approved_.line(what, difference(said_, verified(document(good_), other)));
    }

private:
    Approved approved_;
    Members good_;
    ReportDemand demand_;
    Said said_;
};

/// A service whose TLS key has a certificate.
Service with_certificate() {
    Service out;
    out.spki = testing::WebServer().spki();
    out.statement.spki_sha256 = out.spki;
    return out;
}

std::string quoted_hex(ByteView bytes) {
    return json::quoted(to_hex(bytes));
}

/// Other addresses, algorithms and keys than the ones in the evidence.
void bend_keys(Table& table, const Service& s) {
    const Bytes ecdsa = to_bytes(s.ecdsa.public_key().view()),
                ed25519 = to_bytes(s.ed25519.public_key().view());
    const crypto::Secp256k1Key other = *crypto::Secp256k1Key::from(testing::seed<crypto::Secp256k1Seed>(7));
    table.set("signing_address", "");
    for (const std::string& address :
         {std::string(), std::string("zz"), std::string(40, '0'), "0x" + std::string(40, '0'),
          to_hex(s.ecdsa.address().view()), "0X" + to_hex(s.ecdsa.address().view()),
          to_hex(other.address().view()), to_hex(ed25519)})
        table.set("signing_address", json::quoted(address));
    table.set("signing_algo", "");
    for (const char* algo : {R"("")", R"("ed25519")", R"("rsa")"})
        table.set("signing_algo", algo);
    table.set("signing_public_key", "");
    for (const std::string& key :
         {std::string(), std::string("zz"), std::string("04"), "04" + to_hex(ecdsa), "05" + to_hex(ecdsa),
          "0x04" + to_hex(ecdsa), to_hex(other.public_key().view()), to_hex(ed25519), std::string(128, '0'),
          "04" + std::string(126, '0')})
        table.set("signing_public_key", json::quoted(key));
}

TEST(ReportBends, APlainReport) {
    const Service s = with_certificate();
    Table table("report_plain", s.members(nonce_of(9), Form::Plain));
    bend_keys(table, s);
    table.set("request_nonce", "");
    table.set("request_nonce", quoted_hex(nonce_of(8).view()));
    table.set("keyset", "7");
    table.set("keyset_digest", "\"x\"");
    table.set("statement", "\"{}\"");
    table.set("models", "[]");
    table.set("tls_certificate", json::quoted(testing::WebServer().pem()));
    table.set("tls_certificate", "\"x\"");
    table.set("tls_cert_fingerprint", quoted_hex(s.spki.view()));
    const ReportData bound = evidence::plain_report_data(s.ecdsa.address().view(), nonce_of(9));
    table.set("report_data", quoted_hex(bound.view()));
    table.set("report_data", quoted_hex(ReportData().view()));
    table.set("ohttp_key_config", "1");
    table.set("compose_manager_attestation", "1");
    table.set("nvidia_payload", "\"{}\"");
    table.with("GPU evidence and an unknown keyset", [](Members& m) {
        m["nvidia_payload"] = "{}";
        m["tls_cert_fingerprint"] = quoted_hex(Digest256().view());
    });
}

TEST(ReportBends, APlainReportOfAnEd25519Key) {
    const Service s;
    const Bytes key = to_bytes(s.ed25519.public_key().view());
    Members members = s.members(nonce_of(9), Form::Plain);
    members["signing_algo"] = R"("ed25519")";
    members["signing_address"] = quoted_hex(key);
    members["signing_public_key"] = quoted_hex(key);
    members["intel_quote"] = json::quoted(s.quote(evidence::plain_report_data(key, nonce_of(9))));
    Table table("report_plain_ed25519", members);
    bend_keys(table, s);
}

/// A key whose own first byte is the one that marks uncompressed keys.
crypto::Secp256k1Public key_like_a_mark() {
    for (unsigned i = 0;; ++i) {
        std::array<std::uint8_t, 32> raw{1, static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)};
        const auto key = *crypto::Secp256k1Key::from(crypto::Secp256k1Seed(raw));
        if (key.public_key().bytes[0] == 0x04) return key.public_key();
    }
}

TEST(ReportBends, AKeyThatBeginsLikeAMark) {
    const Service s;
    const crypto::Secp256k1Public key = key_like_a_mark();
    const EthAddress address = crypto::eth_address(key);
    Members members = s.members(nonce_of(9), Form::Plain);
    members["signing_address"] = quoted_hex(address.view());
    members["intel_quote"] = json::quoted(s.quote(evidence::plain_report_data(address.view(), nonce_of(9))));
    for (const char* mark : {"", "04"}) {
        members["signing_public_key"] = json::quoted(mark + to_hex(key.view()));
        EXPECT_EQ(testing::error_of(verify_report(document(members), demand())), "accepted") << mark;
    }
}

/// What is missing is told of every kind of quote.
TEST(ReportBends, NamesTheCollateralThatIsMissing) {
    const auto vectors = lumoz::testing::vectors_dir();
    if (!vectors) GTEST_SKIP() << "no shared vectors";
    Approved approved("report_missing_collateral");
    for (const char* name : {"ok-certtype1", "ok-certtype3", "ok-sgx-processor-ca"}) {
        const std::string quote =
            lumoz::testing::read_file(*vectors / "tdx/quotes/syn" / (std::string(name) + ".bin"));
        const Verdict got =
            verify_report(R"({"intel_quote":")" + to_hex(as_bytes(quote)) + "\"}", demand()).verdict;
        for (const Rule& rule : got.rules())
            if (rule.id == "report.collateral") approved.line(name, rule.detail);
        EXPECT_FALSE(got.proven());
    }
}

TEST(ReportBends, APlainReportUnderOtherDemands) {
    const Service s;
    Table table("report_demands", s.members(nonce_of(9), Form::Plain));
    table.demanding("no nonce", [](ReportDemand& d) { d.nonce.reset(); });
    table.demanding("another nonce", [](ReportDemand& d) { d.nonce = nonce_of(8); });
    table.demanding("a TLS key", [](ReportDemand& d) { d.tls_spki = Digest256(); });
    table.demanding("a measurement", [](ReportDemand& d) {
        d.policy = *Policy::parse(R"({"mr_td":[")" + to_hex(Bytes(48, 0x4d)) + R"("]})");
    });
    table.demanding("a measurement, and unknown ones allowed", [](ReportDemand& d) {
        d.policy = *Policy::parse(R"({"allow_unknown_measurement":true,"mr_td":[")" +
                                  to_hex(Bytes(48, 0x4d)) + R"("]})");
    });
    table.demanding("registers only", [](ReportDemand& d) {
        d.policy = *Policy::parse(R"({"rtmr0":[")" + std::string(96, '0') + R"("]})");
    });
    table.demanding("nothing", [](ReportDemand& d) { d.policy = Policy(); });
    table.demanding("a GPU", [](ReportDemand& d) { d.policy.require_gpu = true; });
    table.demanding("a model", [](ReportDemand& d) { d.policy.model_root.emplace(); });
    table.demanding("another root", [](ReportDemand& d) { d.roots = RootPins(); });
}

TEST(ReportBends, ATlsBoundReport) {
    const Service s = with_certificate();
    ReportDemand d = demand();
    d.tls_spki = s.spki;
    Table table("report_tls", s.members(nonce_of(9), Form::Tls), d);
    table.set("tls_cert_fingerprint", "");
    table.set("tls_cert_fingerprint", quoted_hex(Digest256().view()));
    table.set("tls_certificate", json::quoted(testing::WebServer().pem()));
    testing::WebServer other;
    other.key.back() ^= 1;
    table.set("tls_certificate", json::quoted(other.pem()));
    table.set("request_nonce", quoted_hex(nonce_of(8).view()));
    table.demanding("no TLS key", [](ReportDemand& r) { r.tls_spki.reset(); });
    table.demanding("another TLS key", [](ReportDemand& r) { r.tls_spki = Digest256(); });
}

TEST(ReportBends, AReportOfOurs) {
    const Service s = with_certificate();
    ReportDemand d = demand();
    d.policy.model_root = {s.statement.models[0].model_root};
    Table table("report_lumoz", s.members(nonce_of(9), Form::Lumoz), d);
    bend_keys(table, s);
    table.with("the Ed25519 key is named", [&](Members& m) {
        m["signing_algo"] = R"("ed25519")";
        m["signing_address"] = m["signing_public_key"] = quoted_hex(s.ed25519.public_key().view());
    });
    table.with("the Ed25519 key is named beside another", [&](Members& m) {
        m["signing_algo"] = R"("ed25519")";
        m["signing_address"] = quoted_hex(s.ed25519.public_key().view());
    });
    table.set("statement", "");
    table.set("request_nonce", "");
    table.set("keyset_digest", "");
    table.set("event_log", "");
    table.set("info", "");
    table.set("config_sha256", quoted_hex(s.statement.config_sha256.view()));
    table.set("config_sha256", quoted_hex(Digest256().view()));
    table.set("models", "[]");
    table.set("tls_certificate", json::quoted(testing::WebServer().pem()));
    evidence::Keyset keyset = s.keyset;
    ++keyset.not_after;
    table.set("keyset", keyset.canonical());
    table.demanding("another model", [](ReportDemand& r) { r.policy.model_root = {"sha256:x"}; });
    table.demanding("no nonce", [](ReportDemand& r) { r.nonce.reset(); });
    table.demanding("no word about models", [](ReportDemand& r) { r.policy.model_root.reset(); });
}

/// A table of services that differ from a good one, by their reports of one form.
class Services {
public:
    Services(std::string_view name, Form form)
        : approved_(name), form_(form), good_(verified(document(Service().members(nonce_of(9), form)))) {}
    void line(const char* what, const std::function<void(Service&)>& bend,
              const std::function<void(Members&)>& members = {}, const ReportDemand& demanded = demand()) {
        Service s;
        bend(s);
        s.statement.keyset_digest = s.keyset.digest();
        Members m = s.members(nonce_of(9), form_);
        if (members) members(m);
        approved_.line(what, difference(good_, verified(document(m), demanded)));
    }

private:
    Approved approved_;
    Form form_;
    Said good_;
};

/// What a statement says, each in a report of its own.
TEST(ReportBends, StatementsAndKeysetsOfOurs) {
    Services table("report_statements", Form::Lumoz);
    const auto line = [&](const char* what, const std::function<void(Service&)>& bend,
                          const std::function<void(ReportDemand&)>& demanding = {}) {
        ReportDemand d = demand();
        if (demanding) demanding(d);
        table.line(what, bend, {}, d);
    };
    line("no TLS key", [](Service& s) { s.statement.spki_sha256.reset(); });
    line("no model", [](Service& s) { s.statement.models.clear(); });
    line(
        "no model, and one is demanded", [](Service& s) { s.statement.models.clear(); },
        [](ReportDemand& d) { d.policy.model_root.emplace(); });
    line("two models", [](Service& s) { s.statement.models.push_back(s.statement.models[0]); });
    line("GPU evidence", [](Service& s) { s.statement.gpu_digest = Digest256(); });
    line(
        "GPU evidence, allowed", [](Service& s) { s.statement.gpu_digest = Digest256(); },
        [](ReportDemand& d) { d.policy.allow_unchecked_gpu = true; });
    line("a TLS key in the keyset",
         [](Service& s) { s.keyset.tls_public_keys.push_back({Digest256(), "example.com"}); });
    line("the same TLS key in the keyset",
         [](Service& s) { s.keyset.tls_public_keys.push_back({s.spki, "example.com"}); });
    line("a keyset that ends now", [](Service& s) { s.keyset.not_after = kNow; });
    line("a keyset that ends soon", [](Service& s) { s.keyset.not_after = kNow + 1; });
}

TEST(ReportBends, EventLogsAndComposeFiles) {
    Services table("report_logs", Form::Plain);
    const auto same = [](Service&) {};
    const auto no_log = [](Members& m) { m.erase("event_log"); };
    const auto unmeasured = [](Service& s) { s.td.mr_config_id = {}; };
    const auto no_event = [](Service& s) {
        s.events.clear();
        s.td.rtmr[3] = {};
    };
    table.line("no log", same, no_log);
    table.line("no log and no compose file", same, [](Members& m) {
        m.erase("event_log");
        m.erase("info");
    });
    table.line("configuration id of zeros", unmeasured);
    table.line("configuration id of zeros, no log", unmeasured, no_log);
    table.line("no event", no_event);
    table.line("no event, configuration id of zeros", [&](Service& s) {
        no_event(s);
        unmeasured(s);
    });
    table.line("another file in the configuration id", [](Service& s) { s.td.mr_config_id.bytes[1] ^= 1; });
    table.line("another file in an id of another kind", [](Service& s) {
        s.td.mr_config_id.bytes[0] = 2;
        s.td.mr_config_id.bytes[1] ^= 1;
    });
    table.line("another file in the event", [](Service& s) {
        s.events.clear();
        s.td.rtmr[3] = {};
        s.add_event("compose-hash", Bytes(32, 1));
    });
    table.line("one more event", [](Service& s) { s.add_event("x", {1}); });
    table.line("RTMR1 differs", [](Service& s) { s.td.rtmr[1].bytes[0] = 1; });
}

TEST(ReportBends, WithoutCollateral) {
    const Service s;
    Members members = s.members(nonce_of(9), Form::Plain);
    members.erase("collateral");
    Table table("report_no_collateral", members);
    table.set("signing_address", json::quoted(std::string(40, '1')));
    table.set("event_log", "[]");
    table.set("nvidia_payload", "{}");
    table.with("longer by zeros",
               [](Members& m) { m["intel_quote"].insert(m["intel_quote"].size() - 1, "00"); });
    members["intel_quote"].insert(members["intel_quote"].size() - 1, "01");
    EXPECT_EQ(verify_report(document(members), demand()).verdict.error()->where, "tdx.quote.trailing");
    table.demanding("with collateral", [](ReportDemand& d) { d.collateral = tee().collateral(); });
    table.demanding("another nonce", [](ReportDemand& d) { d.nonce = nonce_of(8); });
    table.demanding("no weakening", [](ReportDemand& d) { d.policy = Policy(); });
}

TEST(ReportBends, ASevSnpReport) {
    const Service s;
    Members members = s.members(nonce_of(9), Form::Plain);
    for (const char* name : {"intel_quote", "collateral"})
        members.erase(name);
    const auto report = [](ByteView bytes) { return json::quoted(to_base64(bytes)); };
    const Bytes snp = testing::snp_report(evidence::plain_report_data(s.ecdsa.address().view(), nonce_of(9)));
    members["tee_type"] = R"("sev_snp")";
    members["cpu_evidence"] = report(snp);
    Table table("report_snp", members);
    table.set("cpu_evidence", report(ByteView(snp).first(snp.size() - 1)));
    Bytes other = snp;
    other[0] = 1;
    table.set("cpu_evidence", report(other));
    table.set("cpu_evidence", report(testing::snp_report(ReportData())));
    table.set("signing_address", json::quoted(std::string(40, '1')));
    table.demanding("another nonce", [](ReportDemand& d) { d.nonce = nonce_of(8); });
    table.demanding("collateral is at hand", [](ReportDemand& d) { d.collateral = tee().collateral(); });
}

/// Turns a report into one of SEV-SNP.
void take_snp(Members& members, const ReportData& data) {
    members.erase("intel_quote");
    members["tee_type"] = R"("sev_snp")";
    members["cpu_evidence"] = json::quoted(to_base64(testing::snp_report(data)));
}

/// One more sentence about a document beside a good one.
void line(Approved& approved, const Said& good, const char* what, const std::string& text,
          const ReportDemand& d) {
    approved.line(what, difference(good, verified(text, d)));
}

TEST(ReportBends, AnAciAttestation) {
    const Service s;
    ReportDemand d = demand();
    d.collateral = tee().collateral();
    Approved approved("report_aci");
    const std::string text = s.aci(nonce_of(9));
    const Said good = verified(text, d);
    approved.whole("as it is", good);
    const auto replaced = [&](std::string_view from, const std::string& to) {
        std::string out = text;
        out.replace(out.find(from), from.size(), to);
        return out;
    };
    line(approved, good, "keyset of another form", replaced(s.keyset.canonical(), "{}"), d);
    line(approved, good, "keyset digest of another", replaced(s.keyset.digest(), "sha256:x"), d);
    line(approved, good, "no log", replaced("\"event_log\"", "\"other\""), d);
    line(approved, good, "another compose file", replaced(json::quoted(s.compose), "\"x\""), d);
    line(approved, good, "for no nonce", s.aci(std::nullopt), d);
    line(approved, good, "for another nonce", s.aci(nonce_of(8)), d);
    d.nonce.reset();
    line(approved, good, "no nonce demanded", s.aci(std::nullopt), d);
    const auto stapled = [&](const std::string& statement) {
        std::string out = s.aci(nonce_of(8));
        out.insert(1, "\"statement\":" + json::quoted(statement) + ",");
        return out;
    };
    line(approved, good, "its statement beside it",
         stapled(evidence::aci_statement(s.keyset.digest(), nonce_of(8))), d);
    for (const char* statement : {"", "[]", "{}", R"({"nonce":null})", R"({"nonce":7})", R"({"nonce":"00"})"})
        line(approved, good, (std::string("a statement beside it: ") + statement).c_str(), stapled(statement),
             d);
}

TEST(ReportBends, ATinfoilDocumentOfTheThirdGeneration) {
    Approved approved("report_tinfoil_v3");
    const testing::TinfoilDocument v3;
    const Said good = verified(v3.text());
    approved.whole("as it is", good);
    const auto bent = [&](const char* what, const std::function<void(testing::TinfoilDocument&)>& bend,
                          bool gpu = true) {
        testing::TinfoilDocument other;
        bend(other);
        ReportDemand d = demand();
        d.policy.allow_unchecked_gpu = gpu;
        line(approved, good, what, other.text(), d);
    };
    const auto devices = [](std::string_view items) {
        return R"({"format":"https://tinfoil.sh/device-evidence/v1","items":[)" + std::string(items) + "]}";
    };
    const auto device = [](std::string_view id, std::string_view kind, std::string_view vendor) {
        return R"({"id":")" + std::string(id) + R"(","kind":")" + std::string(kind) + R"(","vendor":")" +
               std::string(vendor) + R"(","format":"f","evidence":{}})";
    };
    bent("a GPU, not allowed", [&](auto& v) { v.devices = devices(device("0", "gpu", "x")); }, false);
    bent("devices", [&](auto& v) {
        v.devices = devices(device("0", "gpu", "x") + "," + device("1", "switch", "nvidia") + "," +
                            device("2", "nic", "x"));
    });
    bent("collateral of others without Sigstore", [](auto& v) {
        v.collateral.insert(v.collateral.size() - 1, R"(,{"id":"o","role":"r","format":"other","data":{}})");
    });
    bent("collateral of others", [](auto& v) {
        const auto entry = [](std::string_view id, std::string_view format) {
            return R"(,{"id":")" + std::string(id) + R"(","role":"r","format":")" + std::string(format) +
                   R"(","data":{}})";
        };
        v.collateral.insert(v.collateral.size() - 1,
                            entry("s", "https://x/sigstore/v1") + entry("o", "other"));
    });
    bent("no TLS key", [](auto& v) { v.keys.replace(v.keys.find("\"tls\""), 5, "\"oth\""); });
    bent("hash of the keys", [](auto& v) { v.keys_hash = to_hex(Digest256().view()); });
    bent("hash of the devices", [](auto& v) { v.devices_hash = to_hex(Digest256().view()); });
    bent("stated report_data", [](auto& v) { v.stated = ReportData(); });
    bent("a quote for another", [](auto& v) { v.quote = *from_hex(v.service.quote(ReportData())); });
    bent("SEV-SNP", [](auto& v) { v.quote = Bytes{1}; });
}

TEST(ReportBends, ATinfoilDocumentOfTheSecondGeneration) {
    Approved approved("report_tinfoil_v2");
    ReportDemand d = demand(std::nullopt);
    d.collateral = tee().collateral();
    const Service s;
    const auto text = [&](const Digest256& tls, const Digest256& hpke) {
        return testing::tinfoil_v2(s, evidence::tinfoil_v2_report_data(tls, hpke.view()));
    };
    const Said good = verified(text(s.spki, testing::kHpke), d);
    approved.whole("as it is", good);
    line(approved, good, "no HPKE key", text(s.spki, Digest256()), d);
    line(approved, good, "no TLS key", text(Digest256(), testing::kHpke), d);
    line(approved, good, "a nonce", text(s.spki, testing::kHpke), [&] {
        ReportDemand other = d;
        other.nonce = nonce_of(9);
        return other;
    }());
}

TEST(ReportBends, ATinfoilBundle) {
    Approved approved("report_tinfoil_bundle");
    ReportDemand d = demand(std::nullopt);
    d.collateral = tee().collateral();
    using Bundle = testing::TinfoilBundleText;
    const Bundle plain;
    const Said good = verified(plain.text(), d);
    approved.whole("as it is", good);
    const auto bent = [&](const char* what, const std::function<void(Bundle&)>& bend) {
        Bundle bundle;
        bend(bundle);
        line(approved, good, what, bundle.text(), d);
    };
    bent("no certificate", [](Bundle& b) { b.with_certificate = false; });
    bent("nothing else", [](Bundle& b) { b.extra.clear(); });
    bent("another key", [](Bundle& b) { b.web.key.back() ^= 1; });
    bent("another domain", [](Bundle& b) { b.domain = "example.org"; });
    bent("HPKE key in its names", [](Bundle& b) { b.web.carry("hpke", testing::kHpke.view()); });
    bent("another HPKE key in its names", [](Bundle& b) { b.web.carry("hpke", Digest256().view()); });
    bent("another document's hash", [](Bundle& b) { b.web.carry("hatt", Digest256().view()); });
    bent("no PEM", [](Bundle& b) {
        b.with_certificate = false;
        b.extra = R"(,"enclaveCert":"x")";
    });
    for (const bool as_text : {false, true}) {
        Bundle bundle;
        const Digest256 hash = bundle.hash();
        const std::string hex = to_hex(hash.view());
        bundle.web.carry("hatt", as_text ? as_bytes(hex) : hash.view());
        const Verdict got = verify_report(bundle.text(), d).verdict;
        EXPECT_TRUE(got.accepted()) << got.to_json();
        EXPECT_EQ(got.established("san_hatt_decoded"), json::quoted(hex));
        EXPECT_EQ(got.established("document_hash"), json::quoted(hex));
    }
}

TEST(ReportBends, FurtherReports) {
    Approved approved("report_lists");
    ReportDemand d = demand();
    d.tls_spki = testing::Fleet().service.spki;
    const Said good = verified(testing::Fleet().text(), d);
    approved.whole("as it is", good);
    const auto bent = [&](const char* what, const std::function<void(testing::Fleet&)>& bend,
                          const ReportDemand& demanded) {
        testing::Fleet fleet;
        bend(fleet);
        line(approved, good, what, fleet.text(), demanded);
    };
    bent("GPU evidence in one", [](auto& f) { f.first["nvidia_payload"] = "{}"; }, d);
    bent(
        "a wrong address in one",
        [](auto& f) { f.first["signing_address"] = json::quoted(std::string(40, '1')); }, d);
    bent("a quote of another in one", [](auto& f) { f.second["intel_quote"] = f.first["intel_quote"]; }, d);
    bent("no collateral", [](auto& f) { f.gateway.erase("collateral"); }, d);
    ReportDemand given = d;
    given.collateral = tee().collateral();
    bent("no collateral but the caller's", [](auto& f) { f.gateway.erase("collateral"); }, given);
    given.collateral = tee().collateral_revoking(2);
    bent("the caller's collateral refuses", [](auto&) {}, given);
    bent(
        "SEV-SNP in one",
        [](auto& f) {
            take_snp(f.first, evidence::plain_report_data(f.service.ecdsa.address().view(), nonce_of(9)));
        },
        d);
    bent("SEV-SNP in the last", [](auto& f) { take_snp(f.second, ReportData()); }, d);
    const testing::Fleet fleet;
    line(approved, good, "one brings its own collateral",
         R"({"gateway_attestation":)" + document(fleet.gateway) + R"(,"model_attestations":[)" +
             document(fleet.first) + "]}",
         given);
    bent(
        "SEV-SNP in front",
        [](auto& f) {
            take_snp(f.gateway, evidence::tls_report_data(f.service.ecdsa.address().view(), f.service.spki,
                                                          nonce_of(9)));
        },
        d);
}

TEST(ReportBends, StoredEvidence) {
    Approved approved("report_stored");
    const Service s;
    const auto verified_stored = [&](const std::string& text, std::string_view digest) {
        return said(verify_stored_evidence(text, digest, demand()).verdict);
    };
    const Said good = verified_stored(s.stored(kNow), s.keyset.digest());
    approved.whole("as it is", good);
    approved.line("no digest asked for", difference(good, verified_stored(s.stored(kNow), "")));
    approved.line("another digest", difference(good, verified_stored(s.stored(kNow), "sha256:x")));
    approved.line("for a nonce",
                  difference(good, verified_stored(s.stored(kNow, nonce_of(9)), s.keyset.digest())));
    approved.line("too early", difference(good, verified_stored(s.stored(1), s.keyset.digest())));
    Service other;
    other.statement.config_sha256 = Digest256();
    std::vector<evidence::CmwRecord> records = *evidence::parse_cmw(s.stored(kNow));
    for (evidence::CmwRecord& record : records)
        if (record.type == evidence::kCmwStatement) record.value = to_bytes(as_bytes(other.statement.text()));
    approved.line(
        "another statement",
        difference(good, verified_stored(evidence::cmw_collection("tag:example.com,2026:x", records),
                                         s.keyset.digest())));
}

TEST(ReportForms, HaveNamesAndANonceOrNone) {
    const std::pair<ReportForm, std::string_view> forms[] = {
        {ReportForm::VllmProxy, "vllm-proxy"}, {ReportForm::VllmProxyTls, "vllm-proxy-tls"},
        {ReportForm::Lumoz, "lumoz"},          {ReportForm::Aci, "aci"},
        {ReportForm::TinfoilV2, "tinfoil-v2"}, {ReportForm::TinfoilBundleV2, "tinfoil-bundle-v2"},
        {ReportForm::TinfoilV3, "tinfoil-v3"}, {ReportForm::LumozStored, "lumoz-stored"}};
    for (const auto& [form, name] : forms) {
        EXPECT_EQ(to_text(form), name);
        EXPECT_EQ(binds_nonce(form), !name.starts_with("tinfoil-") || name == "tinfoil-v3");
    }
}

}  // namespace
}  // namespace lumoz::verify
