// SPDX-License-Identifier: Apache-2.0
// Policies: the words of each objection, the limits of each list. Codes by policy are in the shared vectors.
#include "base/hex.hpp"
#include "base/testing.hpp"
#include "verify/policy.hpp"
#include "verify/test_bends.hpp"
#include "verify/test_service.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

using testing::Approved;
using testing::tee;
using testing::TestTd;

std::string list_of(std::initializer_list<Bytes> values) {
    std::string out = "[";
    for (const Bytes& value : values)
        out += (out.size() == 1 ? "" : ",") + json::quoted(to_hex(value));
    return out + "]";
}

std::string objections(const evidence::Quote& quote, const TdxResult& result, const std::string& policy) {
    const auto parsed = Policy::parse(policy);
    EXPECT_TRUE(parsed.has_value()) << policy;
    std::string out;
    for (const Finding& finding : evaluate(quote, result, *parsed))
        out += (out.empty() ? "" : " | ") + std::string(finding.code) + ": " + finding.what;
    return out.empty() ? "none" : out;
}

/// A result of a platform that is up to date but for one advisory.
TdxResult result() {
    TdxResult out;
    out.tcb_status = out.current_tcb_status = evidence::TcbStatus::UpToDate;
    out.advisories = {"INTEL-SA-1", "INTEL-SA-2"};
    out.tcb_eval = 19;
    out.tcb_date = testing::kNow;
    out.pck.fmspc.bytes.fill(5);
    out.pck.ppid.bytes.fill(6);
    return out;
}

const Bytes kFmspc(6, 5), kPpid(16, 6), kPiid(16, 7), kOther6(6, 9), kOther16(16, 9), kOther48(48, 9),
    kMrTd(48, 0x4d);

TEST(PolicyRule, TheWordsOfEachObjectionToATd) {
    TestTd td;
    const auto quote = *evidence::Quote::parse(tee().quote(td));
    Approved approved("policy_td");
    TdxResult with_id = result();
    with_id.pck.platform_instance_id.emplace();
    with_id.pck.platform_instance_id->bytes.fill(7);
    for (const std::string& policy :
         {std::string("{}"),
          std::string(R"({"accept_status":["OutOfDate"]})"),
          std::string(R"({"accept_current_status":["OutOfDate"]})"),
          std::string(R"({"deny_advisories":["INTEL-SA-2","INTEL-SA-1"]})"),
          std::string(R"({"allow_advisories":[]})"),
          std::string(R"({"allow_advisories":["INTEL-SA-1","INTEL-SA-2"]})"),
          std::string(R"({"deny_advisories":["INTEL-SA-1"],"allow_advisories":["INTEL-SA-1"]})"),
          std::string(R"({"min_tcb_eval":19})"),
          std::string(R"({"min_tcb_eval":20})"),
          std::string(R"({"min_tcb_date":"2027-01-15T08:00:00Z"})"),
          std::string(R"({"min_tcb_date":"2027-01-15T08:00:01Z"})"),
          R"({"allow_fmspc":)" + list_of({kFmspc}) + "}",
          R"({"allow_fmspc":)" + list_of({kOther6}) + "}",
          R"({"allow_ppid":)" + list_of({kOther16, kPpid}) + "}",
          R"({"allow_ppid":)" + list_of({kOther16}) + "}",
          R"({"allow_piid":)" + list_of({kPiid}) + "}",
          R"({"allow_piid":)" + list_of({kOther16}) + "}",
          R"({"deny_ppid":)" + list_of({kPpid}) + "}",
          R"({"deny_ppid":)" + list_of({kOther16}) + "}",
          R"({"allow_fmspc":)" + list_of({kOther6}) + R"(,"allow_ppid":)" + list_of({kOther16}) + "}",
          R"({"mr_td":)" + list_of({kMrTd}) + "}",
          R"({"mr_td":)" + list_of({kOther48}) + "}",
          R"({"mr_enclave":)" + list_of({Bytes(32, 0)}) + "}",
          std::string(R"({"isv_prod_id":[0]})"),
          std::string(R"({"min_isv_svn":0})"),
          R"({"report_data":)" + json::quoted(std::string(128, '0')) + "}",
          R"({"report_data":)" + json::quoted(std::string(128, '1')) + "}",
          R"({"service_td":)" + list_of({kOther48}) + "}",
          R"({"service_td":)" + list_of({Bytes(48, 0)}) + "}"}) {
        approved.line(policy, objections(quote, result(), policy));
        if (policy.find("piid") != std::string::npos)
            approved.line(policy + "\twith an instance id", objections(quote, with_id, policy));
    }
}

TEST(PolicyRule, TheWordsOfEachObjectionToAttributes) {
    Approved approved("policy_attributes");
    for (unsigned bit = 0; bit < 64; ++bit) {
        TestTd td;
        Bytes attributes = {0, 0, 0, 0x10, 0, 0, 0, 0};
        attributes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        td.fields["td_attributes"] = attributes;
        const auto quote = *evidence::Quote::parse(tee().quote(td));
        approved.line("bit " + std::to_string(bit), objections(quote, result(), "{}"));
        approved.line(
            "bit " + std::to_string(bit) + ", all allowed",
            objections(quote, result(),
                       R"({"allow_debug":true,"allow_no_sept_ve_disable":true,"allow_migratable":true})"));
    }
}

TEST(PolicyRule, TheWordsOfEachObjectionToAnEnclave) {
    const auto vectors = lumoz::testing::vectors_dir();
    if (!vectors) GTEST_SKIP() << "no shared vectors";
    const auto quote = *evidence::Quote::parse(
        as_bytes(lumoz::testing::read_file(*vectors / "tdx/quotes/syn/ok-sgx-processor-ca.bin")));
    Approved approved("policy_enclave");
    const auto product = static_cast<std::int64_t>(*quote.integer("isv_prod_id"));
    const auto svn = static_cast<std::int64_t>(*quote.integer("isv_svn"));
    for (const std::int64_t other : {std::int64_t{0}, std::int64_t{1}}) {
        approved.line(
            "isv_prod_id +" + std::to_string(other),
            objections(quote, result(), R"({"isv_prod_id":[)" + std::to_string(product + other) + "]}"));
        approved.line("min_isv_svn +" + std::to_string(other),
                      objections(quote, result(), R"({"min_isv_svn":)" + std::to_string(svn + other) + "}"));
    }
    for (const std::string& policy :
         {R"({"mr_td":)" + list_of({kMrTd}) + "}", R"({"mr_enclave":)" + list_of({Bytes(32, 9)}) + "}",
          R"({"mr_signer":)" + list_of({to_bytes(*quote.field("mr_signer"))}) + "}"})
        approved.line(policy.substr(0, 20), objections(quote, result(), policy));
}

TEST(PolicyFile, ListsHaveTheirLimits) {
    const auto error = [](const std::string& policy) {
        const auto parsed = Policy::parse(policy);
        return parsed ? "read" : parsed.error().detail;
    };
    const auto many = [](std::size_t count) {
        std::string out = R"({"deny_advisories":[""])";
        out.pop_back();
        for (std::size_t i = 1; i < count; ++i)
            out += R"(,"")";
        return out + "]}";
    };
    EXPECT_EQ(error(many(4096)), "read");
    EXPECT_EQ(error(many(4097)), "deny_advisories: too many entries");
    EXPECT_EQ(error(R"({"deny_advisories":["",7]})"), "deny_advisories: not a list of texts");
    EXPECT_EQ(error(R"({"mr_td":["zz"]})"), "mr_td: not hex of 48 bytes");
    for (const char* bad : {"-1", "65536", "\"1\"", "1.5", "null"})
        EXPECT_EQ(error(R"({"isv_prod_id":[1,)" + std::string(bad) + "]}"),
                  "isv_prod_id: not a list of integers in range");
    const auto parsed = Policy::parse(R"({"isv_prod_id":[0,65535]})");
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->isv_prod_id, (std::vector<std::int64_t>{0, 65535}));
}

}  // namespace
}  // namespace lumoz::verify
