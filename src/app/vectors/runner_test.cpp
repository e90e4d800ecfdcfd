// SPDX-License-Identifier: Apache-2.0
#include "app/vectors/runner.hpp"

#include "app/output/files.hpp"
#include "app/process/temp_dir.hpp"
#include "app/vectors/check.hpp"
#include "base/hex.hpp"
#include "crypto/sha2.hpp"

#include <gtest/gtest.h>

namespace lumoz::app::vectors {
namespace {

/// Passes when a case's member `x` is 1.
Status one(const Case& c) {
    LUMOZ_TRY(const std::int64_t x, number(c.value, "x"));
    return same("x", "1", std::to_string(x));
}

class Runner : public ::testing::Test {
protected:
    void SetUp() override {
        auto made = TempDir::make("runner-test");
        ASSERT_TRUE(made);
        dir_.emplace(*std::move(made));
        write("a.json", R"({"suite":"a","cases":[{"id":"good","x":1},{"id":"bad","x":2}]})");
        write("b.json",
              R"({"suite":"b","cases":[{"id":"k1","kind":"known","x":1},{"id":"k2","kind":"other","x":1}]})");
        write("MANIFEST.json", R"({"files":[{"path":"a.json","suite":"a"},{"path":"b.json","suite":"b"}]})");
    }
    void write(const std::string& name, const std::string& text) {
        ASSERT_TRUE(write_output((dir_->path() / name).string(), as_bytes(text)));
    }
    Result<Summary> run_with(std::vector<std::string> kinds, std::string id = "", bool skip = false) {
        const Options options{.manifest = dir_->path() / "MANIFEST.json",
                              .kinds = std::move(kinds),
                              .case_id = std::move(id),
                              .skip_unknown = skip};
        return run(options, {{"a", one}, {"known", one}});
    }
    std::optional<TempDir> dir_;
};

TEST_F(Runner, CountsEveryCase) {
    const auto summary = run_with({});
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->passed, 2u);
    EXPECT_EQ(summary->failed, 2u);
    EXPECT_TRUE(to_text(*summary).ends_with("2 passed, 2 failed, 0 skipped\n"));
}

TEST_F(Runner, UnknownKindFails) {
    const auto summary = run_with({"other"});
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->failed, 1u);
    EXPECT_NE(to_text(*summary).find("FAIL other k2: unknown kind"), std::string::npos);
}

TEST_F(Runner, UnknownKindIsSkippedOnlyWhenAsked) {
    const auto summary = run_with({"b"}, "", true);
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->passed, 1u);
    EXPECT_EQ(summary->skipped, 1u);
    EXPECT_EQ(summary->failed, 0u);
}

TEST_F(Runner, KindSelectsBySuiteAndByKind) {
    EXPECT_EQ(run_with({"a"})->outcomes.size(), 2u);
    EXPECT_EQ(run_with({"known"})->outcomes.size(), 1u);
    EXPECT_EQ(run_with({"a", "known"})->outcomes.size(), 3u);
    EXPECT_EQ(run_with({}, "bad")->outcomes.size(), 1u);
}

TEST_F(Runner, SelectingNothingIsAnError) {
    EXPECT_EQ(run_with({"nothing"}).error().rule, "E_NO_CASE");
    EXPECT_EQ(run_with({}, "nobody").error().rule, "E_NO_CASE");
}

TEST_F(Runner, MismatchNamesBothSides) {
    const auto summary = run_with({"a"}, "bad");
    ASSERT_TRUE(summary);
    EXPECT_NE(to_text(*summary).find("FAIL a bad: E_MISMATCH: x: want 1, have 2"), std::string::npos);
}

TEST_F(Runner, ChangedFileFails) {
    const std::string hash = to_hex(crypto::sha256(as_bytes("other content")).view());
    write("MANIFEST.json", R"({"files":[{"path":"a.json","suite":"a","sha256":")" + hash + R"("}]})");
    const auto summary = run_with({});
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->failed, 1u);
    EXPECT_EQ(summary->passed, 0u);
}

TEST_F(Runner, MissingFileFails) {
    write("MANIFEST.json", R"({"files":[{"path":"none.json","suite":"a"}]})");
    EXPECT_EQ(run_with({})->failed, 1u);
}

TEST_F(Runner, CasesMayStandInTheManifest) {
    write("MANIFEST.json", R"({"cases":[{"id":"c","kind":"known","x":1}]})");
    EXPECT_EQ(run_with({})->passed, 1u);
}

TEST_F(Runner, ManifestMustBeOne) {
    write("MANIFEST.json", "{}");
    EXPECT_EQ(run_with({}).error().rule, "E_MANIFEST");
    write("MANIFEST.json", "not json");
    EXPECT_EQ(run_with({}).error().rule, "E_MANIFEST");
}

TEST_F(Runner, JsonHasCountsAndMismatches) {
    const std::string text = to_json(*run_with({}));
    const auto document = json::Document::parse(std::string_view(text).substr(0, text.size() - 1));
    ASSERT_TRUE(document);
    EXPECT_EQ(document->root().find("failed")->as_int(), 2);
    EXPECT_EQ(document->root().find("mismatches")->size(), 2u);
    EXPECT_EQ(document->root().find("result")->as_string(), "reject");
}

}  // namespace
}  // namespace lumoz::app::vectors
