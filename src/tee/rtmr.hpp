// SPDX-License-Identifier: Apache-2.0
// The measurement registers as Linux 6.16 and later shows them in sysfs (specs/tdx.md 12.2): reading, and
// extending an RTMR. A value that was read can be old the moment it is there: a log is bound to a quote by
// replay, never by what was read here before or after.
#pragma once

#include "tee/kernel_files.hpp"
#include "tee/turn.hpp"

#include <memory>

namespace lumoz::tee {

inline constexpr unsigned kRtmrs = 4;

class MeasurementRegisters {
public:
    /// Finds the folder below `root`: `sys/class/misc/tdx_guest/measurements`, then the same under
    /// `sys/devices/virtual`. `E_TEE_NONE` with a line for each.
    static Result<MeasurementRegisters> open(std::shared_ptr<KernelFiles> files,
                                             const std::filesystem::path& root = "/");

    /// RTMR 0 to 3. `E_TEE_RTMR` (no such register), `E_TEE_ANSWER` (not 48 bytes), `E_TEE_BUSY`,
    /// `E_TEE_TIMEOUT`, `E_TEE_IO`.
    Result<Digest384> rtmr(unsigned number, Deadline deadline) const;
    /// MRTD, and the identities that the host gave at launch. The same errors.
    Result<Digest384> mr_td(Deadline deadline) const;
    Result<Digest384> mr_config_id(Deadline deadline) const;
    Result<Digest384> mr_owner(Deadline deadline) const;
    Result<Digest384> mr_owner_config(Deadline deadline) const;

    /// RTMR := SHA-384(RTMR ‖ digest), by one write of 48 bytes at offset 0. Needs root. Repeated until the
    /// deadline only while the kernel says that nothing was done; any other failure, a short write first of
    /// all, is final, because extending twice cannot be undone. `E_TEE_RTMR`, `E_TEE_REFUSED`, `E_TEE_BUSY`,
    /// `E_TEE_TIMEOUT`, `E_TEE_IO`.
    Status extend(unsigned number, const Digest384& digest, Deadline deadline) const;

private:
    MeasurementRegisters(std::shared_ptr<KernelFiles> files, std::filesystem::path folder)
        : files_(std::move(files)), folder_(std::move(folder)) {}
    Result<Digest384> read(std::string_view name, Deadline deadline) const;

    std::shared_ptr<KernelFiles> files_;
    std::filesystem::path folder_;
};

}  // namespace lumoz::tee
