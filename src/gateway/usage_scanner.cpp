// SPDX-License-Identifier: Apache-2.0
#include "gateway/usage_scanner.hpp"

#include <algorithm>
#include <cstring>

namespace lumoz::gateway {
namespace {

constexpr std::string_view kData = "data:";

constexpr bool is_line_end(char c) {
    return c == '\n' || c == '\r';
}
constexpr bool is_space(char c) {
    return c == ' ' || c == '\t' || is_line_end(c);
}

/// Which bytes a search stops at.
using Stops = std::array<bool, 256>;
constexpr Stops stops_at(std::string_view bytes) {
    Stops out{};
    for (const char c : bytes)
        out[static_cast<unsigned char>(c)] = true;
    return out;
}
constexpr Stops kStringStops = stops_at("\"\\\n\r");
constexpr Stops kStructureStops = stops_at("\"{}[]\n\r");

std::size_t run_length(ByteView bytes, const Stops& stops) {
    std::size_t i = 0;
    while (i < bytes.size() && !stops[bytes[i]])
        ++i;
    return i;
}

bool holds(ByteView bytes, std::string_view word) {
    return ::memmem(bytes.data(), bytes.size(), word.data(), word.size()) != nullptr;
}

/// The whole lines at the front of `bytes` in which nothing can be found: most events of a stream.
std::size_t silent_lines(ByteView bytes) {
    const void* end = bytes.empty() ? nullptr : ::memrchr(bytes.data(), '\n', bytes.size());
    if (end == nullptr) return 0;
    const auto size = static_cast<std::size_t>(static_cast<const std::uint8_t*>(end) - bytes.data()) + 1;
    const ByteView lines = bytes.first(size);
    return holds(lines, "usage\"") || holds(lines, "timings\"") ? 0 : size;
}

}  // namespace

void UsageScanner::feed(ByteView chunk) {
    std::size_t at = 0;
    const bool fresh_line = mode_ == Mode::Sse && !in_json_ && !skip_line_ && line_size_ == 0;
    if (fresh_line) at = silent_lines(chunk);
    while (at < chunk.size() && !done_) {
        if (in_string_) {
            at += skip_string(chunk.subspan(at));
            continue;
        }
        if (in_json_ && depth_ > known_) {
            // Inside something that is not ours only its ends matter.
            at += run_length(chunk.subspan(at), kStructureStops);
            if (at == chunk.size()) break;
        }
        const char c = static_cast<char>(chunk[at++]);
        if (mode_ == Mode::Sse && is_line_end(c)) {
            end_line();
        } else if (in_json_) {
            take(c);
        } else if (!skip_line_) {
            take_line_begin(c);
        }
    }
}

// A data line whose value begins with `{` is JSON up to the end of the line.
void UsageScanner::take_line_begin(char c) {
    if (line_size_ < kData.size()) {
        skip_line_ = c != kData[line_size_++];
        return;
    }
    if (c == ' ') return;
    skip_line_ = c != '{';
    if (skip_line_) return;
    in_json_ = true;
    take(c);
}

void UsageScanner::end_line() {
    end_value();
    in_json_ = false;
    skip_line_ = false;
    line_size_ = 0;
    depth_ = 0;
    known_ = 0;
    in_string_ = false;
    escaped_ = false;
    expect_key_ = false;
    key_.clear();
}

void UsageScanner::take(char c) {
    switch (c) {
        case '"':
            in_string_ = true;
            reading_key_ = in_place() && expect_key_;
            clean_key_ = true;
            if (reading_key_) key_.clear();
            return;
        case '{':
        case '[':
            return open(c);
        case '}':
        case ']':
            end_value();
            return close();
        case ',':
            end_value();
            expect_key_ = true;
            return;
        case ':':
            return;
        default:
            if (is_space(c)) return;
            if (depth_ == 0) {
                // No object: nothing to be found here.
                done_ = mode_ == Mode::Json;
                return;
            }
            return take_number(c);
    }
}

// Reads on inside a string; returns how many bytes were taken.
std::size_t UsageScanner::skip_string(ByteView rest) {
    for (std::size_t i = 0; i < rest.size(); ++i) {
        if (!reading_key_ && !escaped_) i += run_length(rest.subspan(i), kStringStops);
        if (i == rest.size()) break;
        const char c = static_cast<char>(rest[i]);
        if (is_line_end(c)) {
            // No JSON string goes over a line end; in a stream the next line is a new chance.
            in_string_ = false;
            done_ = mode_ == Mode::Json;
            return i;
        }
        if (escaped_) {
            escaped_ = false;
        } else if (c == '\\') {
            escaped_ = true;
            clean_key_ = false;
        } else if (c == '"') {
            end_string();
            return i + 1;
        } else if (reading_key_ && key_.size() <= kMaxKey) {
            key_.push_back(c);
        }
    }
    return rest.size();
}

void UsageScanner::end_string() {
    in_string_ = false;
    if (!in_place()) return;
    if (!reading_key_ || !clean_key_ || key_.size() > kMaxKey) key_.clear();
    if (reading_key_) expect_key_ = false;
    reading_key_ = false;
}

void UsageScanner::take_number(char c) {
    if (!in_place() || key_.empty()) return;
    if (!in_number_) {
        in_number_ = true;
        good_number_ = true;
        number_ = 0;
    }
    if (c < '0' || c > '9') {
        good_number_ = false;
        return;
    }
    number_ = std::min<std::uint64_t>(number_ * 10 + static_cast<std::uint64_t>(c - '0'), kMaxTokens + 1);
}

// A value of one of our places ends: a count is noted.
void UsageScanner::end_value() {
    if (!in_number_) return;
    in_number_ = false;
    if (!good_number_ || number_ > kMaxTokens || !in_place()) return;
    const Count count = count_of(places_[known_ - 1], key_);
    if (count == None) return;
    std::optional<std::uint64_t>& kept = counts_[count];
    kept = std::max(kept.value_or(0), number_);
}

std::optional<UsageScanner::Place> UsageScanner::place_of_child() const {
    if (depth_ == 0) return Place::Root;
    if (!in_place() || known_ == kPlaces) return std::nullopt;
    const Place here = places_[known_ - 1];
    if (here != Place::Root && here != Place::Wrapper) return std::nullopt;
    if (key_ == "usage") return Place::Usage;
    if (here == Place::Wrapper) return std::nullopt;
    if (key_ == "timings") return Place::Timings;
    const bool wraps = mode_ == Mode::Sse && (key_ == "response" || key_ == "message");
    return wraps ? std::optional(Place::Wrapper) : std::nullopt;
}

void UsageScanner::open(char c) {
    const std::optional<Place> child = c == '{' ? place_of_child() : std::nullopt;
    if (depth_ == 0 && !child) {
        done_ = mode_ == Mode::Json;
        skip_line_ = true;
        in_json_ = mode_ == Mode::Json;
        return;
    }
    if (c == '{' && data_depth_ != 0 && depth_ == data_depth_) ++data_items_;
    const bool is_data = c == '[' && depth_ == 1 && in_place() && key_ == "data";
    if (child) places_[known_++] = *child;
    ++depth_;
    if (is_data) data_depth_ = depth_;
    in_number_ = false;
    expect_key_ = c == '{';
    if (child) key_.clear();
}

void UsageScanner::close() {
    if (depth_ == 0) return;
    if (depth_ == data_depth_) data_depth_ = 0;
    if (in_place()) --known_;
    --depth_;
    expect_key_ = false;
    if (in_place()) key_.clear();
    if (depth_ == 0) done_ = mode_ == Mode::Json;
}

UsageScanner::Count UsageScanner::count_of(Place place, std::string_view key) {
    struct Name {
        Place place;
        std::string_view key;
        Count count;
    };
    static constexpr std::array<Name, kCounts> kNames{{
        {Place::Usage, "prompt_tokens", PromptTokens},
        {Place::Usage, "completion_tokens", CompletionTokens},
        {Place::Usage, "input_tokens", InputTokens},
        {Place::Usage, "output_tokens", OutputTokens},
        {Place::Usage, "cache_read_input_tokens", CacheReadTokens},
        {Place::Usage, "cache_creation_input_tokens", CacheCreationTokens},
        {Place::Usage, "total_tokens", TotalTokens},
        {Place::Timings, "prompt_n", TimedPrompt},
        {Place::Timings, "cache_n", TimedCache},
        {Place::Timings, "predicted_n", TimedPredicted},
    }};
    for (const Name& name : kNames)
        if (name.place == place && name.key == key) return name.count;
    return None;
}

std::optional<store::Usage> UsageScanner::usage() const {
    const auto value = [this](Count count) { return counts_[count].value_or(0); };
    store::Usage out;
    out.output_tokens = counts_[CompletionTokens] ? value(CompletionTokens) : value(OutputTokens);
    if (counts_[PromptTokens]) {
        out.input_tokens = value(PromptTokens);
        return out;
    }
    if (counts_[InputTokens] || counts_[CacheReadTokens] || counts_[CacheCreationTokens]) {
        // The Messages protocol counts what came from a cache or went there apart from the rest.
        out.input_tokens = value(InputTokens) + value(CacheReadTokens) + value(CacheCreationTokens);
        return out;
    }
    if (counts_[TotalTokens]) {
        out.input_tokens = value(TotalTokens) - std::min(value(TotalTokens), out.output_tokens);
        return out;
    }
    if (counts_[CompletionTokens] || counts_[OutputTokens]) return out;
    if (!counts_[TimedPrompt] && !counts_[TimedPredicted]) return std::nullopt;
    return store::Usage{.input_tokens = value(TimedPrompt) + value(TimedCache),
                        .output_tokens = value(TimedPredicted)};
}

}  // namespace lumoz::gateway
