// SPDX-License-Identifier: Apache-2.0
#include "gateway/media_type.hpp"

#include <gtest/gtest.h>

namespace lumoz::gateway {
namespace {

TEST(MediaType, ComparesWithoutCaseAndParameters) {
    EXPECT_TRUE(is_media_type("application/json", "application/json"));
    EXPECT_TRUE(is_media_type("Application/JSON ; charset=utf-8", "application/json"));
    EXPECT_FALSE(is_media_type("application/jsonl", "application/json"));
    EXPECT_FALSE(is_media_type("", "application/json"));
}

TEST(MediaType, ReadsParameters) {
    EXPECT_EQ(media_parameter("multipart/form-data; boundary=abc", "boundary"), "abc");
    EXPECT_EQ(media_parameter("multipart/form-data;Boundary=\"a b;c\"; x=y", "boundary"), "a b;c");
    EXPECT_EQ(media_parameter("multipart/form-data; x=1; boundary=---7 ", "boundary"), "---7");
    EXPECT_EQ(media_parameter("multipart/form-data; boundary=abc;", "boundary"), "abc");
}

TEST(MediaType, RefusesWhatTwoReadersReadInTwoWays) {
    for (const char* text :
         {"multipart/form-data", "multipart/form-data; boundary", "multipart/form-data; boundary=",
          "multipart/form-data; boundary=\"a", "multipart/form-data; boundary=\"a\\\"b\"",
          "multipart/form-data; boundary=a; boundary=b", "multipart/form-data; boundary=a b",
          "multipart/form-data; boundary=\"a\"b", "multipart/form-data; boundary=a, b"})
        EXPECT_EQ(media_parameter(text, "boundary"), std::nullopt) << text;
}

}  // namespace
}  // namespace lumoz::gateway
