// SPDX-License-Identifier: Apache-2.0
#include "tee/configfs_tsm.hpp"
#include "tee/guest_agent.hpp"

#include <vector>

namespace lumoz::tee {
namespace {

constexpr std::string_view kDefaultSockets[] = {"/var/run/dstack.sock", "/var/run/dstack/dstack.sock"};

/// Adds one place and why it was not it to the list of what was looked for.
void note(std::string& looked_for, std::string_view place, const Error& error) {
    if (!looked_for.empty()) looked_for += "; ";
    looked_for.append(place).append(" (").append(error.detail).append(")");
}

}  // namespace

Result<std::unique_ptr<Device>> open(const OpenOptions& options) {
    std::string looked_for;
    std::vector<std::string> sockets(std::begin(kDefaultSockets), std::end(kDefaultSockets));
    if (!options.guest_agent_socket.empty()) sockets = {options.guest_agent_socket};
    for (const std::string& socket : sockets) {
        auto device = open_guest_agent(socket, options.time_limit);
        if (device) return device;
        note(looked_for, "guest agent at " + socket, device.error());
    }
    if (options.guest_agent_socket.empty()) {
        auto device =
            open_configfs_tsm(options.configfs_root, options.time_limit, std::make_shared<SystemTsmFiles>());
        if (device) return device;
        note(looked_for, "configfs-tsm at " + options.configfs_root.string(), device.error());
    }
    return fail(Errc::Unavailable, "E_TEE_NONE", "tee.open", "no TEE found; looked for: " + looked_for);
}

}  // namespace lumoz::tee
