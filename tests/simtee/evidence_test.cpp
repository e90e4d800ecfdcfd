// SPDX-License-Identifier: Apache-2.0
// The whole way of the evidence: simulated machine, its socket, the device that the service opens, and the
// verifier. What the simulator signs verifies against its own root, named, and against nothing else.
#include "base/hex.hpp"
#include "evidence/event_log.hpp"
#include "simtee/server.hpp"
#include "tee/device.hpp"
#include "verify/policy.hpp"
#include "verify/tdx.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <unistd.h>

namespace lumoz {
namespace {

constexpr UnixTime kNow = 1800000000;

Digest256 seed(std::uint8_t value) {
    Digest256 out;
    out.bytes.fill(value);
    return out;
}
ReportData report_data() {
    ReportData out;
    out.bytes.fill(0x5a);
    return out;
}

class SimulatedEvidence : public ::testing::Test {
protected:
    void SetUp() override {
        const std::string path =
            (std::filesystem::temp_directory_path() / ("lumoz-joint-" + std::to_string(::getpid()))).string();
        auto server = simtee::Server::listen(path, service_, {});
        ASSERT_TRUE(server) << server.error().detail;
        server_ = *std::move(server);
        auto device = tee::open({.guest_agent_socket = path});
        ASSERT_TRUE(device) << device.error().detail;
        device_ = *std::move(device);
        auto evidence = device_->quote(report_data());
        ASSERT_TRUE(evidence) << evidence.error().detail;
        evidence_ = *std::move(evidence);
        roots_.also_accept(machine_.vendor().root_pin());
    }
    /// The error of a verification, "" when it is accepted.
    static std::string error_of(const verify::TdxVerdict& verdict) {
        const auto error = verdict.verdict.error();
        return error ? std::string(error->rule) : std::string();
    }
    std::string verified(const evidence::Collateral& collateral, UnixTime now = kNow) const {
        return error_of(verify::verify_tdx(evidence_.quote, collateral, roots_, now));
    }

    simtee::Machine machine_{seed(1)};
    simtee::Service service_{machine_, [] {}};
    std::unique_ptr<simtee::Server> server_;
    std::unique_ptr<tee::Device> device_;
    tee::Evidence evidence_;
    verify::RootPins roots_;
};

TEST_F(SimulatedEvidence, VerifiesAgainstItsOwnRootAndSaysSimulated) {
    const auto verdict =
        verify::verify_tdx(evidence_.quote, machine_.vendor().collateral(kNow), roots_, kNow);
    ASSERT_TRUE(verdict.tdx) << error_of(verdict) << " " << verdict.verdict.error()->detail;
    EXPECT_TRUE(verdict.tdx->simulated());
    EXPECT_EQ(verdict.tdx->root(), machine_.vendor().root_pin());
    EXPECT_EQ(verdict.tdx->quote().report_data(), report_data());
    const verify::TdxResult& result = verdict.tdx->result();
    EXPECT_EQ(result.tcb_status, evidence::TcbStatus::UpToDate);
    EXPECT_EQ(result.module, evidence::TcbStatus::UpToDate);
    EXPECT_EQ(result.qe, evidence::TcbStatus::UpToDate);
    EXPECT_TRUE(result.advisories.empty());
    EXPECT_TRUE(result.remedies.empty());
    EXPECT_EQ(result.pck.ppid, machine_.vendor().platform().ppid);
}

TEST_F(SimulatedEvidence, IsRefusedWithoutItsRoot) {
    const auto collateral = machine_.vendor().collateral(kNow);
    const auto verdict = verify::verify_tdx(evidence_.quote, collateral, verify::RootPins(), kNow);
    EXPECT_FALSE(verdict.tdx);
    EXPECT_EQ(error_of(verdict), "E_CHAIN_ROOT_UNTRUSTED");
    verify::RootPins other;
    other.also_accept(simtee::Vendor(seed(2)).root_pin());
    EXPECT_EQ(error_of(verify::verify_tdx(evidence_.quote, collateral, other, kNow)),
              "E_CHAIN_ROOT_UNTRUSTED");
}

TEST_F(SimulatedEvidence, EndsWithItsCollateral) {
    const auto collateral = machine_.vendor().collateral(kNow);
    const UnixTime last = kNow - simtee::kBackdated + simtee::kCollateralLifetime;
    EXPECT_EQ(verified(collateral, last), "");
    EXPECT_EQ(verified(collateral, last + 1), "E_CRL_EXPIRED");
    EXPECT_EQ(verified(collateral, kNow - simtee::kBackdated), "");
    EXPECT_EQ(verified(collateral, kNow - simtee::kBackdated - 1), "E_CRL_NOT_YET_VALID");
    EXPECT_EQ(verified(machine_.vendor().collateral(last + 1), last + 1), "");
}

TEST_F(SimulatedEvidence, AFlippedBitAnywhereIsRefused) {
    const auto prepared = verify::PreparedCollateral::prepare(machine_.vendor().collateral(kNow), roots_);
    ASSERT_TRUE(verify::verify_tdx(evidence_.quote, prepared, kNow).tdx);
    std::size_t accepted = 0;
    for (std::size_t i = 0; i < evidence_.quote.size(); ++i) {
        Bytes flipped = evidence_.quote;
        flipped[i] = static_cast<std::uint8_t>(flipped[i] ^ (1U << (i % 8)));
        accepted += verify::verify_tdx(flipped, prepared, kNow).tdx ? 1 : 0;
    }
    EXPECT_EQ(accepted, 0U);
}

TEST_F(SimulatedEvidence, CollateralOfAnotherVendorIsRefused) {
    EXPECT_EQ(verified(simtee::Vendor(seed(2)).collateral(kNow)), "E_CRL_ISSUER");
    auto mixed = machine_.vendor().collateral(kNow);
    mixed.qe_identity_signature = simtee::Vendor(seed(2)).collateral(kNow).qe_identity_signature;
    EXPECT_EQ(verified(mixed), "E_QEID_SIGNATURE");
    mixed = machine_.vendor().collateral(kNow);
    mixed.tcb_info[mixed.tcb_info.size() - 2] = ' ';
    EXPECT_EQ(verified(mixed), "E_TCBINFO_SIGNATURE");
}

TEST_F(SimulatedEvidence, FitsItsOwnPolicyAndNoOther) {
    const auto verdict =
        verify::verify_tdx(evidence_.quote, machine_.vendor().collateral(kNow), roots_, kNow);
    ASSERT_TRUE(verdict.tdx);
    const auto policy = verify::Policy::parse(machine_.policy_json());
    ASSERT_TRUE(policy) << policy.error().detail;
    EXPECT_TRUE(policy->names_measurement());
    EXPECT_TRUE(verify::evaluate(verdict.tdx->quote(), verdict.tdx->result(), *policy).empty());
    const auto other = verify::Policy::parse(simtee::Machine(seed(2)).policy_json());
    ASSERT_TRUE(other);
    const auto findings = verify::evaluate(verdict.tdx->quote(), verdict.tdx->result(), *other);
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].code, "P_MEASUREMENT");
}

TEST_F(SimulatedEvidence, LogReplaysToTheVerifiedQuoteAfterEvents) {
    ASSERT_TRUE(machine_.emit("later", as_bytes("x")));
    const auto evidence = device_->quote(report_data());
    ASSERT_TRUE(evidence);
    const auto log = evidence::parse_event_list(evidence->event_log);
    ASSERT_TRUE(log) << log.error().detail;
    const auto verdict =
        verify::verify_tdx(evidence->quote, machine_.vendor().collateral(kNow), roots_, kNow);
    ASSERT_TRUE(verdict.tdx);
    EXPECT_TRUE(evidence::rtmr_mismatches(log->rtmr, verdict.tdx->quote()).empty());
    const auto policy = verify::Policy::parse(machine_.policy_json());
    EXPECT_TRUE(verify::evaluate(verdict.tdx->quote(), verdict.tdx->result(), *policy).empty());
}

TEST_F(SimulatedEvidence, TheDeviceTellsThatTheGuestIsSimulated) {
    EXPECT_NE(evidence_.vm_config.find("\"simulated\":true"), std::string::npos);
    const auto info = device_->info();
    ASSERT_TRUE(info);
    EXPECT_NE(info->info_json.find("\"simulated\":true"), std::string::npos);
}

}  // namespace
}  // namespace lumoz
