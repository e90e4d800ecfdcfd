// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.hpp"

#include <gtest/gtest.h>

#include <array>

namespace lumoz {

TEST(Nearest, DistanceCountsEdits) {
    EXPECT_EQ(edit_distance("", ""), 0U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
    EXPECT_EQ(edit_distance("same", "same"), 0U);
}

TEST(Nearest, NamesTheClosestWord) {
    constexpr std::array<std::string_view, 3> words{"listen.address", "model.name", "engine.kind"};
    const auto self = [](std::string_view word) { return word; };
    EXPECT_EQ(nearest_name("listen.adress", words, self), "listen.address");
    EXPECT_EQ(nearest_name("x", std::array<std::string_view, 0>{}, self), "");
}

}  // namespace lumoz
