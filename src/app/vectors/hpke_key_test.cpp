// SPDX-License-Identifier: Apache-2.0
#include "app/vectors/hpke_key.hpp"

#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace lumoz::app::vectors {
namespace {

// RFC 9180 A.1.1: ikmE and the key pair derived from it.
TEST(HpkeKey, DerivesTheKeyOfRfc9180) {
    const Bytes ikm = *from_hex("7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234");
    crypto::X25519Secret secret = hpke_derive_key(ikm);
    EXPECT_EQ(to_hex(secret.expose()), "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736");
    EXPECT_EQ(to_hex(crypto::X25519Key::from(std::move(secret)).public_key().view()),
              "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431");
}

}  // namespace
}  // namespace lumoz::app::vectors
