// SPDX-License-Identifier: Apache-2.0
#include "crypto/keccak.hpp"

#include "base/hex.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace lumoz::crypto {
namespace {

std::string hash(std::string_view text) {
    return to_hex(keccak256(as_bytes(text)).view());
}

/// Values of the Ethereum world: the code hash of an empty account, the selector of ERC-20's transfer.
TEST(Keccak, GivesTheAnswersOfEthereum) {
    EXPECT_EQ(hash(""), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    EXPECT_EQ(hash("abc"), "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
    EXPECT_EQ(hash("hello"), "1c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36deac8");
    EXPECT_EQ(hash("transfer(address,uint256)").substr(0, 8), "a9059cbb");
}

/// The only difference to SHA3-256 is the padding byte, so OpenSSL checks the sponge at every length.
TEST(Keccak, AgreesWithSha3OfOpenssl) {
    Bytes data;
    for (std::size_t size = 0; size < 600; ++size) {
        Digest256 expected;
        unsigned length = 0;
        ASSERT_EQ(
            EVP_Digest(data.data(), data.size(), expected.bytes.data(), &length, EVP_sha3_256(), nullptr), 1);
        ASSERT_EQ(keccak256_padded(data, 0x06), expected) << size;
        ASSERT_NE(keccak256(data), expected) << size;
        data.push_back(static_cast<std::uint8_t>(size * 151 + 3));
    }
}

}  // namespace
}  // namespace lumoz::crypto
