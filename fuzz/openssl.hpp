// SPDX-License-Identifier: Apache-2.0
// What the differential targets ask of OpenSSL's parsers: pieces as bytes, times as seconds.
#pragma once

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "crypto/owned.hpp"
#include "fuzz.hpp"

#include <openssl/asn1.h>
#include <openssl/x509v3.h>

#include <ctime>

namespace lumoz::fuzz {

using crypto::Owned;

inline ByteView bytes_of(const ASN1_STRING* text) {
    return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

/// DER of a name as OpenSSL keeps it.
inline ByteView bytes_of(const X509_NAME* name) {
    const unsigned char* der = nullptr;
    std::size_t size = 0;
    hold(X509_NAME_get0_der(name, &der, &size) == 1);
    return {der, size};
}

/// An INTEGER as OpenSSL keeps it against DER content bytes.
inline bool same_integer(const ASN1_INTEGER* theirs, ByteView ours) {
    if (ours.size() > 1 && ours[0] == 0) ours = ours.subspan(1);
    return (ASN1_STRING_type(theirs) & V_ASN1_NEG) == 0 && equal(ours, bytes_of(theirs));
}

inline bool same_time(const ASN1_TIME* theirs, std::int64_t ours) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(theirs, &parts) != 1) return false;
    const std::int64_t days = days_from_civil(parts.tm_year + 1900, static_cast<unsigned>(parts.tm_mon + 1),
                                              static_cast<unsigned>(parts.tm_mday));
    return days * 86400 + parts.tm_hour * 3600 + parts.tm_min * 60 + parts.tm_sec == ours;
}

/// The signed part that OpenSSL writes again is the one that was read.
template <class Object, class Write>
bool same_signed_part(Object* object, Write write, ByteView ours) {
    unsigned char* der = nullptr;
    const int size = write(object, &der);
    const bool same = size > 0 && equal(ours, ByteView(der, static_cast<std::size_t>(size)));
    OPENSSL_free(der);
    return same;
}

}  // namespace lumoz::fuzz
