// SPDX-License-Identifier: Apache-2.0
// What a platform lacks, in words: each sentence once.
#include "verify/tdx_result.hpp"
#include "verify/test_bends.hpp"

#include <gtest/gtest.h>

namespace lumoz::verify {
namespace {

using enum evidence::TcbStatus;

constexpr std::int64_t kDate = 1'800'000'000;

void tell(testing::Approved& approved, const char* what, const TdxResult& result) {
    for (const std::string& sentence : explain(result))
        approved.line(what, sentence);
}

TdxResult of(evidence::TcbStatus launch, evidence::TcbStatus current) {
    TdxResult out;
    out.tcb_status = launch;
    out.current_tcb_status = current;
    out.tcb_date = kDate;
    return out;
}

Remedy remedy(std::string_view part, std::vector<Shortfall> shortfall) {
    return {part, OutOfDate, {"SA-1"}, UpToDate, kDate, std::move(shortfall)};
}

TEST(TdxExplain, EachSentence) {
    testing::Approved approved("tdx_explain");
    TdxResult r = of(UpToDate, UpToDate);
    tell(approved, "nothing", r);
    for (const auto status :
         {SWHardeningNeeded, ConfigurationNeeded, ConfigurationAndSWHardeningNeeded, OutOfDate}) {
        r = of(status, status);
        r.remedies = r.current_remedies = {{"platform", status, {}, {}, 0, {}}};
        tell(approved, "no level", r);
        r.remedies[0].advisories = {"SA-1", "SA-2"};
        tell(approved, "no level, advisories", r);
    }
    r = of(OutOfDate, OutOfDate);
    r.remedies = {remedy("platform", {{1, "sgx", "BIOS", "ucode", 2, 3, {"SA-1", "SA-2"}},
                                      {2, "tdx", "", "module", 4, 5, {}},
                                      {3, "sgx", "OS", "", 4, 5, {}},
                                      {16, "pcesvn", "", "", 6, 7, {}}}),
                  remedy("module", {{0, "module", "", "", 8, 9, {}}}),
                  remedy("qe", {{0, "qe", "", "", 1, 2, {"SA-3"}}})};
    r.current_remedies = r.remedies;
    tell(approved, "components", r);
}

TEST(TdxExplain, TodaysLevelIsToldWhereItIsAnother) {
    testing::Approved approved("tdx_explain_today");
    const Shortfall base{1, "sgx", "", "", 2, 3, {}};
    const auto with = [&](const char* what, const std::function<void(Shortfall&)>& bend) {
        TdxResult r = of(OutOfDate, OutOfDate);
        r.remedies = {remedy("platform", {base})};
        Shortfall other = base;
        bend(other);
        r.current_remedies = {remedy("platform", {other})};
        tell(approved, what, r);
    };
    with("the same", [](Shortfall&) {});
    with("index", [](Shortfall& s) { s.index = 4; });
    with("set", [](Shortfall& s) { s.set = "tdx"; });
    with("have", [](Shortfall& s) { s.have = 1; });
    with("need", [](Shortfall& s) { s.need = 4; });
    for (const auto status : {TDRelaunchAdvised, TDRelaunchAdvisedConfigurationNeeded, OutOfDate}) {
        TdxResult r = of(status, UpToDate);
        r.remedies = {remedy("platform", {base})};
        tell(approved, "up to date today", r);
        r.current_tcb_status = SWHardeningNeeded;
        r.current_remedies = {{"platform", SWHardeningNeeded, {}, {}, 0, {}}};
        tell(approved, "better today", r);
        r.current_remedies = r.remedies;
        tell(approved, "another status and the same shortfall", r);
    }
    TdxResult r = of(UpToDate, OutOfDate);
    r.current_remedies = {remedy("qe", {base})};
    tell(approved, "worse today", r);
}

}  // namespace
}  // namespace lumoz::verify
