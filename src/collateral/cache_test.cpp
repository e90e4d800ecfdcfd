// SPDX-License-Identifier: Apache-2.0
#include "collateral/cache.hpp"

#include "verify/test_tee.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace lumoz::collateral {
namespace {

using verify::testing::TestTee;
constexpr std::int64_t kDay = 86400;

class Cache : public ::testing::Test {
protected:
    Cache() {
        roots_.also_accept(tee_.root_pin());
        std::string name = (std::filesystem::temp_directory_path() / "lumoz-collateral-XXXXXX").string();
        if (::mkdtemp(name.data()) != nullptr) folder_ = name;
    }
    ~Cache() override { std::filesystem::remove_all(folder_); }

    std::string rule_of_load(UnixTime now = TestTee::kNow) {
        const auto got = cache().load(platform_, {}, roots_, now);
        if (!got) return std::string(got.error().rule);
        return *got ? "good" : "none";
    }
    std::string rule_of_store(const evidence::Collateral& bundle, UnixTime now = TestTee::kNow) {
        const auto got = cache().store(platform_, {}, bundle, roots_, now);
        return got ? "good" : std::string(got.error().rule);
    }
    [[nodiscard]] CollateralCache cache() const { return CollateralCache(folder_ / "cache"); }

    TestTee tee_;
    verify::RootPins roots_;
    std::filesystem::path folder_;
    Platform platform_{.tdx = true, .fmspc = "505050505050", .ca = "platform"};
};

TEST_F(Cache, GivesBackWhatWasStoredUntilItExpires) {
    EXPECT_EQ(rule_of_load(), "none");
    EXPECT_EQ(rule_of_store(tee_.collateral()), "good");
    EXPECT_EQ(rule_of_load(), "good");
    EXPECT_EQ(rule_of_load(TestTee::kNow + kDay), "good");
    EXPECT_EQ(rule_of_load(TestTee::kNow + kDay + 1), "E_TCBINFO_EXPIRED");
    EXPECT_EQ(rule_of_load(TestTee::kNow - kDay - 1), "E_TCBINFO_NOT_YET_VALID");
}

TEST_F(Cache, TellsTheWindow) {
    const auto checked = cache().store(platform_, {}, tee_.collateral(), roots_, TestTee::kNow);
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->not_before, TestTee::kNow - kDay);
    EXPECT_EQ(checked->not_after, TestTee::kNow + kDay);
    EXPECT_EQ(checked->tcb_eval, 19U);
}

TEST_F(Cache, TakesNothingThatDoesNotHold) {
    const auto changed = [&](std::string evidence::Collateral::* member, std::string value) {
        evidence::Collateral bundle = tee_.collateral();
        bundle.*member = std::move(value);
        return rule_of_store(bundle);
    };
    using evidence::Collateral;
    EXPECT_EQ(changed(&Collateral::tcb_info, tee_.collateral().tcb_info + " "), "E_TCBINFO_SIGNATURE");
    EXPECT_EQ(changed(&Collateral::qe_identity, tee_.collateral().tcb_info), "E_QEID_SIGNATURE");
    EXPECT_EQ(changed(&Collateral::tcb_info_issuer_chain, ""), "E_CHAIN_LENGTH");
    EXPECT_EQ(changed(&Collateral::pck_crl_issuer_chain, ""), "E_CHAIN_LENGTH");
    EXPECT_EQ(changed(&Collateral::pck_crl_issuer_chain, tee_.collateral().tcb_info_issuer_chain),
              "E_CHAIN_NAME");
    EXPECT_EQ(changed(&Collateral::pck_crl, tee_.collateral().root_ca_crl), "E_CRL_ISSUER");
    EXPECT_EQ(changed(&Collateral::root_ca_crl, tee_.collateral().pck_crl), "E_CRL_ISSUER");
    EXPECT_EQ(changed(&Collateral::pck_crl, "30"), "E_CRL_PARSE");
    EXPECT_EQ(rule_of_store(tee_.collateral(), TestTee::kNow + 2 * kDay), "E_TCBINFO_EXPIRED");
    roots_ = verify::RootPins();
    EXPECT_EQ(rule_of_store(tee_.collateral()), "E_CHAIN_ROOT_UNTRUSTED");
    EXPECT_EQ(rule_of_load(), "none") << "nothing of this was kept";
}

TEST_F(Cache, KeepsFamiliesApart) {
    platform_.fmspc = "505050505051";
    EXPECT_EQ(rule_of_store(tee_.collateral()), "E_COLLATERAL_PLATFORM");
    const Platform other{.tdx = false, .fmspc = "00", .ca = "processor"};
    EXPECT_NE(cache().file_of(other, {}), cache().file_of(platform_, {}));
    EXPECT_NE(cache().file_of(platform_, {.early = true}), cache().file_of(platform_, {}));
    EXPECT_NE(cache().file_of(platform_, {.evaluation = 5}), cache().file_of(platform_, {}));
}

TEST_F(Cache, DamagedFilesAreErrorsAndAreReplaced) {
    EXPECT_EQ(rule_of_store(tee_.collateral()), "good");
    const auto file = cache().file_of(platform_, {});
    std::ofstream(file, std::ios::trunc) << "{";
    EXPECT_EQ(rule_of_load(), "E_COLLATERAL_PARSE");
    std::filesystem::resize_file(file, std::uintmax_t{5} << 20);
    EXPECT_EQ(rule_of_load(), "E_COLLATERAL_FILE");
    EXPECT_EQ(rule_of_store(tee_.collateral()), "good");
    EXPECT_EQ(rule_of_load(), "good");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(file.parent_path()), {}), 1)
        << "no partial file stays";
}

}  // namespace
}  // namespace lumoz::collateral
