// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/from_env.hpp"

#include "app/lumozd/read_config.hpp"
#include "base/testing.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace lumoz::app {
namespace {

using Variables = std::map<std::string, std::string>;

Result<Moved> moved(const Variables& variables) {
    return config_from_env(
        [&](const std::string& name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            return found == variables.end() ? std::nullopt : std::optional(found->second);
        },
        "/etc/lumoz/tokens");
}

/// What our own reader makes of it.
Result<gateway::Config> read_back(const std::string& toml) {
    const lumoz::testing::ScratchFolder folder;
    const std::filesystem::path path = folder.path() / "lumozd.toml";
    std::ofstream(path) << toml;
    return read_config(path.string());
}

TEST(FromEnv, AWholeEnvironmentIsAConfigurationThatIsRead) {
    const auto out = moved({{"MODEL_NAME", "org/model"},
                            {"TOKEN", "one, two"},
                            {"VLLM_BASE_URL", "http://127.0.0.1:8001"},
                            {"VLLM_RERANK_URL", "http://127.0.0.1:8002/rerank"},
                            {"VLLM_PROXY_MAX_REQUEST_SIZE", "1048576"},
                            {"VLLM_PROXY_MAX_IMAGE_REQUEST_SIZE", "2097152"},
                            {"VLLM_PROXY_MAX_AUDIO_REQUEST_SIZE", "4194304"},
                            {"VLLM_PROXY_TIMEOUT_SECS", "600"},
                            {"RATE_LIMIT_PER_SECOND", "7"},
                            {"CLOUD_API_URL", "https://cloud.example"},
                            {"CLOUD_API_AUTH_MAX_ATTEMPTS", "3"},
                            {"HEALTH_CHECK_INTERVAL_SECS", "9"},
                            {"LISTEN_PORT", "8123"}});
    ASSERT_TRUE(out) << out.error().detail;
    EXPECT_TRUE(out->notes.empty());
    EXPECT_EQ(out->token_lines,
              "token-1 sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed\n"
              "token-2 sha256:3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3\n");
    const auto config = read_back(out->toml);
    ASSERT_TRUE(config) << config.error().detail << out->toml;
    EXPECT_EQ(config->model_name, "org/model");
    EXPECT_EQ(config->engine_url, "http://127.0.0.1:8001");
    EXPECT_EQ(config->listen, "0.0.0.0:8123");
    EXPECT_EQ(config->max_body_bytes, 1'048'576);
    EXPECT_EQ(config->max_image_bytes, 2'097'152);
    EXPECT_EQ(config->max_audio_bytes, 4'194'304);
    EXPECT_EQ(config->engine_total_timeout, std::chrono::seconds(600));
    EXPECT_EQ(config->requests_per_second, 7);
    EXPECT_EQ(config->check_retries, 2);
    EXPECT_EQ(config->engine_probe_interval, std::chrono::seconds(9));
    EXPECT_EQ(config->token_file, "/etc/lumoz/tokens");
}

TEST(FromEnv, SeveralBackendsAreAList) {
    const auto out =
        moved({{"MODEL_NAME", "m"}, {"VLLM_BACKEND_URLS", "http://127.0.0.1:1 ,http://127.0.0.1:2"}});
    ASSERT_TRUE(out);
    const auto config = read_back(out->toml);
    ASSERT_TRUE(config) << config.error().detail << out->toml;
    EXPECT_EQ(config->engine_urls, (std::vector<std::string>{"http://127.0.0.1:1", "http://127.0.0.1:2"}));
    EXPECT_EQ(config->listen, "0.0.0.0:8000");
}

TEST(FromEnv, WhatHasNoCounterpartIsNamed) {
    const auto out = moved({{"VLLM_BASE_URL", "http://127.0.0.1:1"}, {"DEV", "1"}, {"REDIS_HOST", "redis"}});
    ASSERT_TRUE(out);
    ASSERT_EQ(out->notes.size(), 2U);
    EXPECT_EQ(out->notes[0].name, "DEV");
    EXPECT_EQ(out->notes[1].name, "REDIS_HOST");
    ASSERT_EQ(moved({})->notes.size(), 1U);
    EXPECT_EQ(moved({})->notes[0].name, "VLLM_BASE_URL");
}

TEST(FromEnv, ValuesThatCannotBeReadAreRefusedByName) {
    for (const std::string value : {"many", "-1", "7 ", "1e3", "99999999999999999999"}) {
        const auto out = moved({{"RATE_LIMIT_PER_SECOND", value}});
        ASSERT_FALSE(out) << value;
        EXPECT_EQ(out.error().rule, "E_FROM_ENV");
        EXPECT_EQ(out.error().detail, "RATE_LIMIT_PER_SECOND is not a whole number");
    }
    EXPECT_EQ(moved({{"LISTEN_PORT", "70000"}}).error().detail, "LISTEN_PORT is not a port");
    EXPECT_EQ(moved({{"CLOUD_API_AUTH_MAX_ATTEMPTS", "x"}}).error().rule, "E_FROM_ENV");
}

}  // namespace
}  // namespace lumoz::app
