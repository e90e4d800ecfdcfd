// SPDX-License-Identifier: Apache-2.0
// The shortfall of specification tdx.md 7 and its words. Which level is reached and what levels make together
// is in the vectors (groups converge, module, relaunch, json).
#include "verify/appraisal.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

using evidence::IsvLevel;
using evidence::TcbLevel;
using evidence::TcbStatus;

constexpr std::int64_t kOld = 1'700'000'000, kNew = 1'740'000'000;

/// A platform with two levels: UpToDate, and OutOfDate one SVN lower in the components that tests change.
class Appraisal : public ::testing::Test {
protected:
    Appraisal() {
        tcb_.tdx = true;
        tcb_.labels = {{}, {"BIOS", "Microcode"}, {"OS/VMM", {}}};
        TcbLevel best{.sgx = {},
                      .tdx = {},
                      .pcesvn = 13,
                      .tcb_date = kNew,
                      .status = TcbStatus::UpToDate,
                      .advisories = {}};
        best.sgx[4] = {5, 1};
        best.tdx[2] = {3, 2};
        TcbLevel worse{.sgx = {},
                       .tdx = {},
                       .pcesvn = 11,
                       .tcb_date = kOld,
                       .status = TcbStatus::OutOfDate,
                       .advisories = {"INTEL-SA-00001", "INTEL-SA-00002"}};
        worse.sgx[4] = {2, 1};
        worse.tdx[2] = {1, 2};
        tcb_.levels = {best, worse};
        tcb_.module_identities = {{.major = 1,
                                   .module = {},
                                   .levels = {IsvLevel{5, kNew, TcbStatus::UpToDate, {}},
                                              IsvLevel{2, kOld, TcbStatus::OutOfDate, {"INTEL-SA-00003"}}}}};
        qe_.levels = {IsvLevel{8, kNew, TcbStatus::UpToDate, {}},
                      IsvLevel{4, kOld, TcbStatus::OutOfDate, {"INTEL-SA-00004"}}};
        pck_.pcesvn = 13;
        pck_.components[4] = 5;
        launch_ = {5, 1, 3};
    }
    [[nodiscard]] Result<TdxResult> appraised() const {
        return appraise({tcb_, qe_, pck_, qe_svn_, launch_, current_});
    }
    static std::string text(const std::vector<std::string>& lines) {
        std::string out;
        for (const std::string& line : lines)
            out += line + "\n";
        return out;
    }
    static std::string json_of(const TdxResult& result) {
        Verdict verdict;
        establish(verdict, result);
        return std::string(verdict.established("shortfall").value_or(""));
    }

    evidence::TcbInfo tcb_;
    evidence::QeIdentity qe_;
    evidence::PckExtension pck_;
    std::uint16_t qe_svn_ = 8;
    std::optional<TeeTcbSvn> launch_;
    std::optional<TeeTcbSvn> current_;
};

TEST_F(Appraisal, UpToDateHasNoShortfall) {
    const auto result = appraised();
    ASSERT_TRUE(result.has_value());
    EXPECT_TRUE(result->remedies.empty());
    EXPECT_EQ(json_of(*result), "[]");
    EXPECT_TRUE(text(explain(*result)).starts_with("nothing: every part is UpToDate"))
        << text(explain(*result));
}

TEST_F(Appraisal, EachComponentThatIsBehindIsNamedWithHaveAndNeed) {
    pck_.components[4] = 3;
    pck_.pcesvn = 12;
    launch_ = {5, 1, 2};
    const auto result = appraised();
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->tcb_status, TcbStatus::OutOfDate);
    EXPECT_EQ(json_of(*result),
              R"([{"index":4,"set":"sgx","category":"BIOS","type":"Microcode","have":3,"need":5,)"
              R"("advisories":["INTEL-SA-00001","INTEL-SA-00002"]},)"
              R"({"index":16,"set":"pcesvn","category":"","type":"","have":12,"need":13,)"
              R"("advisories":["INTEL-SA-00001","INTEL-SA-00002"]},)"
              R"({"index":2,"set":"tdx","category":"OS/VMM","type":"","have":2,"need":3,)"
              R"("advisories":["INTEL-SA-00001","INTEL-SA-00002"]}])");
    EXPECT_EQ(text(explain(*result)),
              "the platform is OutOfDate; it would be UpToDate (level of 2025-02-19) with\n"
              "  SGX component 4 (BIOS, Microcode): has 3, needs 5\n"
              "  provisioning certification enclave (PCESVN): has 12, needs 13\n"
              "  TDX component 2 (OS/VMM): has 2, needs 3\n"
              "  then gone: INTEL-SA-00001, INTEL-SA-00002\n");
}

TEST_F(Appraisal, ModuleAndQuotingEnclaveHaveTheirOwnShortfall) {
    qe_svn_ = 6;
    launch_ = {3, 1, 3};
    const auto result = appraised();
    ASSERT_TRUE(result.has_value());
    const std::vector<Shortfall> shortfall = result->shortfall();
    ASSERT_EQ(shortfall.size(), 2U);
    EXPECT_EQ(shortfall[0].set, "module");
    EXPECT_EQ(shortfall[0].have, 3U);
    EXPECT_EQ(shortfall[0].need, 5U);
    EXPECT_EQ(shortfall[0].advisories, std::vector<std::string>{"INTEL-SA-00003"});
    EXPECT_EQ(shortfall[1].set, "qe");
    EXPECT_EQ(shortfall[1].have, 6U);
    EXPECT_EQ(shortfall[1].need, 8U);
    EXPECT_EQ(text(explain(*result)),
              "the TDX module is OutOfDate; it would be UpToDate (level of 2025-02-19) with\n"
              "  the TDX module (SVN): has 3, needs 5\n"
              "  then gone: INTEL-SA-00003\n"
              "the quoting enclave is OutOfDate; it would be UpToDate (level of 2025-02-19) with\n"
              "  the quoting enclave (SVN): has 6, needs 8\n"
              "  then gone: INTEL-SA-00004\n");
}

TEST_F(Appraisal, TheNearestBetterLevelCountsAndAdvisoriesThatStayAreNotGone) {
    TcbLevel middle = tcb_.levels[1];
    middle.sgx[4].svn = 4;
    middle.status = TcbStatus::SWHardeningNeeded;
    middle.advisories = {"INTEL-SA-00002"};
    tcb_.levels.insert(tcb_.levels.begin() + 1, middle);
    pck_.components[4] = 2;
    const auto result = appraised();
    ASSERT_TRUE(result.has_value());
    ASSERT_EQ(result->shortfall().size(), 1U);
    EXPECT_EQ(result->shortfall()[0].need, 4U);
    EXPECT_EQ(result->shortfall()[0].advisories, std::vector<std::string>{"INTEL-SA-00001"});
}

TEST_F(Appraisal, ALevelThatIsNotBetterIsNoRemedy) {
    tcb_.levels[0].status = TcbStatus::OutOfDate;
    pck_.components[4] = 3;
    const auto result = appraised();
    ASSERT_TRUE(result.has_value());
    EXPECT_TRUE(result->shortfall().empty());
    EXPECT_EQ(text(explain(*result)),
              "the platform is OutOfDate; the vendor's documents list no better level for it\n"
              "  against: INTEL-SA-00001, INTEL-SA-00002\n");
}

TEST_F(Appraisal, WhatNoPatchHelpsIsSaid) {
    tcb_.levels[0].status = TcbStatus::ConfigurationAndSWHardeningNeeded;
    tcb_.levels[0].advisories = {"INTEL-SA-00009"};
    const auto result = appraised();
    ASSERT_TRUE(result.has_value());
    EXPECT_NE(text(explain(*result)).find("configured otherwise"), std::string::npos);
    EXPECT_NE(text(explain(*result)).find("hardened\n  against: INTEL-SA-00009"), std::string::npos);
}

TEST_F(Appraisal, ModuleComponentsAreNotComparedWhereTheModuleHasLevels) {
    tcb_.levels[0].tdx[0].svn = 200;
    tcb_.levels[0].tdx[1].svn = 200;
    const auto result = appraised();
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->tcb_status, TcbStatus::UpToDate);
    launch_ = {5, 0, 3};
    const auto old = appraised();
    ASSERT_TRUE(old.has_value());
    EXPECT_EQ(old->tcb_status, TcbStatus::OutOfDate);
    EXPECT_EQ(old->shortfall().size(), 2U);
}

TEST_F(Appraisal, APlatformThatWasPatchedUnderTheTdIsToldToRelaunch) {
    launch_ = {5, 1, 2};
    current_ = {5, 1, 3};
    const auto result = appraised();
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->tcb_status, TcbStatus::TDRelaunchAdvised);
    EXPECT_EQ(result->shortfall().size(), 1U);
    EXPECT_TRUE(result->current_shortfall().empty());
    EXPECT_NE(text(explain(*result)).find("launch the TD again"), std::string::npos);
}

TEST_F(Appraisal, ABadCurrentLevelIsToldThoughTheStatusIsThatOfTheLaunch) {
    current_ = {5, 1, 2};
    const auto result = appraised();
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->tcb_status, TcbStatus::UpToDate);
    EXPECT_EQ(result->current_tcb_status, TcbStatus::OutOfDate);
    EXPECT_TRUE(result->shortfall().empty());
    EXPECT_EQ(result->current_shortfall().size(), 1U);
    EXPECT_NE(text(explain(*result)).find("TDX component 2 (OS/VMM): has 2, needs 3"), std::string::npos);
}

TEST_F(Appraisal, BelowEveryLevelSaysWhatIsMissing) {
    pck_.components[4] = 1;
    pck_.pcesvn = 3;
    auto error = appraised().error();
    EXPECT_EQ(error.rule, "E_TCB_NOT_SUPPORTED");
    EXPECT_EQ(error.where, "tdx.tcb.platform_level");
    EXPECT_EQ(error.detail,
              "sgx component 4 has 1, the lowest level needs 2, pcesvn has 3, the lowest level needs 11");
    pck_.components[4] = 5;
    pck_.pcesvn = 13;
    launch_ = {1, 1, 3};
    error = appraised().error();
    EXPECT_EQ(error.where, "tdx.tcb.module_level");
    EXPECT_EQ(error.detail, "has 1, the lowest level needs 2");
    launch_ = {5, 1, 3};
    qe_svn_ = 3;
    error = appraised().error();
    EXPECT_EQ(error.where, "tdx.tcb.qe_level");
    EXPECT_EQ(error.detail, "has 3, the lowest level needs 4");
}

}  // namespace
}  // namespace lumoz::verify
