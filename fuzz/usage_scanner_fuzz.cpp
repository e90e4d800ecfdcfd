// SPDX-License-Identifier: Apache-2.0
// What an answer cost: the same wherever the bytes are cut, never more than is believed, and what the strict
// reader finds in the same document. The first byte says in which pieces the rest comes, and how it is read.
#include "base/json.hpp"
#include "fuzz.hpp"
#include "gateway/usage_scanner.hpp"

using namespace lumoz;
using gateway::UsageScanner;

namespace {

std::optional<store::Usage> scan(std::string_view text, UsageScanner::Mode mode, std::size_t piece) {
    UsageScanner scanner(mode);
    for (std::size_t at = 0; at < text.size(); at += piece)
        scanner.feed(as_bytes(text.substr(at, piece)));
    fuzz::hold(scanner.data_items() <= text.size());
    return scanner.usage();
}

/// A count of the strict reader's document, as the scanner would believe it.
std::optional<std::uint64_t> count(const json::Value& usage, std::string_view name) {
    const auto member = usage.find(name);
    const auto value = member ? member->as_int() : std::nullopt;
    if (!value || *value < 0 || static_cast<std::uint64_t>(*value) > UsageScanner::kMaxTokens)
        return std::nullopt;
    return static_cast<std::uint64_t>(*value);
}

void compare(std::string_view text, const std::optional<store::Usage>& found) {
    // Escaped names are for the strict reader only.
    if (text.find('\\') != std::string_view::npos) return;
    const auto document = json::Document::parse(text, {.max_bytes = 1 << 20, .max_depth = 64});
    if (!document || !document->root().is_object()) return;
    const auto usage = document->root().find("usage");
    if (!usage || !usage->is_object()) return;
    const auto prompt = count(*usage, "prompt_tokens");
    if (prompt) fuzz::hold(found && found->input_tokens == *prompt);
    const auto output = count(*usage, "completion_tokens");
    if (output) fuzz::hold(found && found->output_tokens == *output);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::size_t piece = data[0] % 32 + 1;
    const auto mode = (data[0] & 0x80) != 0 ? UsageScanner::Mode::Sse : UsageScanner::Mode::Json;
    const std::string_view text = as_text({data + 1, size - 1});
    const auto whole = scan(text, mode, text.size() + 1);
    const auto pieces = scan(text, mode, piece);
    fuzz::hold(whole.has_value() == pieces.has_value());
    if (whole) {
        fuzz::hold(whole->input_tokens == pieces->input_tokens &&
                   whole->output_tokens == pieces->output_tokens);
        fuzz::hold(whole->input_tokens <= 3 * UsageScanner::kMaxTokens &&
                   whole->output_tokens <= UsageScanner::kMaxTokens);
    }
    if (mode == UsageScanner::Mode::Json) compare(text, whole);
    return 0;
}
