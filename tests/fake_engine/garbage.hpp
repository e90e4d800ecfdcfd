// SPDX-License-Identifier: Apache-2.0
// A Unix socket where every connection gets bytes that are not HTTP.
#pragma once

#include "base/result.hpp"

#include <string>

namespace lumoz::fake_engine {

/// Serves for the life of the process, on a thread of its own. `E_LISTEN`.
Status serve_garbage(const std::string& path);

}  // namespace lumoz::fake_engine
