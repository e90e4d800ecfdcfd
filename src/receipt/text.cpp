// SPDX-License-Identifier: Apache-2.0
#include "receipt/text.hpp"

#include "base/hex.hpp"

namespace lumoz::receipt {

std::string signature_text(const RequestHash& request, const ResponseHash& response) {
    std::string text;
    text.reserve(kTextSize);
    append_hex(text, request.view());
    text += ':';
    append_hex(text, response.view());
    return text;
}

Result<std::string> signature_text_with_model(std::string_view model, const RequestHash& request,
                                              const ResponseHash& response) {
    if (model.empty() || model.find(':') != std::string_view::npos) {
        return fail(Errc::Usage, "E_TEXT_MODEL", "receipt.text.model",
                    "the name is empty or holds the separator");
    }
    return std::string(model) + ":" + signature_text(request, response);
}

}  // namespace lumoz::receipt
