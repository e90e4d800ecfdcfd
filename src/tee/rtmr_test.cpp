// SPDX-License-Identifier: Apache-2.0
#include "tee/rtmr.hpp"

#include "tee/testing/temp_tree.hpp"

#include <gtest/gtest.h>

namespace lumoz::tee {
namespace {

using namespace std::chrono_literals;
using testing::FakeFiles;

const std::filesystem::path kFolder = "/sys/class/misc/tdx_guest/measurements";

Deadline soon() {
    return std::chrono::steady_clock::now() + 2000ms;
}
Digest384 digest(std::uint8_t value) {
    Digest384 out;
    out.bytes.fill(value);
    return out;
}

class Rtmr : public ::testing::Test {
protected:
    Rtmr() {
        for (unsigned n = 0; n < kRtmrs; ++n)
            files->content[kFolder / ("rtmr" + std::to_string(n) + ":sha384")] =
                Bytes(48, static_cast<std::uint8_t>(n));
        files->content[kFolder / "mrtd:sha384"] = Bytes(48, 0x10);
        files->content[kFolder / "mrconfigid"] = Bytes(48, 0x11);
        files->content[kFolder / "mrowner"] = Bytes(48, 0x12);
        files->content[kFolder / "mrownerconfig"] = Bytes(48, 0x13);
    }
    MeasurementRegisters registers() {
        auto out = MeasurementRegisters::open(files);
        EXPECT_TRUE(out);
        return *std::move(out);
    }
    std::string extend_rule(Deadline deadline = soon()) {
        const auto done = registers().extend(3, digest(9), deadline);
        return done ? std::string() : std::string(done.error().rule);
    }

    std::shared_ptr<FakeFiles> files = std::make_shared<FakeFiles>();
};

TEST_F(Rtmr, ReadsEveryRegister) {
    const MeasurementRegisters all = registers();
    for (unsigned n = 0; n < kRtmrs; ++n)
        EXPECT_EQ(*all.rtmr(n, soon()), digest(static_cast<std::uint8_t>(n)));
    EXPECT_EQ(*all.mr_td(soon()), digest(0x10));
    EXPECT_EQ(*all.mr_config_id(soon()), digest(0x11));
    EXPECT_EQ(*all.mr_owner(soon()), digest(0x12));
    EXPECT_EQ(*all.mr_owner_config(soon()), digest(0x13));
    EXPECT_EQ(files->descriptors, 0);
}

TEST_F(Rtmr, ReadsInShortPiecesAndAnewAfterADisturbance) {
    files->most_per_call = 5;
    files->interrupted = 1;
    files->busy = 1;
    EXPECT_EQ(*registers().rtmr(2, soon()), digest(2));
}

TEST_F(Rtmr, AValueOfAnotherSizeIsNone) {
    files->content[kFolder / "rtmr1:sha384"] = Bytes(47);
    EXPECT_EQ(registers().rtmr(1, soon()).error().rule, "E_TEE_ANSWER");
    files->content[kFolder / "rtmr1:sha384"] = Bytes(49);
    EXPECT_EQ(registers().rtmr(1, soon()).error().rule, "E_TEE_ANSWER");
    files->content[kFolder / "rtmr1:sha384"] = {};
    EXPECT_EQ(registers().rtmr(1, soon()).error().rule, "E_TEE_ANSWER");
}

TEST_F(Rtmr, ThereAreFour) {
    EXPECT_EQ(registers().rtmr(4, soon()).error().rule, "E_TEE_RTMR");
    EXPECT_EQ(registers().extend(4, digest(1), soon()).error().rule, "E_TEE_RTMR");
    EXPECT_TRUE(files->writes.empty());
}

TEST_F(Rtmr, ExtendsByOneWriteOf48Bytes) {
    EXPECT_EQ(extend_rule(), "");
    ASSERT_EQ(files->writes.size(), 1U);
    EXPECT_EQ(files->writes[0], to_bytes(digest(9).view()));
    EXPECT_EQ(files->descriptors, 0);
}

TEST_F(Rtmr, RepeatsAnExtensionOnlyWhenNothingWasDone) {
    files->busy = 2;
    files->interrupted = 2;
    EXPECT_EQ(extend_rule(), "");
    EXPECT_EQ(files->writes.size(), 1U);
}

TEST_F(Rtmr, AShortWriteIsFinal) {
    files->most_per_call = 47;
    EXPECT_EQ(extend_rule(), "E_TEE_IO");
    EXPECT_EQ(files->writes.size(), 1U);
}

TEST_F(Rtmr, GivesUpWhenBusyUntilTheDeadline) {
    files->busy = 1 << 20;
    EXPECT_EQ(extend_rule(std::chrono::steady_clock::now() + 50ms), "E_TEE_BUSY");
    EXPECT_TRUE(files->writes.empty());
}

TEST_F(Rtmr, PassesOnTheKernelsErrors) {
    const std::pair<int, std::string> cases[] = {{EINVAL, "E_TEE_REFUSED"}, {EIO, "E_TEE_IO"}};
    for (const auto& [error, name] : cases) {
        files->write_error = error;
        EXPECT_EQ(extend_rule(), name);
    }
    files->write_error = EACCES;
    EXPECT_NE(registers().extend(3, digest(1), soon()).error().detail.find("needs root"), std::string::npos);
}

TEST_F(Rtmr, FindsTheOtherFolder) {
    files->content.clear();
    files->content["/sys/devices/virtual/misc/tdx_guest/measurements/rtmr3:sha384"] = Bytes(48, 3);
    EXPECT_EQ(*registers().rtmr(3, soon()), digest(3));
}

TEST_F(Rtmr, NamesBothFoldersWhenThereIsNone) {
    files->content.clear();
    const auto none = MeasurementRegisters::open(files);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().rule, "E_TEE_NONE");
    EXPECT_EQ(std::ranges::count(none.error().detail, '\n'), 2);
}

TEST(RtmrTree, WorksOnFilesOfTheSystem) {
    const testing::TempTree tree;
    tree.write("sys/class/misc/tdx_guest/measurements/rtmr3:sha384", Bytes(48, 1));
    const auto registers = MeasurementRegisters::open(std::make_shared<SystemKernelFiles>(), tree.root());
    ASSERT_TRUE(registers) << registers.error().detail;
    ASSERT_TRUE(registers->extend(3, digest(5), soon()));
    // A plain file keeps what was written; the kernel would hash it.
    EXPECT_EQ(*registers->rtmr(3, soon()), digest(5));
}

}  // namespace
}  // namespace lumoz::tee
