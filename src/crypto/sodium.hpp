// SPDX-License-Identifier: Apache-2.0
// Prepares libsodium before first use; includes no header of it.
#pragma once

namespace lumoz::crypto {

/// Safe to call often and from many threads; ends the process when libsodium does not start.
void sodium_ready();

}  // namespace lumoz::crypto
