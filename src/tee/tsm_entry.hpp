// SPDX-License-Identifier: Apache-2.0
// One request to configfs-tsm, by the rules of specs/tdx.md 12.1: a fresh entry that nobody else uses, one
// write, the generation looked at on both sides of the read, retries for EINTR and EBUSY, and the entry
// removed at the end. Runs until the deadline between system calls; a call that hangs in the kernel is the
// caller's to bound.
#pragma once

#include "tee/kernel_files.hpp"
#include "tee/turn.hpp"

#include <string>

namespace lumoz::tee {

/// The provider of a new entry, without the newline ("tdx_guest"). `E_TEE_IO`, `E_TEE_TIMEOUT`,
/// `E_TEE_BUSY`, `E_TEE_ANSWER`.
Result<std::string> tsm_provider(KernelFiles& files, const std::filesystem::path& root, Deadline deadline);

/// A quote over `report_data`; its REPORTDATA is not looked at here. The errors above and `E_TEE_EMPTY`,
/// `E_TEE_TOO_LARGE`, `E_TEE_REFUSED` (the kernel did not take the report data).
Result<Bytes> tsm_quote(KernelFiles& files, const std::filesystem::path& root, const ReportData& report_data,
                        Deadline deadline);

}  // namespace lumoz::tee
