// SPDX-License-Identifier: Apache-2.0
// SHA-256, SHA-384, SHA-512 over OpenSSL, algorithms fetched once.
#pragma once

#include "base/bytes.hpp"

#include <memory>

namespace lumoz::crypto {

[[nodiscard]] Digest256 sha256(ByteView data);
[[nodiscard]] Digest384 sha384(ByteView data);
[[nodiscard]] Digest512 sha512(ByteView data);

/// SHA-256 of bytes that come in pieces; the context is reused after `finish`.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    Sha256& update(ByteView data);
    /// The digest of all pieces so far; the next `update` begins a new message.
    [[nodiscard]] Digest256 finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace lumoz::crypto
