// SPDX-License-Identifier: Apache-2.0
// /dev/tdx_guest and the host's quote service as a Device: the way of kernels without configfs-tsm.
#pragma once

#include "tee/boot_log.hpp"
#include "tee/device.hpp"
#include "tee/quote_service.hpp"
#include "tee/td_report.hpp"

namespace lumoz::tee {

/// What a quote is made with. `reports` is shared: a request that hangs keeps it alive after the Device.
struct TdxGuestParts {
    std::shared_ptr<TdReportSource> reports;
    Connect quote_service;
    BootLog log = {};
};

/// Connects to the quote service once, to see that somebody listens. `E_TEE_IO`, `E_TEE_TIMEOUT`,
/// `E_TEE_BUSY`.
Result<std::unique_ptr<Device>> open_tdx_guest(TdxGuestParts parts, std::chrono::milliseconds time_limit);

}  // namespace lumoz::tee
