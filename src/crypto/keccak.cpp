// SPDX-License-Identifier: Apache-2.0
#include "crypto/keccak.hpp"

#include <bit>
#include <utility>

namespace lumoz::crypto {

namespace {

constexpr std::size_t kLanes = 25;
constexpr std::size_t kRounds = 24;
constexpr std::size_t kRate = 136;  // 1600 bits less twice the digest

using State = std::array<std::uint64_t, kLanes>;

/// FIPS 202 3.2.5: the round constants, from its linear feedback shift register.
consteval std::array<std::uint64_t, kRounds> round_constants() {
    std::array<std::uint64_t, kRounds> out{};
    unsigned lfsr = 1;
    for (auto& constant : out) {
        for (unsigned j = 0; j < 7; ++j) {
            if ((lfsr & 1U) != 0) constant |= std::uint64_t{1} << ((1U << j) - 1);
            lfsr = (lfsr << 1) ^ ((lfsr & 0x80U) != 0 ? 0x171U : 0U);
        }
    }
    return out;
}

/// FIPS 202 3.2.2 and 3.2.3: where lane (x, y) goes and by how much it turns on the way.
struct Move {
    std::size_t to = 0;
    int turn = 0;
};
consteval std::array<Move, kLanes> moves() {
    std::array<Move, kLanes> out{};
    std::size_t x = 1, y = 0;
    for (int t = 0; t < 24; ++t) {
        out[x + 5 * y].turn = (t + 1) * (t + 2) / 2 % 64;
        const std::size_t next = (2 * x + 3 * y) % 5;
        x = y;
        y = next;
    }
    for (std::size_t i = 0; i < kLanes; ++i)
        out[i].to = i / 5 + 5 * ((2 * (i % 5) + 3 * (i / 5)) % 5);
    return out;
}

constexpr auto kRoundConstants = round_constants();
constexpr auto kMoves = moves();

/// Calls `step` with every index below N as a constant, so that lanes can stay in registers.
template <std::size_t N, class Step>
constexpr void unrolled(Step&& step) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (step(std::integral_constant<std::size_t, I>{}), ...);
    }(std::make_index_sequence<N>{});
}

void permute(State& a) {
    for (const std::uint64_t constant : kRoundConstants) {
        std::array<std::uint64_t, 5> parity{};
        unrolled<5>([&](auto x) { parity[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20]; });
        State b{};
        unrolled<kLanes>([&](auto i) {
            constexpr std::size_t kX = i % 5;
            const std::uint64_t theta = parity[(kX + 4) % 5] ^ std::rotl(parity[(kX + 1) % 5], 1);
            b[kMoves[i].to] = std::rotl(a[i] ^ theta, kMoves[i].turn);
        });
        unrolled<kLanes>([&](auto i) {
            constexpr std::size_t kRow = i / 5 * 5;
            constexpr std::size_t kX = i % 5;
            a[i] = b[i] ^ (~b[kRow + (kX + 1) % 5] & b[kRow + (kX + 2) % 5]);
        });
        a[0] ^= constant;
    }
}

void absorb(State& state, ByteView block) {
    for (std::size_t i = 0; i < kRate; ++i)
        state[i / 8] ^= std::uint64_t{block[i]} << (8 * (i % 8));
    permute(state);
}

}  // namespace

Digest256 keccak256(ByteView data) {
    return keccak256_padded(data, 0x01);
}

Digest256 keccak256_padded(ByteView data, std::uint8_t padding) {
    State state{};
    for (; data.size() >= kRate; data = data.subspan(kRate))
        absorb(state, data.first(kRate));
    std::array<std::uint8_t, kRate> last{};
    std::ranges::copy(data, last.begin());
    last[data.size()] ^= padding;
    last[kRate - 1] ^= 0x80;
    absorb(state, last);
    Digest256 out;
    for (std::size_t i = 0; i < Digest256::kSize; ++i)
        out.bytes[i] = static_cast<std::uint8_t>(state[i / 8] >> (8 * (i % 8)));
    return out;
}

}  // namespace lumoz::crypto
