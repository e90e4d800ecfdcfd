// SPDX-License-Identifier: Apache-2.0
// Whatever is accepted can be walked, and every value's text is a document of its own with the same meaning.
#include "base/json.hpp"
#include "fuzz.hpp"

namespace {

using lumoz::fuzz::hold;
using lumoz::json::Document;
using lumoz::json::Value;

void walk(const Value& value, std::string_view text) {
    hold(text.substr(value.offset(), value.raw().size()) == value.raw());
    hold(value.as_string().has_value() == value.is_string());
    if (value.as_int()) hold(value.as_double().has_value());
    const auto alone = Document::parse(value.raw());
    hold(alone.has_value() && alone->root().kind() == value.kind() && alone->root().size() == value.size());
    for (const Value& element : value.elements())
        walk(element, text);
    for (const auto& [name, member] : value.members()) {
        const auto found = value.find(name);
        hold(found.has_value() && found->offset() == member.offset());
        walk(member, text);
    }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = lumoz::as_text({data, size});
    const auto document = Document::parse(text);
    if (!document) {
        hold(document.error().rule == "E_JSON");
        return 0;
    }
    // Walking parses each value again, once per level above it.
    if (size <= 4096) walk(document->root(), text);
    return 0;
}
