// SPDX-License-Identifier: Apache-2.0
// The TEE this process runs in, as one narrow interface. Only this folder opens TEE devices. Three kinds
// exist: the guest-agent socket (specs/tdx.md 12.3) with its older names, configfs-tsm (12.1), and
// /dev/tdx_guest with the host's quote service over vsock (12.2). Whatever a device answers is bounded, and a
// quote that does not carry the REPORTDATA asked for is refused. Nothing here verifies a quote.
#pragma once

#include "base/bytes.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace lumoz::tee {

/// What the device gave for one REPORTDATA.
struct Evidence {
    Bytes quote;            ///< at most 65,536 bytes, as the device gave it (zero padding included)
    std::string event_log;  ///< JSON list (specs/tdx.md 11.2), empty when the device has none
    std::string vm_config;  ///< JSON object text, empty when the device has none
    /// The firmware's CC event log (specs/tdx.md 11.1) up to its end mark, at most 512 KiB; empty when the
    /// device has none. It was read at open and can be parsed; whether it replays to the quote is not known.
    Bytes cc_log = {};
};

/// What the device says about the guest; never evidence.
struct GuestInfo {
    std::string info_json;  ///< one JSON object; "{}" when the device has none
};

/// A TEE. Thread-safe: quotes are made one at a time, further callers wait their turn.
class Device {
public:
    virtual ~Device() = default;
    /// "guest-agent", "configfs-tsm" or "tdx-guest".
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
    /// Why evidence has no firmware event log where it should have one; empty when nothing is amiss.
    [[nodiscard]] virtual std::string_view no_event_log() const { return {}; }
};

struct OpenOptions {
    /// Empty: the usual places (`agent_sockets`). With a path, only that path is tried and nothing else. The
    /// environment names no socket.
    std::string guest_agent_socket;
    /// Relative to `root`, like all that stand below.
    std::filesystem::path configfs_root = "/sys/kernel/config/tsm/report";
    /// Of one quote or info call as a whole.
    std::chrono::milliseconds time_limit{30000};
    /// Folder that stands for `/`: the machine's interfaces as they are mounted into a container, or a fake
    /// tree of a test.
    std::filesystem::path root = "/";
    std::filesystem::path tdx_guest = "/dev/tdx_guest";
    /// Names the vsock port of the quote service.
    std::filesystem::path attest_conf = "/etc/tdx-attest.conf";
    std::filesystem::path acpi_tables = "/sys/firmware/acpi/tables";
};

/// Where guest agents listen, in the order in which they are tried.
[[nodiscard]] std::span<const std::string_view> agent_sockets();

/// Opens the first device that is there: guest agents, configfs-tsm, /dev/tdx_guest with the quote service.
/// `E_TEE_NONE` names in its detail everything it looked for and why each was not it, a line each.
Result<std::unique_ptr<Device>> open(const OpenOptions& options);

}  // namespace lumoz::tee
