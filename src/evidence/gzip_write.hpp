// SPDX-License-Identifier: Apache-2.0
// Gzip files made, for documents of the second Tinfoil generation (specs/api.md 10). What verifies only takes
// them apart (gzip.hpp).
#pragma once

#include "base/bytes.hpp"

namespace lumoz::evidence {

/// One gzip file of these bytes, at most 4 GiB of them.
[[nodiscard]] Bytes gzip(ByteView content);

}  // namespace lumoz::evidence
