// SPDX-License-Identifier: Apache-2.0
// An answer of the host's quote service, as it comes over the wire: what is taken adds up to the byte, and
// its quote is the message's end.
#include "evidence/tdx_layout.hpp"
#include "fuzz.hpp"
#include "tee/qgs_message.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    const lumoz::ByteView wire(data, size);
    if (size < lumoz::tee::kQgsPrefix) return 0;
    const auto length = lumoz::tee::qgs_message_size(wire.first(lumoz::tee::kQgsPrefix));
    if (length) hold(*length >= 16 && *length <= lumoz::tee::kMaxQgsMessage);
    // Whatever the prefix says: the parser must stand on its own.
    const lumoz::ByteView message = wire.subspan(lumoz::tee::kQgsPrefix);
    const auto quote = lumoz::tee::parse_qgs_quote(message);
    if (!quote) {
        hold(quote.error().rule.starts_with("E_TEE_"));
        return 0;
    }
    hold(!quote->empty() && quote->size() <= lumoz::evidence::kMaxQuoteSize);
    hold(message.size() >= 24 + quote->size());
    hold(lumoz::equal(message.last(quote->size()), *quote));
    return 0;
}
