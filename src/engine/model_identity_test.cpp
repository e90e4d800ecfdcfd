// SPDX-License-Identifier: Apache-2.0
#include "engine/model_identity.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "base/testing.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <filesystem>
#include <fstream>

namespace lumoz::engine {
namespace {
namespace fs = std::filesystem;

class ModelRoot : public ::testing::Test {
public:
    void put(const fs::path& name, std::string_view content) const {
        fs::create_directories((dir / name).parent_path());
        std::ofstream(dir / name, std::ios::binary) << content;
    }
    const lumoz::testing::ScratchFolder folder;
    const fs::path& dir = folder.path();
};

/// Text of a member, or nothing.
std::string text(const json::Value& value, std::string_view name) {
    const auto found = value.find(name);
    return found ? found->as_string().value_or("") : "";
}

ModelRootOptions options_of(const json::Value& input) {
    ModelRootOptions options;
    options.signature = text(input, "signature");
    if (const auto ignored = input.find("ignore_paths")) {
        for (const json::Value& path : ignored->elements()) {
            options.ignore_paths.push_back(path.as_string().value_or(""));
        }
    }
    const std::string method = text(input, "method");
    constexpr std::string_view kShard = "file-shard-";
    if (method.starts_with(kShard)) {
        std::from_chars(method.data() + kShard.size(), method.data() + method.size(), options.shard_size);
    }
    return options;
}

void run_case(const json::Value& one, const fs::path& dir) {
    const json::Value input = *one.find("input");
    fs::create_directories(dir);
    std::string path = dir.string();
    for (const json::Value& file : input.find("files")->elements()) {
        const fs::path to = dir / text(file, "path");
        fs::create_directories(to.parent_path());
        const auto content = from_base64(text(file, "content_b64"));
        ASSERT_TRUE(content);
        std::ofstream(to, std::ios::binary) << as_text(*content);
        if (input.find("single_file")) path = to.string();
    }
    if (const auto links = input.find("symlinks")) {
        for (const json::Value& link : links->elements()) {
            fs::create_symlink(text(link, "target"), dir / text(link, "path"));
        }
    }
    const auto identity = model_identity(path, options_of(input));
    const json::Value expect = *one.find("expect");
    if (text(expect, "result") == "error") {
        ASSERT_FALSE(identity);
        EXPECT_EQ(identity.error().rule, text(expect, "code"));
        return;
    }
    ASSERT_TRUE(identity) << identity.error().rule;
    EXPECT_EQ(to_hex(identity->root.view()), text(expect, "root"));
    EXPECT_EQ(identity->model_root(), "sha256:" + text(expect, "root"));
    const std::string components = text(expect, "root_components");
    if (!components.empty()) EXPECT_EQ(to_hex(identity->root_components.view()), components);
}

TEST_F(ModelRoot, AgreesWithTheVectors) {
    const auto vectors = testing::vectors_dir();
    if (!vectors) GTEST_SKIP() << "no vectors here";
    const std::string file = testing::read_file(*vectors / "standards/oms/roots.json");
    const auto document = json::Document::parse(file);
    ASSERT_TRUE(document);
    int index = 0;
    for (const json::Value& one : document->root().find("cases")->elements()) {
        SCOPED_TRACE(text(one, "id"));
        run_case(one, dir / std::to_string(index++));
    }
    EXPECT_EQ(index, 9);
}

TEST_F(ModelRoot, IsTheSameForAnyNumberOfThreads) {
    for (int i = 0; i < 20; ++i) {
        put("d" + std::to_string(i % 3) + "/f" + std::to_string(i),
            std::string(static_cast<std::size_t>(i) * 70'000, 'x'));
    }
    ModelRootOptions one{.threads = 1};
    const auto alone = model_identity(dir.string(), one);
    std::uint64_t seen = 0;
    std::uint64_t total = 0;
    const ModelRootOptions many{.threads = 4, .progress = [&](std::uint64_t done, std::uint64_t all) {
                                    EXPECT_GE(done, seen);
                                    seen = done;
                                    total = all;
                                }};
    const auto together = model_identity(dir.string(), many);
    ASSERT_TRUE(alone && together);
    EXPECT_EQ(alone->root, together->root);
    EXPECT_EQ(seen, alone->bytes);
    EXPECT_EQ(total, alone->bytes);
    EXPECT_EQ(alone->resources.size(), 20U);
}

TEST_F(ModelRoot, GivesUpWhenToldTo) {
    put("a", "1");
    const std::atomic<bool> stop{true};
    const auto identity = model_identity(dir.string(), {.stop = &stop});
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error().rule, "E_STOPPED");
}

TEST_F(ModelRoot, RefusesNamesThatAreNotUtf8) {
    put("ok", "1");
    put(fs::path("bad\xff"), "1");
    const auto identity = model_identity(dir.string(), {});
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error().rule, "E_OMS_FILE_KIND");
}

TEST_F(ModelRoot, RefusesWhatIsMissing) {
    const auto identity = model_identity((dir / "nothing").string(), {});
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error().rule, "E_OMS_READ");
}

}  // namespace
}  // namespace lumoz::engine
