// SPDX-License-Identifier: Apache-2.0
// The kernel's configfs-tsm interface with the TDX guest driver (specs/tdx.md 12.1) as a Device.
#pragma once

#include "tee/boot_log.hpp"
#include "tee/device.hpp"
#include "tee/kernel_files.hpp"

namespace lumoz::tee {

/// Makes and removes one entry to see who the provider is. `E_TEE_NONE` when that is not `tdx_guest`; the
/// errors of tsm_provider (`E_TEE_IO` when there is no such folder). `files` is shared: a request that hangs
/// in the kernel keeps it alive after the Device is gone. `log` goes with every quote.
Result<std::unique_ptr<Device>> open_configfs_tsm(const std::filesystem::path& root,
                                                  std::chrono::milliseconds time_limit,
                                                  std::shared_ptr<KernelFiles> files, BootLog log = {});

}  // namespace lumoz::tee
