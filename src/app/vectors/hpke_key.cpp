// SPDX-License-Identifier: Apache-2.0
#include "app/vectors/hpke_key.hpp"

#include "crypto/sha2.hpp"

namespace lumoz::app::vectors {
namespace {

/// HMAC-SHA256 (RFC 2104). Requires: key.size() <= 64.
Digest256 hmac(ByteView key, ByteView message) {
    Bytes inner(64, 0x36), outer(64, 0x5c);
    for (std::size_t i = 0; i < key.size(); ++i) {
        inner[i] = static_cast<std::uint8_t>(inner[i] ^ key[i]);
        outer[i] = static_cast<std::uint8_t>(outer[i] ^ key[i]);
    }
    append(inner, message);
    append(outer, crypto::sha256(inner).view());
    return crypto::sha256(outer);
}

/// "HPKE-v1" ‖ "KEM" ‖ 0x0020 ‖ label (RFC 9180 4 and 4.1).
Bytes labelled(std::string_view label) {
    Bytes out = to_bytes(as_bytes("HPKE-v1KEM"));
    append(out, std::array<std::uint8_t, 2>{0x00, 0x20});
    append(out, as_bytes(label));
    return out;
}

}  // namespace

crypto::X25519Secret hpke_derive_key(ByteView input_key_material) {
    Bytes extract = labelled("dkp_prk");
    append(extract, input_key_material);
    const Digest256 prk = hmac({}, extract);
    Bytes expand = {0x00, 0x20};  // 32 bytes of output: one block
    append(expand, labelled("sk"));
    expand.push_back(0x01);
    Digest256 secret = hmac(prk.view(), expand);
    return crypto::X25519Secret(std::span<std::uint8_t, 32>(secret.bytes));
}

Bytes ohttp_key_config(const crypto::X25519Public& key) {
    Bytes out = {0x01, 0x00, 0x20};
    append(out, key.view());
    append(out, std::array<std::uint8_t, 10>{0x00, 0x08, 0x00, 0x01, 0x00, 0x01, 0x00, 0x01, 0x00, 0x03});
    return out;
}

}  // namespace lumoz::app::vectors
