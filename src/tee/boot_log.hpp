// SPDX-License-Identifier: Apache-2.0
// The firmware's CC event log as the ACPI table "CCEL" gives it (specs/tdx.md 11.1). It covers what the
// firmware and the boot loader measured; what the kernel or a runtime extends later is not in it.
#pragma once

#include "tee/kernel_files.hpp"

#include <string>

namespace lumoz::tee {

/// Largest area that is read, and largest log that is kept.
inline constexpr std::size_t kMaxCcelArea = std::size_t{4} << 20;
inline constexpr std::size_t kMaxBootLog = std::size_t{512} << 10;

/// The log, or why there is none.
struct BootLog {
    Bytes bytes;          ///< from the first record to the end mark, which is cut off
    std::string missing;  ///< one line; empty exactly when there is a log
};

/// Bytes of the log area that the table announces. `E_TEE_ANSWER` for any other table, a wrong sum, or a TEE
/// that is not TDX; `E_TEE_TOO_LARGE` above kMaxCcelArea.
Result<std::size_t> ccel_area(ByteView table);

/// The log without what is behind its end. `E_TEE_ANSWER` when it cannot be read, `E_TEE_TOO_LARGE` above
/// kMaxBootLog.
Result<Bytes> trim_cc_log(Bytes area);

/// Reads `CCEL` and `data/CCEL` under the folder of ACPI tables. Never fails: evidence without a log is
/// evidence.
[[nodiscard]] BootLog read_boot_log(KernelFiles& files, const std::filesystem::path& acpi_tables);

}  // namespace lumoz::tee
