// SPDX-License-Identifier: Apache-2.0
// The guard of request bodies: what it accepts the strict reader accepts too, and where it takes serving
// constraints out, the rest keeps its bytes and no constraint is left.
#include "base/json.hpp"
#include "fuzz.hpp"
#include "gateway/request_body.hpp"

using namespace lumoz;

namespace {

bool constrained(const json::Value& root) {
    const auto provider = root.find("provider");
    if (!provider || !provider->is_object()) return false;
    for (const json::Value::Member& member : provider->members())
        if (member.name.starts_with("aci_")) return true;
    return false;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr json::Limits kLimits{.max_bytes = 1 << 16, .max_depth = 32, .any_number = true};
    const std::string_view body = as_text({data, size});
    const auto read = gateway::read_request_body(body, kLimits.max_bytes, kLimits.max_depth);
    if (!read) {
        fuzz::hold(read.error().status == 400 || read.error().status == 412);
        return 0;
    }
    const auto document = json::Document::parse(body, kLimits);
    fuzz::hold(document.has_value() && document->root().is_object());
    fuzz::hold(read->forwarded.has_value() == constrained(document->root()));
    if (!read->forwarded) return 0;
    const auto forwarded = json::Document::parse(*read->forwarded, kLimits);
    fuzz::hold(forwarded.has_value() && !constrained(forwarded->root()));
    fuzz::hold(document->root().size() == forwarded->root().size());
    for (const json::Value::Member& member : document->root().members()) {
        const auto same = forwarded->root().find(member.name);
        fuzz::hold(same.has_value() && (member.name == "provider" || same->raw() == member.value.raw()));
    }
    return 0;
}
