// SPDX-License-Identifier: Apache-2.0
// Makes a process that holds keys a harder place to read from (design/style.md 2.6): no core file, no
// ptrace by others of its user, no gain of privileges by its children, and all the open files it may have.
#pragma once

#include "base/result.hpp"

namespace lumoz::identity {

struct HardeningReport {
    std::uint64_t open_files = 0;  ///< soft limit now
};

/// Call first in main(), before any key and any thread. `E_HARDENING` (detail: which step) when the kernel
/// refuses one: then the process must not go on.
Result<HardeningReport> harden_process();

}  // namespace lumoz::identity
