// SPDX-License-Identifier: Apache-2.0
#include "identity/service_keys.hpp"

#include "identity/testing.hpp"

#include <gtest/gtest.h>

namespace lumoz::identity {
namespace {

TEST(ServiceKeys, EveryLifeHasNewKeysWithOneRoleEach) {
    const testing::MovableClock clock;
    const auto a = ServiceKeys::generate(clock);
    const auto b = ServiceKeys::generate(clock);
    ASSERT_TRUE(a && b);
    EXPECT_NE(a->v1_secp256k1.public_key(), b->v1_secp256k1.public_key());
    EXPECT_NE(a->tls_p256->public_key(), b->tls_p256->public_key());
    const std::array ed25519 = {a->v1_ed25519.public_key(), a->aci_receipt_ed25519.public_key(),
                                a->log_ed25519.public_key(), b->v1_ed25519.public_key()};
    for (std::size_t i = 0; i < ed25519.size(); ++i) {
        for (std::size_t k = i + 1; k < ed25519.size(); ++k)
            EXPECT_NE(ed25519[i], ed25519[k]);
    }
    EXPECT_NE(a->aci_e2ee_x25519.public_key(), a->hpke_x25519.public_key());
    EXPECT_EQ(a->born_at, clock.now());
    EXPECT_TRUE(a->self_test());
}

TEST(ServiceKeys, ATlsKeyGoesOnWhereItIsGiven) {
    const testing::MovableClock clock;
    const auto a = ServiceKeys::generate(clock);
    const auto b = ServiceKeys::generate(clock, a->tls_p256);
    ASSERT_TRUE(a && b);
    EXPECT_EQ(a->tls_p256, b->tls_p256);
    EXPECT_NE(a->v1_secp256k1.public_key(), b->v1_secp256k1.public_key());
}

TEST(ServiceKeys, CannotBeCopied) {
    static_assert(!std::is_copy_constructible_v<ServiceKeys>);
    static_assert(std::is_move_constructible_v<ServiceKeys>);
}

}  // namespace
}  // namespace lumoz::identity
