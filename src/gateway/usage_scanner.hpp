// SPDX-License-Identifier: Apache-2.0
// Finds what an answer cost, in the engine's own count, while its bytes pass by: member `usage` of a JSON
// answer, of the events of a stream, and of the `response` or `message` that such an event wraps; where none
// came, `timings` of llama-server. Nothing is buffered but a member name.
#pragma once

#include "base/bytes.hpp"
#include "store/store.hpp"

#include <array>
#include <string>

namespace lumoz::gateway {

class UsageScanner {
public:
    enum class Mode : std::uint8_t { Json, Sse };
    explicit UsageScanner(Mode mode) : mode_(mode), in_json_(mode == Mode::Json) {}

    /// A count beyond this is not believed, and counts as not there.
    static constexpr std::uint64_t kMaxTokens = std::uint64_t{1} << 32;

    /// Takes the next bytes, cut anywhere.
    void feed(ByteView chunk);
    /// What was said by now; absent when nothing was. Streams repeat counts that grow: the largest counts.
    /// Input is what the model read, cached or not.
    [[nodiscard]] std::optional<store::Usage> usage() const;

    /// Objects in the array `data` of a JSON answer: the images of one that has images.
    [[nodiscard]] std::uint64_t data_items() const { return data_items_; }

private:
    enum class Place : std::uint8_t { Root, Wrapper, Usage, Timings };
    enum Count : std::uint8_t {
        PromptTokens,
        CompletionTokens,
        InputTokens,
        OutputTokens,
        CacheReadTokens,
        CacheCreationTokens,
        TotalTokens,
        TimedPrompt,
        TimedCache,
        TimedPredicted,
        kCounts,
        None,
    };
    /// Interesting objects lie at most this deep: event, wrapper, usage.
    static constexpr std::size_t kPlaces = 3;
    static constexpr std::size_t kMaxKey = 32;

    void take_line_begin(char c);
    void take(char c);
    std::size_t skip_string(ByteView rest);
    void end_string();
    void open(char c);
    void close();
    void end_value();
    void take_number(char c);
    void end_line();
    [[nodiscard]] bool in_place() const { return known_ != 0 && depth_ == known_; }
    [[nodiscard]] std::optional<Place> place_of_child() const;
    [[nodiscard]] static Count count_of(Place place, std::string_view key);

    Mode mode_;
    bool done_ = false;
    std::array<std::optional<std::uint64_t>, kCounts> counts_;

    // SSE: is this a data line, and has its value begun?
    bool in_json_;
    bool skip_line_ = false;
    std::size_t line_size_ = 0;

    // JSON: where are we?
    std::size_t depth_ = 0;
    std::size_t known_ = 0;  ///< how many of the open objects are in `places_`
    std::array<Place, kPlaces> places_{};
    std::size_t data_depth_ = 0;  ///< depth inside the array `data`; 0: not in it
    std::uint64_t data_items_ = 0;
    bool in_string_ = false;
    bool escaped_ = false;
    bool reading_key_ = false;  ///< the string is a member name in one of our places
    bool clean_key_ = true;
    bool expect_key_ = false;
    std::string key_;
    bool in_number_ = false;
    bool good_number_ = false;
    std::uint64_t number_ = 0;
};

}  // namespace lumoz::gateway
