// SPDX-License-Identifier: Apache-2.0
// Certificates, revocation lists, TCB info, QE identity and event logs: own cases beside the shared vectors
// of verify/.
#include "base/hex.hpp"
#include "base/testing.hpp"
#include "crypto/sha2.hpp"
#include "evidence/crl.hpp"
#include "evidence/event_log.hpp"
#include "evidence/qe_identity.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

namespace der = crypto::der;

template <class T>
std::string error_of(const Result<T>& result) {
    return result ? "accepted" : std::string(result.error().rule);
}

std::optional<Bytes> intel_root() {
    const auto dir = testing::vectors_dir();
    if (!dir) return std::nullopt;
    return to_bytes(as_bytes(testing::read_file(*dir / "tdx/roots/intel-sgx-root-ca.der")));
}

TEST(Certificate, ReadsIntelsRoot) {
    const auto raw = intel_root();
    if (!raw) GTEST_SKIP() << "no shared vectors";
    const auto root = Certificate::parse(*raw);
    ASSERT_TRUE(root.has_value()) << root.error().where << root.error().detail;
    EXPECT_EQ(root->common_name(), "Intel SGX Root CA");
    EXPECT_TRUE(root->ca);
    EXPECT_TRUE(root->key_cert_sign);
    EXPECT_TRUE(equal(root->issuer(), root->subject()));
    EXPECT_EQ(to_hex(crypto::sha256(root->spki()).view()),
              "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e");
    EXPECT_TRUE(root->sgx_extension().empty());
    EXPECT_EQ(error_of(parse_pck_extension(*root)), "E_PCK_EXTENSION");
    EXPECT_TRUE(crypto::p256_verify(root->key, root->tbs(), root->signature));
    EXPECT_EQ(to_hex(root->serial()), "22650cd65a9d3489f383b49552bf501b392706ac");
}

TEST(Certificate, EveryTruncationAndFlipIsRefusedOrNoLongerSigned) {
    const auto raw = intel_root();
    if (!raw) GTEST_SKIP() << "no shared vectors";
    for (std::size_t size = 0; size < raw->size(); ++size)
        ASSERT_EQ(error_of(Certificate::parse(ByteView(*raw).first(size))), "E_CERT_PARSE") << size;
    Bytes longer = *raw;
    longer.push_back(0);
    EXPECT_EQ(error_of(Certificate::parse(longer)), "E_CERT_PARSE");
    const auto root = Certificate::parse(*raw);
    for (std::size_t i = 0; i < raw->size(); ++i) {
        Bytes bent = *raw;
        bent[i] ^= 0x01;
        const auto got = Certificate::parse(bent);
        if (!got) {
            EXPECT_TRUE(error_of(got) == "E_CERT_PARSE" || error_of(got) == "E_CERT_EXTENSION") << i;
            continue;
        }
        EXPECT_FALSE(crypto::p256_verify(root->key, got->tbs(), got->signature)) << i;
    }
}

TEST(Certificate, NamesAreUtf8AndOidsAreWhole) {
    const auto raw = intel_root();
    if (!raw) GTEST_SKIP() << "no shared vectors";
    const auto bend = [&](std::string_view at, std::size_t offset, std::uint8_t value) {
        Bytes bent = *raw;
        const auto found = std::ranges::search(bent, as_bytes(at)).begin();
        *(found + static_cast<std::ptrdiff_t>(offset)) = value;
        return error_of(Certificate::parse(bent));
    };
    EXPECT_EQ(bend("Santa Clara", 7, 0xec), "E_CERT_PARSE");
    EXPECT_EQ(bend("\x06\x03\x55\x04\x03", 2, 0x80), "E_CERT_PARSE") << "an arc with a leading zero";
    EXPECT_EQ(bend("\x06\x03\x55\x04\x03", 4, 0x83), "E_CERT_PARSE") << "an arc without an end";
}

TEST(Certificate, PemTextHoldsNothingElse) {
    const auto raw = intel_root();
    if (!raw) GTEST_SKIP() << "no shared vectors";
    const std::string pem = der::to_pem("CERTIFICATE", *raw);
    EXPECT_EQ(split_certificates(pem + pem)->size(), 2U);
    EXPECT_EQ(split_certificates(pem + std::string(1, '\0'))->size(), 1U);
    EXPECT_TRUE(split_certificates("")->empty());
    EXPECT_EQ(error_of(split_certificates(pem + "x")), "E_CERT_PARSE");
    EXPECT_EQ(error_of(split_certificates(der::to_pem("TRUSTED CERTIFICATE", *raw))), "E_CERT_PARSE");
    EXPECT_EQ(error_of(split_certificates(as_text(*raw))), "E_CERT_PARSE");
}

TEST(Crl, EncodingsAreSniffedOnce) {
    const Bytes der = {0x30, 0x00};
    EXPECT_EQ(*decode_crl("3000"), der);
    EXPECT_EQ(*decode_crl(der::to_pem("X509 CRL", der)), der);
    EXPECT_EQ(error_of(decode_crl("")), "E_CRL_PARSE");
    EXPECT_EQ(error_of(decode_crl("300")), "E_CRL_PARSE");
    EXPECT_EQ(error_of(decode_crl(der::to_pem("CERTIFICATE", der))), "E_CRL_PARSE");
    EXPECT_EQ(error_of(Crl::parse(der)), "E_CRL_PARSE");
    EXPECT_EQ(error_of(Crl::parse(*decode_crl("33303030"))), "E_CRL_PARSE") << "hex of hex";
}

std::string components() {
    std::string out = "[";
    for (int i = 0; i < 16; ++i)
        out += i == 0 ? R"({"svn":1,"category":"BIOS"})" : R"(,{"svn":0})";
    return out + "]";
}

std::string sgx_level(int pcesvn, std::string_view status) {
    return R"({"tcb":{"sgxtcbcomponents":)" + components() + R"(,"pcesvn":)" + std::to_string(pcesvn) +
           R"(},"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":")" + std::string(status) + R"("})";
}

std::string sgx_info(const std::string& levels) {
    return R"({"id":"SGX","version":3,"issueDate":"2026-01-01T00:00:00Z","nextUpdate":"2026-02-01T00:00:00Z",)"
           R"("fmspc":"00906ED50000","pceId":"0000","tcbType":0,"tcbEvaluationDataNumber":19,"tcbLevels":[)" +
           levels + "]}";
}

TEST(TcbInfo, SortsLevelsWhateverTheFileSays) {
    const auto info = TcbInfo::parse(sgx_info(sgx_level(5, "OutOfDate") + "," + sgx_level(13, "UpToDate")));
    ASSERT_TRUE(info.has_value()) << info.error().detail;
    EXPECT_EQ(info->levels[0].pcesvn, 13);
    EXPECT_EQ(info->levels[1].status, TcbStatus::OutOfDate);
    EXPECT_EQ(info->label(info->levels[0].sgx[0]).category, "BIOS");
    EXPECT_EQ(info->label(info->levels[0].sgx[1]).category, "");
}

TEST(TcbInfo, RefusesByName) {
    const std::string good = sgx_info(sgx_level(13, "UpToDate"));
    EXPECT_EQ(error_of(TcbInfo::parse(good)), "accepted");
    const auto error = [&](std::string_view from, std::string_view to) {
        std::string bent = good;
        const std::size_t at = bent.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        return error_of(TcbInfo::parse(bent.replace(at, from.size(), to)));
    };
    EXPECT_EQ(error(R"("UpToDate")", R"("Fine")"), "E_TCB_UNRECOGNIZED");
    EXPECT_EQ(error(R"("UpToDate")", R"("TDRelaunchAdvised")"), "E_TCB_UNRECOGNIZED");
    EXPECT_EQ(error(R"("UpToDate")", "7"), "E_TCBINFO_PARSE");
    EXPECT_EQ(error(R"("tcbType":0)", R"("tcbType":1)"), "E_TCBINFO_PARSE");
    EXPECT_EQ(error(R"("version":3)", R"("version":2)"), "E_TCBINFO_PARSE") << "v2 has other components";
    EXPECT_EQ(error(R"("id":"SGX")", R"("id":"TDX")"), "E_TCBINFO_PARSE") << "no tdxModule";
    EXPECT_EQ(error(R"("pcesvn":13)", R"("pcesvn":65536)"), "E_TCBINFO_PARSE");
    EXPECT_EQ(error(R"({"svn":0},)", ""), "E_TCBINFO_PARSE") << "15 components";
    EXPECT_EQ(error(R"("tcbStatus")", R"("advisoryIDs":null,"tcbStatus")"), "E_TCBINFO_PARSE");
    EXPECT_EQ(error(R"("tcbStatus")", R"("advisoryIDs":["A"],"tcbStatus")"), "accepted");
    EXPECT_EQ(error(R"("id":"SGX")", R"("id":"SGX","tdxModule":{})"), "E_TCBINFO_PARSE");
    EXPECT_EQ(error_of(TcbInfo::parse(sgx_info(""))), "E_TCBINFO_PARSE");
    EXPECT_EQ(error_of(TcbInfo::parse(sgx_info(sgx_level(1, "UpToDate") + "," + sgx_level(1, "Revoked")))),
              "E_TCBINFO_PARSE")
        << "one level twice";
}

TEST(QeIdentity, RefusesByName) {
    const std::string good =
        R"({"id":"QE","version":2,"issueDate":"2026-01-01T00:00:00Z","nextUpdate":"2026-02-01T00:00:00Z",)"
        R"("tcbEvaluationDataNumber":19,"miscselect":"00000000","miscselectMask":"FFFFFFFF","attributes":")" +
        std::string(32, '0') + R"(","attributesMask":")" + std::string(32, 'F') + R"(","mrsigner":")" +
        std::string(64, '0') +
        R"(","isvprodid":1,"tcbLevels":[{"tcb":{"isvsvn":8},"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"UpToDate"},)"
        R"({"tcb":{"isvsvn":9},"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"OutOfDate"}]})";
    const auto identity = QeIdentity::parse(good);
    ASSERT_TRUE(identity.has_value()) << identity.error().detail;
    EXPECT_EQ(identity->levels[0].isvsvn, 9);
    const auto error = [&](std::string_view from, std::string_view to) {
        std::string bent = good;
        return error_of(QeIdentity::parse(bent.replace(bent.find(from), from.size(), to)));
    };
    EXPECT_EQ(error(R"("id":"QE")", R"("id":"XX")"), "E_QEID_PARSE");
    EXPECT_EQ(error(R"("isvprodid":1)", R"("isvprodid":65536)"), "E_QEID_PARSE");
    EXPECT_EQ(error(R"("FFFFFFFF")", R"("FFFFFFF")"), "E_QEID_PARSE");
    EXPECT_EQ(error(R"("OutOfDate")", R"("SWHardeningNeeded")"), "E_TCB_UNRECOGNIZED");
    EXPECT_EQ(error("2026-01-01T", "2026-02-30T"), "E_QEID_PARSE");
}

std::string runtime_event(std::string_view name, std::string_view payload, std::string_view more = "") {
    return R"({"imr":3,"event_type":134217729,"digest":"","event":")" + std::string(name) +
           R"(","event_payload":")" + std::string(payload) + "\"" + std::string(more) + "}";
}

TEST(EventLog, ReplaysAndReadsBack) {
    const auto log = parse_event_list("[" + runtime_event("a", "00") + "," + runtime_event("b", "") + "]");
    ASSERT_TRUE(log.has_value()) << log.error().detail;
    const Bytes payload = {0};
    Digest384 want = extend(Digest384(), runtime_event_digest("a", payload));
    want = extend(want, runtime_event_digest("b", {}));
    EXPECT_EQ(log->rtmr[3], want);
    const auto again = parse_event_list(to_json(log->events));
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->rtmr, log->rtmr);
}

TEST(EventLog, ALaterEventDoesNotOverrideAnEarlierOne) {
    const auto log =
        parse_event_list("[" + runtime_event("app-id", "01") + "," + runtime_event("system-ready", "") + "," +
                         runtime_event("app-id", "02") + "," + runtime_event("late", "03") + "]");
    EXPECT_EQ(log->boot_event("app-id")->payload, Bytes{1});
    EXPECT_EQ(log->boot_event("late"), nullptr);
    EXPECT_EQ(log->boot_event("none"), nullptr);
}

TEST(EventLog, NamesCountInTheirPhaseOnly) {
    const auto log = parse_event_list(
        "[" + runtime_event("compose-hash", "01") + "," + runtime_event("boot-mr-done", "") + "," +
        runtime_event("app-id", "02") + "," + runtime_event("key-provider", "03") + "," +
        runtime_event("system-ready", "") + "," + runtime_event("os-image-hash", "04") + "]");
    ASSERT_TRUE(log.has_value());
    EXPECT_NE(log->boot_event("compose-hash"), nullptr);
    EXPECT_NE(log->boot_event("boot-mr-done"), nullptr);
    EXPECT_EQ(log->boot_event("app-id"), nullptr) << "behind the marker of its phase";
    EXPECT_NE(log->boot_event("key-provider"), nullptr);
    EXPECT_NE(log->boot_event("system-ready"), nullptr);
    EXPECT_EQ(log->boot_event("os-image-hash"), nullptr);
}

TEST(EventLog, PhasesTellWhichEventsCount) {
    BootPhases phases;
    EXPECT_TRUE(phases.counts("app-id"));
    EXPECT_FALSE(phases.counts("app-id")) << "again";
    EXPECT_TRUE(phases.counts("mine"));
    EXPECT_TRUE(phases.counts("mine")) << "names of the application may repeat";
    EXPECT_TRUE(phases.counts("boot-mr-done"));
    EXPECT_FALSE(phases.counts("compose-hash")) << "too late";
    EXPECT_TRUE(phases.counts("os-image-hash"));
    EXPECT_TRUE(phases.counts("system-ready"));
    EXPECT_FALSE(phases.counts("key-provider"));
    EXPECT_FALSE(phases.counts("system-ready"));
    EXPECT_TRUE(phases.counts("mine"));
}

TEST(EventLog, ErrorsNameTheByteOfTheEvent) {
    const std::string good = runtime_event("a", "00");
    const auto detail = [&](const std::string& bad) {
        return parse_event_list(" [" + good + ", " + bad + "]").error().detail;
    };
    const std::string at = "offset " + std::to_string(good.size() + 4) + ": event 1: ";
    EXPECT_EQ(detail("{}"), at + "imr: missing");
    EXPECT_EQ(detail(runtime_event("a", "", R"(,"preimage":"00")")),
              at + "the digest is not that of the content");
    EXPECT_EQ(parse_event_list("[1, x]").error().detail, "offset 4: value expected");
}

TEST(EventLog, AFalseDigestIsRefusedAndNotMalformed) {
    const auto log = parse_event_list("[" + runtime_event("a", "", R"(,"preimage":"00")") + "]");
    EXPECT_EQ(log.error().code, Errc::Refused);
    EXPECT_EQ(parse_event_list("[{}]").error().code, Errc::Malformed);
}

TEST(EventLog, RefusesByName) {
    const auto error = [](const std::string& event) { return error_of(parse_event_list("[" + event + "]")); };
    EXPECT_EQ(error(runtime_event("a", "zz")), "E_EVENTLOG_PARSE");
    EXPECT_EQ(error(runtime_event("a", "", R"(,"version":3)")), "E_EVENTLOG_PARSE");
    EXPECT_EQ(error(runtime_event("a", "", R"(,"version":2)")), "accepted");
    EXPECT_EQ(error(runtime_event("a", "", R"(,"preimage":"00")")), "E_EVENT_DIGEST");
    EXPECT_EQ(error("1"), "E_EVENTLOG_PARSE");
    EXPECT_EQ(error("{}"), "E_EVENTLOG_PARSE");
    EXPECT_EQ(error_of(parse_event_list("{}")), "E_EVENTLOG_PARSE");
    std::string elsewhere = runtime_event("a", "");
    elsewhere.replace(elsewhere.find("\"imr\":3"), 7, "\"imr\":2");
    EXPECT_EQ(error(elsewhere), "E_EVENTLOG_INDEX");
    std::string boot = elsewhere;
    boot.replace(boot.find("134217729"), 9, "1");
    EXPECT_EQ(error(boot), "E_EVENT_DIGEST") << "a boot event needs its digest";
    boot.replace(boot.find("\"imr\":2"), 7, "\"imr\":3");
    EXPECT_EQ(error(boot), "E_EVENTLOG_INDEX") << "its digest would go unchecked";
}

}  // namespace
}  // namespace lumoz::evidence
