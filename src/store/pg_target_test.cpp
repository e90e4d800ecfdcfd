// SPDX-License-Identifier: Apache-2.0
#include "store/pg_target.hpp"

#include <gtest/gtest.h>

#include <map>

namespace lumoz::store {
namespace {

std::map<std::string, std::string> values(const std::string& url, bool allow_plain = false) {
    const auto target = read_pg_target(url, {}, allow_plain);
    EXPECT_TRUE(target) << url << ": " << target.error().detail;
    if (!target) return {};
    return {target->values.begin(), target->values.end()};
}
/// The refusal, or "accepted".
std::string refusal(const std::string& url) {
    const auto target = read_pg_target(url, {}, false);
    if (target) return "accepted";
    EXPECT_EQ(target.error().rule, "E_STORE_URL");
    return target.error().detail;
}

TEST(PgTarget, SocketsAndLoopbackNeedNoTls) {
    for (const char* url :
         {"postgres://lumoz@/receipts?host=/run/db", "postgresql:///receipts",
          "postgres://localhost/receipts", "postgres://u@127.0.0.1:6000/r", "postgres://u@[::1]/r",
          "postgres://u@/r?host=@abstract", "postgres://u@db.example/r?hostaddr=127.0.0.1"}) {
        EXPECT_EQ(values(url)["sslmode"], "disable") << url;
    }
}

TEST(PgTarget, AnotherMachineNeedsVerifiedTls) {
    for (const char* url :
         {"postgres://u@db.example/r", "postgres://u@db.example/r?sslmode=require",
          "postgres://u@db.example/r?sslmode=verify-ca&sslrootcert=/ca.pem",
          "postgres://u@db.example/r?sslmode=verify-full", "postgres://u@10.0.0.1/r",
          "postgres://u@localhost,db.example/r", "postgres://u@/r?hostaddr=10.0.0.1",
          "postgres://u@localhost/r?hostaddr=10.0.0.1", "postgres://u@127.0.0.1.evil.example/r",
          "postgres://u@/r?host=/run/db,db.example"}) {
        EXPECT_NE(refusal(url).find("verify-full"), std::string::npos) << url;
    }
    const auto full = values("postgres://u@db.example/r?sslmode=verify-full&sslrootcert=/ca.pem");
    EXPECT_EQ(full.at("sslmode"), "verify-full");
    EXPECT_EQ(full.at("sslrootcert"), "/ca.pem");
    EXPECT_EQ(full.at("host"), "db.example");
    EXPECT_EQ(values("postgres://u@db.example/r", true)["sslmode"], "prefer");
}

TEST(PgTarget, APasswordIsRefusedAndNotRepeated) {
    for (const char* url :
         {"postgres://u:geheim@/r?host=/run/db", "postgres://u@/r?host=/run/db&password=geheim",
          "postgres://u:geheim@[broken/r"}) {
        const std::string told = refusal(url);
        EXPECT_NE(told, "accepted") << url;
        EXPECT_EQ(told.find("geheim"), std::string::npos) << told;
    }
}

TEST(PgTarget, RefusesOptionsThatWeakenOrReachOutside) {
    for (const char* option : {"options=-c%20fsync%3Doff", "passfile=/tmp/p", "service=x", "sslpassword=x",
                               "gssencmode=prefer", "target_session_attrs=any", "replication=true"}) {
        EXPECT_NE(refusal(std::string("postgres://u@/r?host=/run/db&") + option).find("not allowed"),
                  std::string::npos)
            << option;
    }
    EXPECT_NE(refusal("mysql://u@/r").find("postgres://"), std::string::npos);
    EXPECT_NE(refusal("host=/run/db dbname=r").find("postgres://"), std::string::npos);
    EXPECT_NE(refusal("postgres://u@/r?nonsense=1"), "accepted");
}

TEST(PgTarget, LeavesNothingToTheEnvironment) {
    const auto all = values("postgres:///r");
    EXPECT_EQ(all.at("host"), "/var/run/postgresql");
    EXPECT_EQ(all.at("port"), "5432");
    EXPECT_EQ(all.at("passfile"), "/dev/null/none");
    EXPECT_EQ(all.at("gssencmode"), "disable");
    EXPECT_EQ(all.at("target_session_attrs"), "read-write");
}

}  // namespace
}  // namespace lumoz::store
