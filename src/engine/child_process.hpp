// SPDX-License-Identifier: Apache-2.0
// A child that dies with us: spawned from the main thread, in its own process group, without our descriptors,
// core files or privileges to gain. Its output comes through one pipe.
#pragma once

#include "base/result.hpp"

#include <string>
#include <sys/types.h>
#include <vector>

namespace lumoz::engine {

struct ChildProcess {
    pid_t pid = 0;
    int output_fd = -1;  ///< non-blocking read end of stdout and stderr; the caller closes it
};

/// Starts `arguments[0]` (absolute path). `environment`: NAME=value lines. The calling thread must live as
/// long as the child may (PR_SET_PDEATHSIG follows the thread). `E_ENGINE_SPAWN`; a program that cannot be
/// executed shows as exit status 127.
Result<ChildProcess> spawn_child(const std::vector<std::string>& arguments,
                                 const std::vector<std::string>& environment);

/// Our own environment, reduced to what an engine needs (PATH, HOME, locale, libraries, GPU and thread
/// settings).
[[nodiscard]] std::vector<std::string> engine_environment();

}  // namespace lumoz::engine
