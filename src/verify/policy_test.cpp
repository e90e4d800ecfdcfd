// SPDX-License-Identifier: Apache-2.0
// Policies: docs/policy.md is held to the parser's own list of keys; what a key refuses is in the vectors.
#include "verify/policy.hpp"

#include "base/testing.hpp"

#include <gtest/gtest.h>

#include <set>

namespace lumoz::verify {
namespace {

std::string page() {
    return testing::read_file(testing::source_root() / "docs/policy.md");
}

/// The text between two marks.
std::string between(const std::string& text, std::string_view from, std::string_view to) {
    const std::size_t begin = text.find(from);
    if (begin == std::string::npos) return {};
    const std::size_t at = begin + from.size();
    return text.substr(at, text.find(to, at) - at);
}

std::vector<std::string> examples(const std::string& text) {
    std::vector<std::string> out;
    constexpr std::string_view kOpen = "```json\n";
    for (std::size_t at = text.find(kOpen); at != std::string::npos; at = text.find(kOpen, at)) {
        at += kOpen.size();
        out.push_back(text.substr(at, text.find("```", at) - at));
    }
    return out;
}

TEST(PolicyPage, TableIsTheListOfKeysOfTheParser) {
    EXPECT_EQ(between(page(), "<!-- keys -->\n", "<!-- end of keys -->"), policy_reference())
        << "put this table between the marks of docs/policy.md:\n"
        << policy_reference();
}

TEST(PolicyPage, ExamplesAreAcceptedAndUseEveryKey) {
    std::set<std::string> used;
    const std::vector<std::string> all = examples(page());
    EXPECT_GE(all.size(), 4U);
    for (const std::string& example : all) {
        const auto policy = Policy::parse(example);
        ASSERT_TRUE(policy.has_value()) << policy.error().detail << "\n" << example;
        const auto document = json::Document::parse(example);
        for (const json::Value::Member& m : document->root().members())
            used.insert(m.name);
    }
    for (const PolicyKey& key : policy_keys())
        EXPECT_TRUE(used.contains(std::string(key.name))) << key.name << " is in no example";
}

TEST(PolicyPage, ExamplesOfOperatorsAndAuditorsNameAProgram) {
    const std::vector<std::string> all = examples(page());
    ASSERT_GE(all.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_TRUE(Policy::parse(all[i])->names_measurement()) << all[i];
}

TEST(PolicyFile, AKeyThatStandsTwiceIsRefused) {
    EXPECT_EQ(Policy::parse(R"({"allow_debug":false,"allow_debug":true})").error().rule, "E_POLICY");
}

TEST(PolicyFile, EveryKeyIsRefusedWithAValueOfAnotherForm) {
    for (const PolicyKey& key : policy_keys())
        EXPECT_EQ(Policy::parse(R"({")" + std::string(key.name) + R"(":{}})").error().rule, "E_POLICY")
            << key.name;
}

TEST(PolicyFile, RegistersWithoutFirmwareNameNoProgramAndSayWhy) {
    const std::string value = R"(":[")" + std::string(96, '0') + R"("])";
    const auto only = Policy::parse(R"({"rtmr1)" + value + "}");
    EXPECT_FALSE(only->names_measurement());
    EXPECT_TRUE(only->names_registers_only());
    EXPECT_NE(only->why_no_measurement().find("without mr_td"), std::string::npos);
    const auto both = Policy::parse(R"({"mr_td)" + value + R"(,"rtmr1)" + value + "}");
    EXPECT_TRUE(both->names_measurement());
    EXPECT_FALSE(both->names_registers_only());
    EXPECT_FALSE(Policy::parse("{}")->names_registers_only());
}

}  // namespace
}  // namespace lumoz::verify
