// SPDX-License-Identifier: Apache-2.0
// The Responses API before an engine that speaks chat completions.
#include "translation_properties.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    lumoz::fuzz::hold_translation(lumoz::translate::Protocol::Responses, lumoz::as_text({data, size}));
    return 0;
}
