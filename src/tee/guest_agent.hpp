// SPDX-License-Identifier: Apache-2.0
// The guest agent of the dstack ecosystem on its Unix socket (specs/tdx.md 12.3), with the names of its older
// form (Tappd): a socket named tappd.sock is asked by those first, any other when it does not know the new
// ones. The agent runs inside the guest; its answers are bounded and checked for form all the same.
#pragma once

#include "tee/device.hpp"

namespace lumoz::tee {

/// The socket is connected to once, to see that somebody listens. `E_TEE_IO`, `E_TEE_TIMEOUT`.
Result<std::unique_ptr<Device>> open_guest_agent(const std::string& socket,
                                                 std::chrono::milliseconds time_limit);

}  // namespace lumoz::tee
