// SPDX-License-Identifier: Apache-2.0
// An answer of a guest agent: in one piece and byte by byte it is the same answer, or the same refusal.
#include "base/bytes.hpp"
#include "fuzz.hpp"
#include "tee/http_answer.hpp"

namespace {

constexpr std::size_t kMaxBody = 4096;

struct Read {
    std::string rule;
    bool done = false;
    lumoz::tee::HttpAnswer answer;
};

Read read_in_pieces(std::string_view text, std::size_t piece) {
    lumoz::tee::HttpAnswerParser parser(kMaxBody);
    for (std::size_t at = 0; at < text.size(); at += piece) {
        const auto fed = parser.feed(text.substr(at, piece));
        if (!fed) return {.rule = std::string(fed.error().rule), .done = false, .answer = {}};
    }
    if (!parser.done()) return {};
    return {.rule = {}, .done = true, .answer = std::move(parser).take()};
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    const std::string_view text = lumoz::as_text({data, size});
    const Read whole = read_in_pieces(text, size + 1);
    const Read bytes = read_in_pieces(text, 1);
    hold(whole.rule == bytes.rule && whole.done == bytes.done);
    hold(whole.answer.status == bytes.answer.status && whole.answer.body == bytes.answer.body);
    hold(whole.answer.body.size() <= kMaxBody);
    return 0;
}
