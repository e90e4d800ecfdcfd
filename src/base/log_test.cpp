// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include "base/json.hpp"
#include "base/time.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace lumoz {
namespace {

std::string captured(const auto& action) {
    ::testing::internal::CaptureStderr();
    action();
    return ::testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneJsonLine) {
    const std::string line = captured([] {
        log::info("start", {{"count", std::int64_t{-3}}, {"ratio", 0.5}, {"ok", true}, {"name", "a\"b\n"}});
    });
    ASSERT_EQ(line.back(), '\n');
    EXPECT_EQ(std::ranges::count(line, '\n'), 1);
    const std::string_view text = std::string_view(line).substr(0, line.size() - 1);
    const auto document = json::Document::parse(text);
    ASSERT_TRUE(document.has_value()) << document.error().detail << line;
    const json::Value root = document->root();
    EXPECT_EQ(root.find("level")->as_string(), "info");
    EXPECT_EQ(root.find("event")->as_string(), "start");
    EXPECT_EQ(root.find("count")->as_int(), -3);
    EXPECT_EQ(root.find("ratio")->as_double(), 0.5);
    EXPECT_EQ(root.find("ok")->as_bool(), true);
    EXPECT_EQ(root.find("name")->as_string(), "a\"b\n");
    std::string ts = *root.find("ts")->as_string();
    ASSERT_EQ(ts.size(), 24U);
    EXPECT_TRUE(parse_rfc3339(ts.substr(0, 19) + "Z").has_value()) << ts;
}

TEST(Log, StaysJsonWhateverItIsGiven) {
    const std::string line = captured([] {
        log::error("bad\xff", {{"inf", std::numeric_limits<double>::infinity()}, {"text", "\x01\xc0"}});
    });
    EXPECT_TRUE(json::Document::parse(std::string_view(line).substr(0, line.size() - 1)).has_value()) << line;
}

TEST(Log, IsSilentBelowItsLevel) {
    log::set_level(log::Level::Error);
    EXPECT_EQ(captured([] { log::warn("quiet"); }), "");
    log::set_level(log::Level::Info);
    EXPECT_EQ(captured([] { log::write(log::Level::Debug, "quiet"); }), "");
    EXPECT_NE(captured([] { log::warn("heard"); }), "");
}

}  // namespace
}  // namespace lumoz
