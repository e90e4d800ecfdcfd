// SPDX-License-Identifier: Apache-2.0
// Appraisal (tdx.md 6) on tables made here: which level is reached, how parts combine, what is lacking.
#include "verify/appraisal.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

using evidence::IsvLevel;
using evidence::TcbLevel;
using evidence::TcbStatus;

TcbLevel level(std::uint8_t sgx, std::uint8_t tdx, std::uint16_t pcesvn, TcbStatus status,
               std::vector<std::string> advisories = {}, std::int64_t date = 100) {
    TcbLevel out;
    for (auto& c : out.sgx)
        c = {sgx, 1};
    for (auto& c : out.tdx)
        c = {tdx, 2};
    out.tdx[1].svn = 0;  // where a quote has the module's major version
    out.pcesvn = pcesvn;
    out.status = status;
    out.advisories = std::move(advisories);
    out.tcb_date = date;
    return out;
}

TeeTcbSvn svn(std::uint8_t all, std::uint8_t major = 0) {
    TeeTcbSvn out;
    out.fill(all);
    out[1] = major;
    return out;
}

/// A platform that is at the newest of two levels, unless a test bends it.
struct World {
    evidence::TcbInfo tcb;
    evidence::QeIdentity qe;
    evidence::PckExtension pck;
    std::optional<TeeTcbSvn> launch = svn(5), current;
    std::uint16_t qe_svn = 4;

    World() {
        tcb.tdx = true;
        tcb.evaluation_number = 20;
        tcb.labels = {{}, {"BIOS", "ucode"}, {"OS/VMM", "module"}};
        tcb.levels = {level(7, 5, 13, TcbStatus::UpToDate, {"A"}),
                      level(6, 0, 11, TcbStatus::OutOfDate, {"A", "B"}, 50)};
        qe.evaluation_number = 19;
        qe.levels = {{4, 90, TcbStatus::UpToDate, {}}, {2, 40, TcbStatus::OutOfDate, {"Q"}}};
        pck.components.fill(7);
        pck.pcesvn = 13;
    }
    void add_module(std::vector<IsvLevel> levels) {
        evidence::TdxModuleIdentity identity;
        identity.major = 3;
        identity.levels = std::move(levels);
        tcb.module_identities.push_back(std::move(identity));
    }
    [[nodiscard]] Result<TdxResult> run() const {
        return appraise(
            {.tcb = tcb, .qe = qe, .pck = pck, .qe_svn = qe_svn, .launch = launch, .current = current});
    }
    [[nodiscard]] std::string error() const {
        const auto got = run();
        return got ? "accepted" : std::string(got.error().where);
    }
    [[nodiscard]] TcbStatus status() const { return run()->tcb_status; }
};

TEST(AppraisalRule, TheHighestLevelThatEverySvnReaches) {
    World w;
    const TdxResult got = *w.run();
    EXPECT_EQ(got.tcb_status, TcbStatus::UpToDate);
    EXPECT_EQ(got.current_tcb_status, TcbStatus::UpToDate);
    EXPECT_EQ(got.platform, TcbStatus::UpToDate);
    EXPECT_EQ(got.qe, TcbStatus::UpToDate);
    EXPECT_FALSE(got.module.has_value());
    EXPECT_EQ(got.advisories, std::vector<std::string>{"A"});
    EXPECT_EQ(got.tcb_date, 90) << "the QE's is the older one";
    EXPECT_EQ(got.tcb_eval, 19U);
    EXPECT_EQ(got.pck.pcesvn, 13);
    EXPECT_TRUE(got.shortfall().empty());
    for (std::size_t i = 0; i < 16; ++i) {
        World behind;
        behind.pck.components[i] = 6;
        EXPECT_EQ(behind.status(), TcbStatus::OutOfDate) << i;
        behind.pck.components[i] = 5;
        EXPECT_EQ(behind.error(), "tdx.tcb.platform_level") << i;
    }
    w.pck.pcesvn = 12;
    EXPECT_EQ(w.status(), TcbStatus::OutOfDate);
    w.pck.pcesvn = 10;
    EXPECT_EQ(w.error(), "tdx.tcb.platform_level");
}

TEST(AppraisalRule, TdxComponentsCountFromTwoWhenTheModuleHasItsOwnLevels) {
    for (std::size_t i = 0; i < 16; ++i) {
        World w;
        if (i == 1) continue;
        (*w.launch)[i] = 4;
        EXPECT_EQ(w.status(), TcbStatus::OutOfDate) << i;
    }
    World w;
    w.add_module({{4, 80, TcbStatus::UpToDate, {}}});
    w.launch = svn(5, 3);
    (*w.launch)[0] = 4;
    EXPECT_EQ(w.status(), TcbStatus::UpToDate) << "components 0 and 1 are the module's";
    (*w.launch)[2] = 4;
    EXPECT_EQ(w.status(), TcbStatus::OutOfDate);
}

TEST(AppraisalRule, SgxHasNoTdxComponents) {
    World w;
    w.launch.reset();
    EXPECT_EQ(w.status(), TcbStatus::UpToDate);
    w.pck.components[15] = 6;
    const TdxResult got = *w.run();
    ASSERT_EQ(got.shortfall().size(), 1U);
    EXPECT_EQ(got.shortfall()[0].set, "sgx");
}

TEST(AppraisalRule, ModuleAndQeNeedALevel) {
    World w;
    w.qe_svn = 1;
    EXPECT_EQ(w.error(), "tdx.tcb.qe_level");
    w.qe_svn = 2;
    EXPECT_EQ(w.status(), TcbStatus::OutOfDate);
    EXPECT_EQ(w.run()->qe, TcbStatus::OutOfDate);
    EXPECT_EQ(w.run()->advisories, (std::vector<std::string>{"A", "Q"}));
    EXPECT_EQ(w.run()->tcb_date, 40);
    World m;
    m.launch = svn(5, 3);
    EXPECT_EQ(m.error(), "tdx.module.identity");
    m.add_module({{6, 80, TcbStatus::UpToDate, {}}});
    EXPECT_EQ(m.error(), "tdx.tcb.module_level");
    m.tcb.module_identities[0].levels.push_back({5, 70, TcbStatus::OutOfDate, {"M"}});
    const TdxResult got = *m.run();
    EXPECT_EQ(got.module, TcbStatus::OutOfDate);
    EXPECT_EQ(got.platform, TcbStatus::UpToDate);
    EXPECT_EQ(got.tcb_status, TcbStatus::OutOfDate);
    EXPECT_EQ(got.tcb_date, 70);
    EXPECT_EQ(got.advisories, (std::vector<std::string>{"A", "M"}));
    EXPECT_EQ(module_identity(m.tcb, 4).error().rule, "E_TDX_MODULE_MISMATCH");
    EXPECT_EQ(*module_identity(m.tcb, 3), &m.tcb.module_identities[0]);
}

TEST(AppraisalRule, PartsCombineAsTheTableSays) {
    using enum TcbStatus;
    const struct {
        TcbStatus platform, qe, want;
    } rows[] = {
        {UpToDate, UpToDate, UpToDate},
        {SWHardeningNeeded, UpToDate, SWHardeningNeeded},
        {UpToDate, OutOfDate, OutOfDate},
        {SWHardeningNeeded, OutOfDate, OutOfDate},
        {ConfigurationNeeded, OutOfDate, OutOfDateConfigurationNeeded},
        {ConfigurationAndSWHardeningNeeded, OutOfDate, OutOfDateConfigurationNeeded},
        {ConfigurationAndSWHardeningNeeded, UpToDate, ConfigurationAndSWHardeningNeeded},
        {OutOfDate, OutOfDate, OutOfDate},
        {OutOfDateConfigurationNeeded, OutOfDate, OutOfDateConfigurationNeeded},
        {Revoked, OutOfDate, Revoked},
        {UpToDate, Revoked, Revoked},
        {OutOfDate, Revoked, Revoked},
    };
    for (const auto& row : rows) {
        World w;
        w.tcb.levels[0].status = row.platform;
        w.qe.levels[0].status = row.qe;
        EXPECT_EQ(w.status(), row.want) << to_text(row.platform) << " " << to_text(row.qe);
    }
}

TEST(AppraisalRule, ARelaunchIsAdvisedWhereTheCurrentModuleIsBetter) {
    using enum TcbStatus;
    const struct {
        TcbStatus launch, current, want;
    } rows[] = {
        {OutOfDate, UpToDate, TDRelaunchAdvised},
        {OutOfDate, SWHardeningNeeded, TDRelaunchAdvised},
        {OutOfDate, ConfigurationNeeded, TDRelaunchAdvisedConfigurationNeeded},
        {OutOfDate, ConfigurationAndSWHardeningNeeded, TDRelaunchAdvisedConfigurationNeeded},
        {OutOfDate, OutOfDateConfigurationNeeded, OutOfDate},
        {OutOfDateConfigurationNeeded, UpToDate, TDRelaunchAdvisedConfigurationNeeded},
        {OutOfDateConfigurationNeeded, ConfigurationNeeded, TDRelaunchAdvisedConfigurationNeeded},
        {OutOfDateConfigurationNeeded, OutOfDate, OutOfDateConfigurationNeeded},
        {Revoked, UpToDate, Revoked},
        {ConfigurationNeeded, UpToDate, ConfigurationNeeded},
        {UpToDate, ConfigurationNeeded, UpToDate},
        {SWHardeningNeeded, ConfigurationAndSWHardeningNeeded, SWHardeningNeeded},
    };
    for (const auto& row : rows) {
        World w;
        w.tcb.levels = {level(7, 5, 13, row.current, {"A"}), level(6, 0, 11, row.launch, {"A", "B"}, 50)};
        w.launch = svn(4);
        w.current = svn(5);
        const TdxResult got = *w.run();
        EXPECT_EQ(got.tcb_status, row.want) << to_text(row.launch) << " " << to_text(row.current);
        EXPECT_EQ(got.current_tcb_status, row.current);
        EXPECT_EQ(got.platform, row.launch);
        EXPECT_EQ(got.advisories, (std::vector<std::string>{"A", "B"}));
        EXPECT_EQ(got.current_advisories, (std::vector<std::string>{"A"}));
        EXPECT_EQ(got.tcb_date, 50);
        EXPECT_EQ(got.current_tcb_date, 90);
    }
    World w;
    w.current = svn(5);
    w.tcb.levels.pop_back();
    (*w.current)[3] = 4;
    EXPECT_EQ(w.error(), "tdx.tcb.platform_level") << "the current result is demanded too";
}

std::vector<std::string> lacking(const World& w) {
    std::vector<std::string> out;
    const TdxResult result = *w.run();
    for (const Shortfall& s : result.shortfall()) {
        std::string line = std::string(s.set) + "[" + std::to_string(s.index) + "] " + s.category + "/" +
                           s.type + " " + std::to_string(s.have) + "<" + std::to_string(s.need);
        for (const std::string& id : s.advisories)
            line += " " + id;
        out.push_back(line);
    }
    return out;
}

TEST(AppraisalRule, TheShortfallNamesEachComponentAndWhatWouldGo) {
    using Lines = std::vector<std::string>;
    World w;
    EXPECT_EQ(lacking(w), Lines{});
    w.pck.components[0] = 6;
    w.pck.components[15] = 6;
    w.pck.pcesvn = 12;
    (*w.launch)[2] = 4;
    (*w.launch)[15] = 3;
    w.qe_svn = 3;
    EXPECT_EQ(lacking(w),
              (Lines{"sgx[0] BIOS/ucode 6<7 B", "sgx[15] BIOS/ucode 6<7 B", "pcesvn[16] / 12<13 B",
                     "tdx[2] OS/VMM/module 4<5 B", "tdx[15] OS/VMM/module 3<5 B", "qe[0] / 3<4 Q"}));
    w.pck.pcesvn = 13;
    EXPECT_EQ(lacking(w).size(), 5U);
}

TEST(AppraisalRule, TheNearestBetterLevelIsTheOneToReach) {
    World w;
    w.tcb.levels = {level(9, 0, 13, TcbStatus::UpToDate), level(8, 0, 13, TcbStatus::SWHardeningNeeded),
                    level(7, 0, 13, TcbStatus::OutOfDate), level(6, 0, 13, TcbStatus::OutOfDate)};
    w.pck.components.fill(6);
    EXPECT_EQ(w.run()->shortfall()[0].need, 8U);
    EXPECT_EQ(w.run()->shortfall().size(), 16U);
    w.tcb.levels[0].status = w.tcb.levels[1].status = TcbStatus::Revoked;
    EXPECT_TRUE(w.run()->shortfall().empty()) << "nothing is better";
    World m;
    m.add_module({{9, 80, TcbStatus::UpToDate, {}},
                  {7, 80, TcbStatus::OutOfDate, {"X"}},
                  {5, 80, TcbStatus::OutOfDate, {"X", "Y"}}});
    m.launch = svn(5, 3);
    EXPECT_EQ(lacking(m), (std::vector<std::string>{"module[0] / 5<9 X Y"}));
}

}  // namespace
}  // namespace lumoz::verify
