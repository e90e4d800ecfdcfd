// SPDX-License-Identifier: Apache-2.0
// Whatever is accepted as a quote has its parts inside its bytes, one behind the other, and every field of
// its body.
#include "evidence/tdx_quote.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    namespace evidence = lumoz::evidence;
    const auto quote = evidence::Quote::parse({data, size});
    if (!quote) {
        hold(quote.error().rule.starts_with("E_QUOTE_"));
        return 0;
    }
    const evidence::QuoteParts& p = quote->parts();
    hold(p.signed_range.end() + 4 == p.signature_section.begin);
    hold(p.signature_section.end() <= size);
    hold(p.cert_data.end() == p.signature_section.end());
    hold(p.qe_auth.end() + 6 == p.cert_data.begin);
    for (const evidence::Field& field : evidence::body_fields(quote->body_kind()))
        hold(quote->field(field.name)->size() == field.size);
    // Only zeros may follow, and without them the quote is the same.
    if (quote->check_trailing()) hold(evidence::Quote::parse({data, p.signature_section.end()}).has_value());
    return 0;
}
