// SPDX-License-Identifier: Apache-2.0
#include "tee/configfs_tsm.hpp"
#include "tee/guest_agent.hpp"
#include "tee/tdx_guest.hpp"

namespace lumoz::tee {
namespace {

constexpr std::string_view kSockets[] = {
    "/var/run/dstack.sock", "/run/dstack.sock", "/var/run/dstack/dstack.sock", "/run/dstack/dstack.sock",
    "/var/run/tappd.sock",  "/run/tappd.sock",  "/var/run/dstack/tappd.sock",  "/run/dstack/tappd.sock"};

using Opened = Result<std::unique_ptr<Device>>;

/// `path` as a place below `root`.
std::filesystem::path below(const std::filesystem::path& root, const std::filesystem::path& path) {
    return root / path.relative_path();
}

/// Tries one place after the other and keeps a line for each that was not it.
class Search {
public:
    /// True when the device is there.
    bool found(const std::string& place, Opened device) {
        if (device) {
            device_ = *std::move(device);
            return true;
        }
        looked_for_ += "\n  " + place + ": " + device.error().detail;
        return false;
    }
    Opened result() && {
        if (device_) return std::move(device_);
        return fail(Errc::Unavailable, "E_TEE_NONE", "tee.open", "no TEE found; looked for:" + looked_for_);
    }

private:
    std::unique_ptr<Device> device_;
    std::string looked_for_;
};

Opened open_device_node(const OpenOptions& options, KernelFiles& files) {
    const auto device = std::make_shared<TdxGuestDevice>(below(options.root, options.tdx_guest));
    LUMOZ_CHECK_OK(device->probe());
    LUMOZ_TRY(const std::uint32_t port,
              read_quote_service_port(files, below(options.root, options.attest_conf)));
    return open_tdx_guest(
        {.reports = device,
         .quote_service = [port](Deadline deadline) { return vsock_connect(kVsockHost, port, deadline); },
         .log = read_boot_log(files, below(options.root, options.acpi_tables))},
        options.time_limit);
}

bool find_agent(const OpenOptions& options, Search& search) {
    if (!options.guest_agent_socket.empty()) {
        const std::string& socket = options.guest_agent_socket;
        return search.found("guest agent at " + socket, open_guest_agent(socket, options.time_limit));
    }
    return std::ranges::any_of(kSockets, [&](std::string_view usual) {
        const std::string socket = below(options.root, usual).string();
        return search.found("guest agent at " + socket, open_guest_agent(socket, options.time_limit));
    });
}

}  // namespace

std::span<const std::string_view> agent_sockets() {
    return kSockets;
}

Result<std::unique_ptr<Device>> open(const OpenOptions& options) {
    Search search;
    if (find_agent(options, search) || !options.guest_agent_socket.empty()) return std::move(search).result();
    const auto files = std::make_shared<SystemKernelFiles>();
    const auto configfs = below(options.root, options.configfs_root);
    if (search.found("configfs-tsm at " + configfs.string(),
                     open_configfs_tsm(configfs, options.time_limit, files,
                                       read_boot_log(*files, below(options.root, options.acpi_tables))))) {
        return std::move(search).result();
    }
    search.found("TDX device at " + below(options.root, options.tdx_guest).string() + " with quote service",
                 open_device_node(options, *files));
    return std::move(search).result();
}

}  // namespace lumoz::tee
