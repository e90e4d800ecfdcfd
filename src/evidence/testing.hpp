// SPDX-License-Identifier: Apache-2.0
// For tests of readers: DER built from parts, and rules broken one at a time.
#pragma once

#include "crypto/der.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace lumoz::evidence::testing {

inline Bytes join(const std::vector<Bytes>& parts) {
    Bytes out;
    for (const Bytes& part : parts)
        append(out, part);
    return out;
}

/// A SEQUENCE of parts, of which some may be empty.
inline Bytes list(const std::vector<Bytes>& parts) {
    return crypto::der::element(crypto::der::kSequence, join(parts));
}

inline Bytes extension(std::string_view oid, const Bytes& value) {
    return crypto::der::sequence({crypto::der::oid(oid), crypto::der::octet_string(value)});
}

/// One way to break what is good, and the beginning of the error that it must give.
template <class Parts>
struct Bend {
    const char* what;
    std::function<void(Parts&)> bend;
    const char* error;
};

/// Each bend alone, on parts that are good otherwise. `error_of` reads what the parts build.
template <class Parts>
void expect_all(std::span<const Bend<Parts>> bends, std::string (*error_of)(const Parts&)) {
    for (const Bend<Parts>& b : bends) {
        Parts parts;
        b.bend(parts);
        EXPECT_EQ(error_of(parts).substr(0, std::string_view(b.error).size()), b.error)
            << b.what << ": " << error_of(parts);
    }
}

}  // namespace lumoz::evidence::testing
