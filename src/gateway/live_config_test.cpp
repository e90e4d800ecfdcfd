// SPDX-License-Identifier: Apache-2.0
#include "gateway/live_config.hpp"

#include <gtest/gtest.h>

namespace lumoz::gateway {
namespace {

TEST(LiveConfig, TakesLiveKeysAndLeavesTheOthers) {
    const Config start;
    Config file;
    file.max_body_bytes = 4'096;
    file.log_level = "warn";
    file.max_connections = 5;
    file.listen = "127.0.0.1:1";
    const Config now = with_live_keys(start, file);
    EXPECT_EQ(now.max_body_bytes, 4'096);
    EXPECT_EQ(now.log_level, "warn");
    EXPECT_EQ(now.max_connections, start.max_connections);
    EXPECT_EQ(now.listen, start.listen);
    EXPECT_EQ(changed_keys(now, file),
              (std::vector<std::string_view>{"listen.address", "limits.connections"}));
    EXPECT_EQ(changed_keys(start, now), (std::vector<std::string_view>{"limits.body_bytes", "log.level"}));
    EXPECT_NE(effective_config_json(start), effective_config_json(now));
}

TEST(LiveConfig, ModelTablesHaveTheirOwnWay) {
    Config start;
    start.model_tables = true;
    Config file = start;
    file.engine_context = 7;
    file.engine_runtime_dir = "/x";
    EXPECT_EQ(changed_keys(start, file), (std::vector<std::string_view>{"engine.runtime_dir"}));
    file.model_tables = false;
    EXPECT_EQ(changed_keys(start, file),
              (std::vector<std::string_view>{"engine.context", "engine.runtime_dir", "models"}));
}

TEST(LiveConfig, LifetimesMakeSense) {
    const auto refused = [](std::string_view key, std::string value) {
        const auto made =
            make_config({{"engine.kind", "url"}, {"engine.url", "http://e"}, {std::string(key), value}});
        return made ? std::string() : made.error().detail;
    };
    EXPECT_EQ(refused("keys.lifetime", "500ms"), "keys.lifetime must be 1s to 90d");
    EXPECT_EQ(refused("keys.lifetime", "91d"), "keys.lifetime must be 1s to 90d");
    EXPECT_EQ(refused("keys.rotate_before", "7d"), "keys.rotate_before must be shorter than keys.lifetime");
    EXPECT_EQ(refused("listen.tls.chain_file", "f"), "listen.tls.chain_file needs listen.tls.address");
}

}  // namespace
}  // namespace lumoz::gateway
