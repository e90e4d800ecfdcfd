// SPDX-License-Identifier: Apache-2.0
// Issuer chains in headers: what is accepted is PEM of 1 to 4 certificates, and encoding it again gives the
// same text back.
#include "base/hex.hpp"
#include "evidence/pck.hpp"
#include "evidence/pcs_answer.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    const auto text = lumoz::evidence::decode_chain_header(lumoz::as_text({data, size}));
    if (!text) {
        hold(text.error().rule == "E_CERT_PARSE");
        return 0;
    }
    const auto certificates = lumoz::evidence::split_certificates(*text);
    hold(certificates.has_value() && !certificates->empty() && certificates->size() <= 4);
    std::string encoded;
    for (const char c : *text) {
        const auto byte = static_cast<std::uint8_t>(c);
        encoded += "%" + lumoz::to_hex(lumoz::ByteView(&byte, 1));
    }
    const auto again = lumoz::evidence::decode_chain_header(encoded);
    hold(encoded.size() > lumoz::evidence::kMaxChainHeader || (again.has_value() && *again == *text));
    return 0;
}
