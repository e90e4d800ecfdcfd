// SPDX-License-Identifier: Apache-2.0
#include "crypto/sha2.hpp"

#include "base/hex.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace lumoz::crypto {
namespace {

std::string hex256(std::string_view text) {
    return to_hex(sha256(as_bytes(text)).view());
}

constexpr std::string_view kTwoBlocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

/// FIPS 180-2 appendix B and the published digests of the empty text.
TEST(Sha2, GivesTheAnswersOfTheStandard) {
    EXPECT_EQ(hex256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex256(kTwoBlocks), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(hex256(std::string(1000000, 'a')),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    EXPECT_EQ(
        to_hex(sha384({}).view()),
        "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b");
    EXPECT_EQ(
        to_hex(sha384(as_bytes("abc")).view()),
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
    EXPECT_EQ(to_hex(sha512({}).view()),
              "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
              "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
    EXPECT_EQ(to_hex(sha512(as_bytes("abc")).view()),
              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
              "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Sha256, PiecesAreTheSameAsTheWhole) {
    Bytes data(500);
    for (std::size_t i = 0; i < data.size(); ++i)
        data[i] = static_cast<std::uint8_t>(i * 31);
    Sha256 hash;
    for (std::size_t cut = 0; cut <= data.size(); cut += 7) {
        const ByteView view = data;
        EXPECT_EQ(hash.update(view.first(cut)).update({}).update(view.subspan(cut)).finish(), sha256(data));
    }
}

TEST(Sha256, BeginsAnewAfterFinish) {
    Sha256 hash;
    EXPECT_EQ(hash.finish(), sha256({}));
    EXPECT_EQ(hash.update(as_bytes("abc")).finish(), sha256(as_bytes("abc")));
    EXPECT_EQ(hash.finish(), sha256({}));
    Sha256 moved = std::move(hash);
    EXPECT_EQ(moved.update(as_bytes("abc")).finish(), sha256(as_bytes("abc")));
}

TEST(Sha2, ThreadsDoNotDisturbEachOther) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([t] {
            const std::string text(static_cast<std::size_t>(t) * 100, 'x');
            const Digest256 expected = sha256(as_bytes(text));
            for (int i = 0; i < 500; ++i)
                ASSERT_EQ(sha256(as_bytes(text)), expected);
        });
    }
    for (auto& thread : threads)
        thread.join();
}

}  // namespace
}  // namespace lumoz::crypto
