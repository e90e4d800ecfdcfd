// SPDX-License-Identifier: Apache-2.0
// Bytes in (ByteView), bytes out (Bytes), and fixed-size byte strings whose meaning is in their type.
#pragma once

#include "base/result.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lumoz {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// The bytes of a text, without a copy.
[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
/// Bytes seen as text, without a copy.
[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline Bytes to_bytes(ByteView view) {
    return {view.begin(), view.end()};
}
inline void append(Bytes& out, ByteView more) {
    out.insert(out.end(), more.begin(), more.end());
}
[[nodiscard]] inline bool equal(ByteView a, ByteView b) {
    return std::ranges::equal(a, b);
}

/// N bytes with a meaning: two tags do not mix. Digests, measurements, nonces, addresses.
template <class Tag, std::size_t N>
struct FixedBytes {
    static constexpr std::size_t kSize = N;
    std::array<std::uint8_t, N> bytes{};

    FixedBytes() = default;
    explicit constexpr FixedBytes(const std::array<std::uint8_t, N>& b) : bytes(b) {}
    /// Fails with `E_SIZE` unless `view` has exactly N bytes.
    static Result<FixedBytes> from(ByteView view) {
        if (view.size() != N) {
            return fail(Errc::Malformed, "E_SIZE", "base.fixed_bytes",
                        "want " + std::to_string(N) + " bytes, have " + std::to_string(view.size()));
        }
        FixedBytes out;
        std::ranges::copy(view, out.bytes.begin());
        return out;
    }
    [[nodiscard]] ByteView view() const { return bytes; }
    [[nodiscard]] bool is_zero() const {
        return std::ranges::all_of(bytes, [](std::uint8_t b) { return b == 0; });
    }
    auto operator<=>(const FixedBytes&) const = default;
};

using Digest256 = FixedBytes<struct Digest256Tag, 32>;
using Digest384 = FixedBytes<struct Digest384Tag, 48>;
using Digest512 = FixedBytes<struct Digest512Tag, 64>;
using Nonce = FixedBytes<struct NonceTag, 32>;
using ReportData = FixedBytes<struct ReportDataTag, 64>;
using EthAddress = FixedBytes<struct EthAddressTag, 20>;

/// True for no bytes at all, too.
[[nodiscard]] inline bool all_zero(ByteView bytes) {
    return std::ranges::all_of(bytes, [](std::uint8_t b) { return b == 0; });
}
/// The first bytes as a value of `Fixed`. Requires: there are as many.
template <class Fixed>
[[nodiscard]] Fixed fixed_prefix(ByteView bytes) {
    Fixed out;
    std::ranges::copy(bytes.first(Fixed::kSize), out.bytes.begin());
    return out;
}

/// Compares in time that depends on the sizes only.
[[nodiscard]] bool constant_time_equal(ByteView a, ByteView b);

}  // namespace lumoz
