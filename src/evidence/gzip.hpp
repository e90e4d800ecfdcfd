// SPDX-License-Identifier: Apache-2.0
// A gzip file (RFC 1952) taken apart with a ceiling: whatever it claims, no more than the caller's bytes come
// out. Refused: further members, anything behind the file, a wrong checksum or length.
#pragma once

#include "base/bytes.hpp"

namespace lumoz::evidence {

/// The content, at most `most` bytes. `E_GZIP` (malformed): not one whole gzip file, or larger than that.
Result<Bytes> gunzip(ByteView file, std::size_t most);

}  // namespace lumoz::evidence
