// SPDX-License-Identifier: Apache-2.0
// The fields of an SEV-SNP report stand where snp.md 1 says.
#include "evidence/snp_fields.hpp"

#include <gtest/gtest.h>

namespace lumoz::evidence {
namespace {

Bytes report(unsigned version) {
    Bytes out(SnpFields::kSize, 0);
    out[0] = static_cast<std::uint8_t>(version);
    return out;
}

std::string error_of(const Bytes& bytes) {
    const auto got = SnpFields::parse(bytes);
    return got ? "accepted" : std::string(got.error().where) + " " + got.error().detail;
}

TEST(SnpFields, StandWhereTheSpecificationSays) {
    const struct {
        std::size_t at;
        std::size_t size;
        std::uint8_t value;
    } fields[] = {{0x004, 4, 1},  {0x008, 8, 2},  {0x030, 4, 3}, {0x050, 64, 4},
                  {0x090, 48, 5}, {0x0c0, 32, 6}, {0x180, 8, 7}, {0x1a0, 64, 8}};
    Bytes bytes = report(3);
    for (const auto& field : fields)
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(field.at), field.size, field.value);
    const auto got = SnpFields::parse(bytes);
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(got->version, 3U);
    EXPECT_EQ(got->guest_svn, 0x01010101U);
    EXPECT_EQ(got->policy, 0x0202020202020202U);
    EXPECT_EQ(got->vmpl, 0x03030303U);
    EXPECT_EQ(to_bytes(got->report_data.view()), Bytes(64, 4));
    EXPECT_EQ(to_bytes(got->measurement.view()), Bytes(48, 5));
    EXPECT_EQ(to_bytes(got->host_data.view()), Bytes(32, 6));
    EXPECT_EQ(got->reported_tcb, Bytes(8, 7));
    EXPECT_EQ(got->chip_id, Bytes(64, 8));
}

TEST(SnpFields, NumbersAreLittleEndian) {
    Bytes bytes = report(2);
    for (std::uint8_t i = 0; i < 8; ++i)
        bytes[0x008 + i] = static_cast<std::uint8_t>(i + 1);
    EXPECT_EQ(SnpFields::parse(bytes)->policy, 0x0807060504030201U);
}

TEST(SnpFields, VersionsAre2To5AndTheSizeIsOne) {
    for (const unsigned version : {2U, 3U, 4U, 5U})
        EXPECT_EQ(error_of(report(version)), "accepted");
    for (const unsigned version : {0U, 1U, 6U})
        EXPECT_EQ(error_of(report(version)), "report.snp.version " + std::to_string(version));
    Bytes other = report(3);
    other.push_back(0);
    EXPECT_EQ(error_of(other), "report.snp.size 1185 bytes, not 1184");
    other.resize(SnpFields::kSize - 1);
    EXPECT_EQ(error_of(other), "report.snp.size 1183 bytes, not 1184");
    EXPECT_EQ(error_of({}), "report.snp.size 0 bytes, not 1184");
}

}  // namespace
}  // namespace lumoz::evidence
