// SPDX-License-Identifier: Apache-2.0
#include "tee/boot_log.hpp"

#include "tee/testing/boot_log.hpp"
#include "tee/testing/temp_tree.hpp"

#include <gtest/gtest.h>

namespace lumoz::tee {
namespace {

using testing::ccel_table;
using testing::FakeFiles;
using testing::small_cc_log;

std::string area_rule(const Bytes& table) {
    const auto size = ccel_area(table);
    return size ? std::to_string(*size) : std::string(size.error().rule);
}

TEST(BootLog, ReadsTheSizeOfTheAreaFromTheTable) {
    EXPECT_EQ(area_rule(ccel_table(65536)), "65536");
    EXPECT_EQ(area_rule(ccel_table(0)), "0");
    EXPECT_EQ(area_rule(ccel_table(kMaxCcelArea)), std::to_string(kMaxCcelArea));
    EXPECT_EQ(area_rule(ccel_table(kMaxCcelArea + 1)), "E_TEE_TOO_LARGE");
    EXPECT_EQ(area_rule(ccel_table(std::uint64_t{1} << 63)), "E_TEE_TOO_LARGE");
}

TEST(BootLog, RefusesAnotherTable) {
    EXPECT_EQ(area_rule({}), "E_TEE_ANSWER");
    EXPECT_EQ(area_rule(ccel_table(64, 1)), "E_TEE_ANSWER");
    Bytes table = ccel_table(64);
    for (std::size_t i = 0; i < table.size(); ++i) {
        table[i] ^= 1;
        EXPECT_EQ(area_rule(table), "E_TEE_ANSWER") << i;
        table[i] ^= 1;
    }
    table.pop_back();
    EXPECT_EQ(area_rule(table), "E_TEE_ANSWER");
}

TEST(BootLog, CutsWhatIsBehindTheEnd) {
    const Bytes log = small_cc_log();
    Bytes area = log;
    area.resize(4096, 0xff);
    EXPECT_EQ(*trim_cc_log(area), log);
    area = log;
    area.resize(4096, 0);
    EXPECT_EQ(*trim_cc_log(area), log);
    EXPECT_EQ(*trim_cc_log(log), log);
}

TEST(BootLog, SaysWhyALogCannotBeRead) {
    Bytes cut = small_cc_log();
    cut.pop_back();
    const auto log = trim_cc_log(cut);
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().rule, "E_TEE_ANSWER");
    EXPECT_TRUE(log.error().detail.starts_with("E_EVENTLOG_TRUNCATED")) << log.error().detail;
}

TEST(BootLog, IsReadFromTheFolderOfTables) {
    FakeFiles files;
    Bytes area = small_cc_log();
    area.resize(20000, 0xff);
    files.content["/acpi/CCEL"] = ccel_table(area.size());
    files.content["/acpi/data/CCEL"] = area;
    files.most_per_call = 100;
    const BootLog log = read_boot_log(files, "/acpi");
    EXPECT_EQ(log.bytes, small_cc_log());
    EXPECT_EQ(log.missing, "");
    EXPECT_EQ(files.descriptors, 0);
}

TEST(BootLog, SaysInOneLineWhatIsMissing) {
    FakeFiles files;
    EXPECT_EQ(read_boot_log(files, "/acpi").missing, "table CCEL: No such file or directory");
    files.content["/acpi/CCEL"] = ccel_table(100);
    EXPECT_EQ(read_boot_log(files, "/acpi").missing, "area data/CCEL: No such file or directory");
    files.content["/acpi/data/CCEL"] = Bytes(99);
    EXPECT_EQ(read_boot_log(files, "/acpi").missing, "the area has 99 bytes, the table says 100");
    files.content["/acpi/data/CCEL"] = Bytes(101);
    EXPECT_TRUE(read_boot_log(files, "/acpi").missing.starts_with("area data/CCEL: "));
    files.content["/acpi/data/CCEL"] = Bytes(100);
    EXPECT_NE(read_boot_log(files, "/acpi").missing, "");
    files.open_error = EACCES;
    EXPECT_NE(read_boot_log(files, "/acpi").missing.find("needs root"), std::string::npos);
}

TEST(BootLog, ALogThatIsTooLongIsNotCarried) {
    // 40 KiB of data each, until the log is over its bound.
    Bytes log = small_cc_log();
    while (log.size() <= kMaxBootLog)
        append(log, testing::cc_record(1, 8, Bytes(40960, 1)));
    EXPECT_EQ(trim_cc_log(log).error().rule, "E_TEE_TOO_LARGE");
}

}  // namespace
}  // namespace lumoz::tee
