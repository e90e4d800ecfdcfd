// SPDX-License-Identifier: Apache-2.0
#include "crypto/selftest.hpp"

#include <gtest/gtest.h>

namespace lumoz::crypto {
namespace {

TEST(SelfTest, PassesOnThisMachine) {
    const Status status = self_test();
    EXPECT_TRUE(status.has_value()) << status.error().where;
}

}  // namespace
}  // namespace lumoz::crypto
