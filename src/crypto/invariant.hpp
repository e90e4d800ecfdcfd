// SPDX-License-Identifier: Apache-2.0
// What cannot fail unless the machine or a library is broken: then the process ends, for a confused signer is
// worse than a restart.
#pragma once

#include <string_view>

namespace lumoz::crypto {

/// Ends the process with one line when `holds` is false. `what` is static text.
void must(bool holds, std::string_view what);

}  // namespace lumoz::crypto
