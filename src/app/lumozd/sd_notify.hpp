// SPDX-License-Identifier: Apache-2.0
// Tells systemd how the service is (sd_notify protocol), where NOTIFY_SOCKET is set.
#pragma once

#include <string_view>

namespace lumoz::app {

/// Sends e.g. `READY=1`. Without a socket, or when it does not listen, nothing happens.
void sd_notify(std::string_view state);

}  // namespace lumoz::app
