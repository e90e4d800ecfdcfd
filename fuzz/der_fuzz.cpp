// SPDX-License-Identifier: Apache-2.0
// Strict DER has one encoding: what was read is written back byte for byte.
#include "crypto/der.hpp"
#include "crypto/p256.hpp"
#include "fuzz.hpp"

namespace {

namespace der = lumoz::crypto::der;
using lumoz::fuzz::hold;

void walk(lumoz::ByteView data, int depth) {
    der::Cursor cursor(data);
    while (!cursor.done()) {
        const auto next = cursor.next();
        if (!next) {
            hold(next.error().rule == "E_DER");
            return;
        }
        hold(lumoz::equal(der::element(next->tag, next->content), next->whole));
        if (next->tag == der::kInteger) {
            const auto value = der::to_uint(next->content);
            if (value) hold(lumoz::equal(der::integer(*value), next->whole));
        }
        const auto time = der::to_time(*next);
        if (time && next->tag == der::kUtcTime) hold(lumoz::equal(der::time(*time), next->whole));
        if ((next->tag & 0x20U) != 0 && depth < 32) walk(next->content, depth + 1);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const lumoz::ByteView bytes(data, size);
    walk(bytes, 0);
    const auto signature = lumoz::crypto::p256_signature_from_der(bytes);
    if (signature) hold(lumoz::equal(lumoz::crypto::p256_signature_to_der(*signature), bytes));
    return 0;
}
