// SPDX-License-Identifier: Apache-2.0
// Names to addresses, off the I/O thread; only for the .cpp files of net/.
#pragma once

#include "net/stream.hpp"

namespace lumoz::net {

/// Numeric addresses at once, names by the system's resolver. `E_NET_RESOLVE`, `E_NET_TIMEOUT`.
Task<Result<std::vector<Endpoint>>> resolve(Loop& loop, std::string host, std::uint16_t port,
                                            TimePoint deadline);

}  // namespace lumoz::net
