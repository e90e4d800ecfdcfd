// SPDX-License-Identifier: Apache-2.0
#include "tee/boot_log.hpp"

#include "base/reader.hpp"
#include "evidence/event_log.hpp"
#include "tee/retry.hpp"

#include <numeric>

namespace lumoz::tee {
namespace {

constexpr std::string_view kWhere = "tee.ccel";
constexpr std::string_view kSignature = "CCEL";
constexpr std::size_t kTableSize = 56;
constexpr std::uint8_t kTypeTdx = 2;
constexpr std::size_t kMaxTable = 4096;

std::unexpected<Error> no_table(std::string detail) {
    return fail(Errc::Malformed, "E_TEE_ANSWER", kWhere, std::move(detail));
}

Result<Bytes> read_log(KernelFiles& files, const std::filesystem::path& acpi_tables) {
    Bytes table;
    std::int64_t result = read_whole(files, acpi_tables / "CCEL", kMaxTable, table);
    if (result < 0) return kernel_error(kWhere, "table CCEL", result);
    LUMOZ_TRY(const std::size_t size, ccel_area(table));
    Bytes area;
    result = read_whole(files, acpi_tables / "data" / "CCEL", size, area);
    if (result < 0) return kernel_error(kWhere, "area data/CCEL", result);
    if (area.size() != size) {
        return no_table("the area has " + std::to_string(area.size()) + " bytes, the table says " +
                        std::to_string(size));
    }
    return trim_cc_log(std::move(area));
}

}  // namespace

// ACPI header of 36 bytes: signature, u32 length, u8 revision, u8 checksum, ids. Then u8 type, u8 subtype,
// u16 reserved, u64 length of the area, u64 its address.
Result<std::size_t> ccel_area(ByteView table) {
    if (table.size() < kTableSize || as_text(table.first(kSignature.size())) != kSignature) {
        return no_table("no CCEL table");
    }
    Reader in(table.subspan(kSignature.size()), "E_TEE_ANSWER", kWhere);
    LUMOZ_TRY(const std::uint32_t length, in.le<std::uint32_t>());
    LUMOZ_CHECK_OK(in.take(28));
    LUMOZ_TRY(const std::uint8_t type, in.le<std::uint8_t>());
    LUMOZ_CHECK_OK(in.take(3));
    LUMOZ_TRY(const std::uint64_t size, in.le<std::uint64_t>());
    if (length != table.size()) return no_table("the table's length is not its size");
    const unsigned sum = std::accumulate(table.begin(), table.end(), 0U);
    if (sum % 256 != 0) return no_table("the table's bytes do not add up to zero");
    if (type != kTypeTdx) {
        return no_table("the table is of TEE type " + std::to_string(type) + ", TDX is 2");
    }
    if (size > kMaxCcelArea) {
        return fail(Errc::Limit, "E_TEE_TOO_LARGE", kWhere, "an area of " + std::to_string(size) + " bytes");
    }
    return static_cast<std::size_t>(size);
}

Result<Bytes> trim_cc_log(Bytes area) {
    const auto log = evidence::parse_cc_log(area);
    if (!log) return no_table(std::string(log.error().rule) + ": " + log.error().detail);
    if (log->end_offset > kMaxBootLog) {
        return fail(Errc::Limit, "E_TEE_TOO_LARGE", kWhere,
                    "a log of " + std::to_string(log->end_offset) + " bytes");
    }
    area.resize(std::min(area.size(), log->end_offset));
    return area;
}

BootLog read_boot_log(KernelFiles& files, const std::filesystem::path& acpi_tables) {
    BootLog out;
    auto log = read_log(files, acpi_tables);
    if (log) {
        out.bytes = *std::move(log);
    } else {
        out.missing = std::move(log).error().detail;
    }
    return out;
}

}  // namespace lumoz::tee
