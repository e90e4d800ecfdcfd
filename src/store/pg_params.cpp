// SPDX-License-Identifier: Apache-2.0
#include "store/pg_params.hpp"

namespace lumoz::store {
namespace {

constexpr std::size_t kArrayHeader = 20;  ///< dimensions, nulls, type, length, first index: 4 bytes each

template <class Number>
std::string big_endian(Number value) {
    std::string out(sizeof value, '\0');
    for (std::size_t i = sizeof value; i-- > 0; value >>= 8)
        out[i] = static_cast<char>(value & 0xff);
    return out;
}

}  // namespace

PgArray::PgArray(Of of) {
    put(1);
    put(0);
    put(static_cast<std::uint32_t>(of));
    put(0);
    put(1);
}

void PgArray::put(std::uint32_t value) {
    bytes_ += big_endian(value);
}

void PgArray::add(std::int64_t value) {
    ++count_;
    put(8);
    bytes_ += big_endian(static_cast<std::uint64_t>(value));
}

void PgArray::add(ByteView bytes) {
    ++count_;
    put(static_cast<std::uint32_t>(bytes.size()));
    bytes_ += as_text(bytes);
}

void PgArray::add_null() {
    ++count_;
    has_null_ = true;
    put(~std::uint32_t{0});
}

PgParams& PgParams::add(std::int64_t value) {
    values_.emplace_back(big_endian(static_cast<std::uint64_t>(value)));
    return *this;
}
PgParams& PgParams::add(ByteView bytes) {
    values_.emplace_back(as_text(bytes));
    return *this;
}
PgParams& PgParams::add(PgArray array) {
    array.bytes_.replace(4, 4, big_endian(std::uint32_t{array.has_null_}));
    array.bytes_.replace(kArrayHeader - 8, 4, big_endian(array.count_));
    values_.emplace_back(std::move(array.bytes_));
    return *this;
}

PgParams::Raw PgParams::raw() const {
    Raw out;
    for (const std::string& value : values_) {
        out.values.push_back(value.data());
        out.lengths.push_back(static_cast<int>(value.size()));
        out.formats.push_back(1);
    }
    return out;
}

}  // namespace lumoz::store
