// SPDX-License-Identifier: Apache-2.0
// Reader: bounds-checked reading of little-endian structures. It refuses to read past the end and can demand
// the end.
#pragma once

#include "base/bytes.hpp"

#include <type_traits>

namespace lumoz {

/// An unsigned integer of up to 8 bytes.
[[nodiscard]] inline std::uint64_t little_endian(ByteView raw) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < raw.size(); ++i)
        value |= std::uint64_t{raw[i]} << (8 * i);
    return value;
}

class Reader {
public:
    /// `rule` is the code of the error that a read past the end gives; it must be a literal. `base` is where
    /// `data` begins in the whole input: errors name offsets of that, `offset()` does not count it.
    Reader(ByteView data, std::string_view rule, std::string_view where, std::size_t base = 0)
        : data_(data), rule_(rule), where_(where), base_(base) {}

    [[nodiscard]] std::size_t offset() const { return offset_; }
    [[nodiscard]] std::size_t left() const { return data_.size() - offset_; }
    [[nodiscard]] ByteView rest() const { return data_.subspan(offset_); }

    /// The next n bytes, as a view into the input.
    Result<ByteView> take(std::uint64_t n) {
        if (n > left()) {
            return fail(Errc::Malformed, rule_, where_,
                        "offset " + std::to_string(base_ + offset_) + ": want " + std::to_string(n) +
                            " bytes, have " + std::to_string(left()));
        }
        const ByteView out = data_.subspan(offset_, static_cast<std::size_t>(n));
        offset_ += static_cast<std::size_t>(n);
        return out;
    }
    template <class Fixed>
    Result<Fixed> fixed() {
        LUMOZ_TRY(const ByteView raw, take(Fixed::kSize));
        return Fixed::from(raw);
    }
    template <class Int>
    Result<Int> le() {
        static_assert(std::is_unsigned_v<Int>);
        LUMOZ_TRY(const ByteView raw, take(sizeof(Int)));
        return static_cast<Int>(little_endian(raw));
    }

private:
    ByteView data_;
    std::string_view rule_;
    std::string_view where_;
    std::size_t base_;
    std::size_t offset_ = 0;
};

}  // namespace lumoz
