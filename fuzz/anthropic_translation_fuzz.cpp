// SPDX-License-Identifier: Apache-2.0
// Messages before an engine that speaks chat completions, and chat completions before one that speaks
// Messages.
#include "translation_properties.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = lumoz::as_text({data, size});
    lumoz::fuzz::hold_translation(lumoz::translate::Protocol::Messages, input);
    lumoz::fuzz::hold_translation(lumoz::translate::Protocol::Chat, input);
    return 0;
}
