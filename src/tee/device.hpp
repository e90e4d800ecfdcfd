// SPDX-License-Identifier: Apache-2.0
// The TEE this process runs in, as one narrow interface. Only this folder opens TEE devices. Two kinds exist:
// the guest-agent socket (specs/tdx.md 12.3) and configfs-tsm (12.1). Whatever a device answers is bounded,
// and a quote that does not carry the REPORTDATA asked for is refused. Nothing here verifies a quote.
#pragma once

#include "base/bytes.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace lumoz::tee {

/// What the device gave for one REPORTDATA.
struct Evidence {
    Bytes quote;            ///< at most 65,536 bytes, as the device gave it (zero padding included)
    std::string event_log;  ///< JSON list (specs/tdx.md 11.2), empty when the device has none
    std::string vm_config;  ///< JSON object text, empty when the device has none
};

/// What the device says about the guest; never evidence.
struct GuestInfo {
    std::string info_json;  ///< one JSON object; "{}" when the device has none
};

/// A TEE. Thread-safe: quotes are made one at a time, further callers wait their turn.
class Device {
public:
    virtual ~Device() = default;
    /// "guest-agent" or "configfs-tsm".
    [[nodiscard]] virtual std::string_view kind() const = 0;
    /// "tdx".
    [[nodiscard]] virtual std::string_view tee_type() const = 0;
    /// A fresh quote over `report_data`. Blocks up to the time limit of OpenOptions, waiting for others
    /// included. Errors: `E_TEE_TIMEOUT`, `E_TEE_IO`, `E_TEE_BUSY`, `E_TEE_ANSWER` (what came is no answer),
    /// `E_TEE_REFUSED` (the device says no), `E_TEE_TOO_LARGE`, `E_TEE_EMPTY` (empty quote),
    /// `E_TEE_REPORT_DATA` (another REPORTDATA than asked for).
    virtual Result<Evidence> quote(const ReportData& report_data) = 0;
    /// The same errors but `E_TEE_EMPTY` and `E_TEE_REPORT_DATA`.
    virtual Result<GuestInfo> info() = 0;
};

struct OpenOptions {
    /// Empty: /var/run/dstack.sock, then /var/run/dstack/dstack.sock. With a path, only that path is tried
    /// and configfs is not. The environment names no socket.
    std::string guest_agent_socket;
    std::filesystem::path configfs_root = "/sys/kernel/config/tsm/report";
    /// Of one quote or info call as a whole.
    std::chrono::milliseconds time_limit{30000};
};

/// Opens the first device that is there. `E_TEE_NONE` names in its detail everything it looked for and why
/// each was not it.
Result<std::unique_ptr<Device>> open(const OpenOptions& options);

}  // namespace lumoz::tee
