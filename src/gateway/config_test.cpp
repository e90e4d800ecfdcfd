// SPDX-License-Identifier: Apache-2.0
#include "gateway/config.hpp"

#include "base/json.hpp"
#include "base/testing.hpp"
#include "gateway/config_keys.hpp"

#include <gtest/gtest.h>

#include <set>

namespace lumoz::gateway {
namespace {

ConfigValues minimal() {
    return {{"engine.kind", std::string("url")}, {"engine.url", std::string("http://127.0.0.1:1")}};
}

TEST(Config, DefaultsAreValidForAUrlEngine) {
    const auto config = make_config(minimal());
    ASSERT_TRUE(config) << config.error().detail;
    EXPECT_EQ(config->listen, "127.0.0.1:8080");
    EXPECT_FALSE(config->receipts_relaxed);
    EXPECT_FALSE(config->allow_shared_prompt_cache);
}

TEST(Config, UnknownKeyNamesTheNearest) {
    ConfigValues values = minimal();
    values["listen.adress"] = std::string("127.0.0.1:1");
    const auto config = make_config(values);
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().rule, "E_CONFIG");
    EXPECT_NE(config.error().detail.find("`listen.address`"), std::string::npos) << config.error().detail;
}

TEST(Config, WrongTypesAndRangesAreNamed) {
    const std::vector<std::pair<std::string, ConfigValue>> cases{
        {"listen.address", std::int64_t{8080}},       {"listen.address", std::string("nowhere")},
        {"listen.address", std::string("h:99999")},   {"io_threads", std::int64_t{-1}},
        {"drain_timeout", std::string("30")},         {"drain_timeout", std::string("0s")},
        {"drain_timeout", std::int64_t{30}},          {"limits.body_bytes", std::string("10 MB")},
        {"receipts.durability", std::string("some")}, {"engine.kind", std::string("magic")},
        {"engine.embeddings", std::string("yes")},    {"listen.tls.names", std::string("a")},
        {"engine.spki_sha256", std::string("00")},    {"signatures.open", true},
    };
    for (const auto& [name, value] : cases) {
        ConfigValues values = minimal();
        values[name] = value;
        const auto config = make_config(values);
        ASSERT_FALSE(config) << name;
        EXPECT_EQ(config.error().rule, "E_CONFIG") << name;
    }
}

TEST(Config, EngineKindsDemandTheirKeys) {
    EXPECT_FALSE(make_config({}));
    EXPECT_TRUE(make_config({{"model.path", std::string("/m.gguf")}}));
    EXPECT_FALSE(make_config({{"engine.kind", std::string("url")}}));
}

TEST(Config, ADatabaseIsLocalOrVerifiedAndItsPasswordIsInAFile) {
    const auto detail = [](const std::string& url, bool plain) {
        ConfigValues values = minimal();
        values["receipts.url"] = url;
        values["receipts.allow_plain_database"] = plain;
        const auto config = make_config(values);
        if (config) return std::string("accepted");
        EXPECT_EQ(config.error().rule, "E_CONFIG");
        return config.error().detail;
    };
    EXPECT_EQ(detail("postgres://u@/r?host=/run/db", false), "accepted");
    EXPECT_EQ(detail("postgres://u@db/r?sslmode=verify-full&sslrootcert=/ca.pem", false), "accepted");
    EXPECT_NE(detail("postgres://u@db/r", false).find("verify-full"), std::string::npos);
    EXPECT_EQ(detail("postgres://u@db/r", true), "accepted");
    const std::string refused = detail("postgres://u:geheim@/r?host=/run/db", true);
    EXPECT_NE(refused.find("receipts.password_file"), std::string::npos) << refused;
    EXPECT_EQ(refused.find("geheim"), std::string::npos) << refused;
    ConfigValues values = minimal();
    values["receipts.password_file"] = std::string("/p");
    EXPECT_FALSE(make_config(values)) << "says nothing without receipts.url";
}

TEST(Config, DurationsAndSizes) {
    EXPECT_EQ(parse_duration("250ms")->count(), 250);
    EXPECT_EQ(parse_duration("2h")->count(), 7'200'000);
    EXPECT_FALSE(parse_duration("-1s"));
    EXPECT_FALSE(parse_duration("1 s"));
    EXPECT_EQ(to_text(std::chrono::hours(24 * 30)), "30d");
    EXPECT_EQ(to_text(std::chrono::milliseconds(90'000)), "90s");
    EXPECT_EQ(parse_size("10MiB").value(), 10'485'760);
    EXPECT_FALSE(parse_size("10MB"));
    EXPECT_EQ(parse_host_port("[::1]:0")->host, "::1");
}

TEST(Config, KeysAreUniqueAndAllInTheReference) {
    std::set<std::string_view> names;
    const std::string page = config_reference();
    for (const ConfigKey& key : config_keys()) {
        EXPECT_TRUE(names.insert(key.name).second) << key.name;
        const std::size_t dot = key.name.rfind('.');
        const std::string leaf(dot == std::string_view::npos ? key.name : key.name.substr(dot + 1));
        EXPECT_NE(page.find("| `" + leaf + "` |"), std::string::npos) << key.name;
    }
}

TEST(Config, ReferencePageInTheDocumentsIsCurrent) {
    const std::string path = (lumoz::testing::source_root() / "docs/configuration.md").string();
    EXPECT_EQ(lumoz::testing::read_file(path), config_reference())
        << "run `lumozd --print-config-reference > docs/configuration.md`";
}

TEST(Config, EffectiveConfigurationIsCanonicalAndComplete) {
    const auto config = make_config(minimal());
    ASSERT_TRUE(config);
    const std::string text = effective_config_json(*config);
    const auto canonical = json::canonical(text);
    ASSERT_TRUE(canonical);
    EXPECT_EQ(text, *canonical);
    for (const ConfigKey& key : config_keys())
        EXPECT_NE(text.find("\"" + std::string(key.name) + "\":"), std::string::npos) << key.name;
}

TEST(Config, TokensOfAnotherServiceLeaveByTlsOnly) {
    const ConfigValues base{{"engine.kind", "url"}, {"engine.url", "http://127.0.0.1:1"}};
    const auto with = [&base](std::string_view key, ConfigValue value) {
        ConfigValues values = base;
        values.emplace("auth.check_url", "https://cloud.example");
        values.insert_or_assign(std::string(key), std::move(value));
        return make_config(values);
    };
    EXPECT_TRUE(with("auth.check_url", "https://cloud.example/api"));
    EXPECT_TRUE(with("auth.check_url", "http://127.0.0.1:9"));
    EXPECT_TRUE(with("signatures.open", true));
    EXPECT_FALSE(with("auth.check_url", "http://cloud.example"));
    EXPECT_FALSE(with("auth.check_url", "cloud.example"));
    EXPECT_FALSE(with("auth.check_spki_sha256", "00"));
    EXPECT_FALSE(with("auth.check_retries", std::int64_t{11}));
}

TEST(Config, ProvenanceIsInTheFormThatVerifiersCompare) {
    const std::string commit(40, 'a');
    const std::string image = "sha256:" + std::string(64, 'b');
    const auto refusal = [](std::vector<std::pair<std::string, std::string>> said) {
        ConfigValues values{{"engine.kind", "url"}, {"engine.url", "http://127.0.0.1:1"}};
        for (auto& [name, value] : said)
            values.emplace("provenance." + name, std::move(value));
        const auto config = make_config(values);
        return config ? std::string() : config.error().detail;
    };
    EXPECT_EQ(refusal({{"repo_url", "https://x"}, {"repo_commit", commit}}), "");
    EXPECT_EQ(refusal({{"image_digest", image}, {"image_provenance", "https://y"}}), "");
    EXPECT_TRUE(refusal({{"repo_url", "https://x"}}).contains("belong together"));
    EXPECT_TRUE(refusal({{"repo_commit", commit}}).contains("belong together"));
    EXPECT_TRUE(refusal({{"repo_url", "https://x"}, {"repo_commit", "main"}}).contains("hex digits"));
    EXPECT_TRUE(
        refusal({{"repo_url", "https://x"}, {"repo_commit", std::string(40, 'A')}}).contains("hex digits"));
    EXPECT_TRUE(refusal({{"image_digest", std::string(64, 'b')}}).contains("sha256:"));
    EXPECT_TRUE(refusal({{"image_provenance", "https://y"}}).contains("says nothing without"));
}

TEST(Config, TrustedProxiesAreAddressesAndPrefixes) {
    const auto with = [](std::vector<std::string> proxies) {
        return make_config({{"engine.kind", "url"},
                            {"engine.url", "http://127.0.0.1:1"},
                            {"limits.forwarded_header", "forwarded"},
                            {"limits.trusted_proxies", std::move(proxies)}});
    };
    EXPECT_TRUE(with({"10.0.0.0/8", "::1", "192.0.2.7"}));
    for (const std::string bad : {"10.0.0.1/8", "proxy.example", "*", ""}) {
        const auto refused = with({bad});
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().rule, "E_CONFIG");
        EXPECT_TRUE(refused.error().detail.starts_with("limits.trusted_proxies: ")) << refused.error().detail;
    }
}

}  // namespace
}  // namespace lumoz::gateway
