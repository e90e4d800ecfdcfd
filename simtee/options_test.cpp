// SPDX-License-Identifier: Apache-2.0
#include "simtee/options.hpp"

#include <gtest/gtest.h>

namespace lumoz::simtee {
namespace {

Result<Options> parse(std::initializer_list<std::string_view> arguments) {
    return Options::parse(std::span(arguments.begin(), arguments.size()));
}

TEST(SimOptions, ReadsBothForms) {
    const std::string seed(64, 'a');
    const auto options = parse({"--socket", "/s", "--state=/d", "--root-out", "/r", "--seed", seed});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->socket, "/s");
    EXPECT_EQ(options->state, "/d");
    EXPECT_EQ(options->root_out, "/r");
    ASSERT_TRUE(options->seed);
    EXPECT_EQ(options->seed->bytes[31], 0xaa);
}

TEST(SimOptions, KnowsHelp) {
    EXPECT_TRUE(parse({"--help"})->help);
    EXPECT_NE(usage().find("SIMULATED"), std::string_view::npos);
}

TEST(SimOptions, RefusesWhatItDoesNotKnow) {
    const std::initializer_list<std::string_view> cases[] = {
        {},
        {"--socket", "/s"},
        {"--state", "/d"},
        {"--socket", "/s", "--state"},
        {"--socket", "/s", "--state", "/d", "--socket", "/s"},
        {"--socket", "/s", "--state", "/d", "--seed", "00"},
        {"--socket", "/s", "--state", "/d", "--seed="},
        {"--socket", "/s", "--state", "/d", "--key", "x"},
        {"--socket", "/s", "--state", "/d", "x"},
    };
    for (const auto& arguments : cases) {
        const auto options = parse(arguments);
        ASSERT_FALSE(options);
        EXPECT_EQ(options.error().rule, "E_USAGE");
    }
}

}  // namespace
}  // namespace lumoz::simtee
