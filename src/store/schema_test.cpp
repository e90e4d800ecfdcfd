// SPDX-License-Identifier: Apache-2.0
#include "store/schema.hpp"

#include "store/testing.hpp"

#include <gtest/gtest.h>

namespace lumoz::store {
namespace {

class SchemaFixture : public ::testing::Test {
protected:
    Database open() { return *Database::open((folder_.path() / "t.db").string(), true); }
    testing::ScratchFolder folder_;
};
using Schema = SchemaFixture;

TEST_F(Schema, AnOlderFileIsBroughtForwardWithItsRows) {
    constexpr std::array<const char* const, 1> first = {"CREATE TABLE a(x); INSERT INTO a VALUES(7)"};
    constexpr std::array<const char* const, 3> later = {first[0], "ALTER TABLE a ADD COLUMN y",
                                                        "UPDATE a SET y=x+1"};
    {
        Database db = open();
        ASSERT_TRUE(prepare_schema(db, first));
    }
    Database db = open();
    ASSERT_TRUE(prepare_schema(db, later));
    EXPECT_EQ(*db.integer("SELECT y FROM a", "t"), 8);
    EXPECT_EQ(*db.integer("PRAGMA user_version", "t"), 3);
    ASSERT_TRUE(prepare_schema(db, later));
    EXPECT_EQ(*db.integer("SELECT y FROM a", "t"), 8);
}

TEST_F(Schema, AStepThatFailsLeavesTheVersionBefore) {
    constexpr std::array<const char* const, 2> steps = {"CREATE TABLE a(x)", "CREATE TABLE b(x); no sql"};
    Database db = open();
    ASSERT_FALSE(prepare_schema(db, steps));
    EXPECT_EQ(*db.integer("PRAGMA user_version", "t"), 1);
    EXPECT_EQ(*db.integer("SELECT count(*) FROM sqlite_schema WHERE name='b'", "t"), 0);
    EXPECT_FALSE(db.in_transaction());
}

TEST_F(Schema, AFileOfANewerVersionIsRefused) {
    Database db = open();
    ASSERT_TRUE(prepare_schema(db, schema_steps()));
    ASSERT_TRUE(db.run("PRAGMA user_version=1000", "t"));
    const Status status = prepare_schema(db, schema_steps());
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().rule, "E_STORE_VERSION");
    EXPECT_EQ(status.error().where, "store.schema.version");
}

TEST_F(Schema, AnotherProgramsFileIsRefused) {
    Database db = open();
    ASSERT_TRUE(db.run("CREATE TABLE theirs(x)", "t"));
    const Status status = prepare_schema(db, schema_steps());
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().rule, "E_STORE_CORRUPT");
    EXPECT_EQ(status.error().where, "store.schema.application_id");
}

TEST_F(Schema, ANewFileHasWalAndIncrementalVacuumFromTheStart) {
    Database db = open();
    ASSERT_TRUE(prepare_schema(db, schema_steps()));
    EXPECT_EQ(*db.integer("PRAGMA auto_vacuum", "t"), 2);
    EXPECT_EQ(*db.integer("PRAGMA page_size", "t"), 4096);
    EXPECT_TRUE(std::filesystem::exists(folder_.path() / "t.db-wal"));
}

TEST_F(Schema, LookUpsUseTheirIndexes) {
    Database db = open();
    ASSERT_TRUE(prepare_schema(db, schema_steps()));
    for (const char* sql :
         {"EXPLAIN QUERY PLAN SELECT seq FROM receipt WHERE owner=1 AND receipt_key=7 AND receipt_id='a'"
          " ORDER BY seq DESC LIMIT 1",
          "EXPLAIN QUERY PLAN SELECT seq FROM receipt WHERE owner=1 AND response_key=7 AND response_id='a'"
          " ORDER BY seq DESC LIMIT 1"}) {
        auto plan = db.prepare(sql);
        ASSERT_TRUE(plan);
        ASSERT_TRUE(*plan->step("t"));
        EXPECT_NE(plan->text(3).find("USING INDEX"), std::string::npos) << plan->text(3);
        EXPECT_FALSE(*plan->step("t"));  // no sorting step
    }
}

}  // namespace
}  // namespace lumoz::store
