// SPDX-License-Identifier: Apache-2.0
// One accepted form each: what decodes encodes back to the same text, and every byte string survives.
#include "base/hex.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    const lumoz::ByteView bytes(data, size);
    const std::string_view text = lumoz::as_text(bytes);
    if (const auto raw = lumoz::from_base64(text)) hold(lumoz::to_base64(*raw) == text);
    if (const auto raw = lumoz::from_base64url(text)) hold(lumoz::to_base64url(*raw) == text);
    if (const auto raw = lumoz::from_hex(text))
        hold(!lumoz::is_lower_hex(text) || lumoz::to_hex(*raw) == text);
    hold(lumoz::equal(lumoz::from_base64(lumoz::to_base64(bytes)).value(), bytes));
    hold(lumoz::equal(lumoz::from_base64url(lumoz::to_base64url(bytes)).value(), bytes));
    hold(lumoz::equal(lumoz::from_hex(lumoz::to_hex(bytes)).value(), bytes));
    return 0;
}
