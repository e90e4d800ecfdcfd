// SPDX-License-Identifier: Apache-2.0
// What is read as PEM is written and read again as the same blocks.
#include "crypto/der.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace der = lumoz::crypto::der;
    using lumoz::fuzz::hold;
    const auto blocks = der::parse_pem(lumoz::as_text({data, size}));
    if (!blocks) {
        hold(blocks.error().rule == "E_PEM");
        return 0;
    }
    std::string text;
    for (const auto& block : *blocks)
        text += der::to_pem(block.label, block.der);
    const auto again = der::parse_pem(text);
    hold(again.has_value() && again->size() == blocks->size());
    for (std::size_t i = 0; i < blocks->size(); ++i)
        hold((*again)[i].label == (*blocks)[i].label && (*again)[i].der == (*blocks)[i].der);
    return 0;
}
