// SPDX-License-Identifier: Apache-2.0
// For tests: an ACPI table "CCEL" and small CC event logs (specs/tdx.md 11.1).
#pragma once

#include "base/bytes.hpp"

#include <numeric>

namespace lumoz::tee::testing {

inline void put_le(Bytes& out, std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

/// A table that announces an area of `size` bytes; its sum is right.
inline Bytes ccel_table(std::uint64_t size, std::uint8_t type = 2) {
    Bytes out = to_bytes(as_bytes("CCEL"));
    put_le(out, 56, 4);
    out.resize(36);
    out.push_back(type);
    out.resize(40);
    put_le(out, size, 8);
    put_le(out, 0x7fff0000, 8);
    out[9] = static_cast<std::uint8_t>(256U - std::accumulate(out.begin(), out.end(), 0U) % 256);
    return out;
}

/// A record with a SHA-384 digest of 48 equal bytes. `index` 1 is RTMR0.
inline Bytes cc_record(std::uint32_t index, std::uint32_t type, const Bytes& data) {
    Bytes out;
    put_le(out, index, 4);
    put_le(out, type, 4);
    put_le(out, 1, 4);
    put_le(out, 0x0c, 2);
    out.resize(out.size() + 48, 0x5a);
    put_le(out, data.size(), 4);
    append(out, data);
    return out;
}

/// The first record and one that extends RTMR0; no end mark.
inline Bytes small_cc_log() {
    Bytes head = to_bytes(as_bytes(std::string_view("Spec ID Event03\0", 16)));
    put_le(head, 0, 4);
    head.insert(head.end(), {0, 2, 0, 2});
    put_le(head, 1, 4);
    put_le(head, 0x0c, 2);
    put_le(head, 48, 2);
    head.push_back(0);
    Bytes out;
    put_le(out, 1, 4);
    put_le(out, 3, 4);
    out.resize(out.size() + 20);
    put_le(out, head.size(), 4);
    append(out, head);
    append(out, cc_record(1, 8, {1, 2, 3}));
    return out;
}

}  // namespace lumoz::tee::testing
