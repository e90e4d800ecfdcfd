// SPDX-License-Identifier: Apache-2.0
// The ACI workload keyset (specification api.md 8.1): the public keys of one service, one role each. Its
// digest, over the canonical form, is what statements and receipts name. Entries of an unknown `algo` are
// kept and skipped.
#pragma once

#include "base/json.hpp"
#include "crypto/ed25519.hpp"

namespace lumoz::evidence {

struct KeysetKey {
    std::string key_id;
    std::string algo;
    std::string public_key;  ///< hex
};

struct KeysetTlsKey {
    Digest256 spki_sha256;
    std::optional<std::string> domain;
};

struct Keyset {
    std::optional<std::string> subject;
    std::int64_t not_after = 0;
    std::vector<KeysetKey> receipt_signing_keys;
    std::vector<KeysetKey> e2ee_public_keys;
    std::vector<KeysetTlsKey> tls_public_keys;

    /// Reads a keyset document. `E_KEYSET` when a member is missing or of another type, an `ed25519` key is
    /// not 32 bytes of hex, or two entries of one list have one key_id. Unknown members are ignored, but
    /// count in the digest.
    static Result<Keyset> parse(std::string_view text);
    static Result<Keyset> from(const json::Value& value);
    /// RFC 8785 text: of what was parsed, or of the members above.
    [[nodiscard]] std::string canonical() const;
    /// `sha256:` and the hex of SHA-256(canonical()).
    [[nodiscard]] std::string digest() const;
    /// The Ed25519 receipt key of this id; nothing when there is none of that algorithm.
    [[nodiscard]] std::optional<crypto::Ed25519Public> receipt_key(std::string_view key_id) const;

private:
    std::string parsed_canonical_;
};

}  // namespace lumoz::evidence
