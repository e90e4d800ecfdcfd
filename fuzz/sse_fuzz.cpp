// SPDX-License-Identifier: Apache-2.0
// The end marker of a stream: found at the same place wherever the bytes are cut, what may leave never falls,
// and nothing of the terminal event leaves. The first byte says in which pieces the rest comes.
#include "fuzz.hpp"
#include "gateway/sse_scanner.hpp"

using namespace lumoz;
using gateway::SseScanner;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::size_t piece = data[0] % 32 + 1;
    const ByteView text{data + 1, size - 1};
    SseScanner whole;
    const std::uint64_t at_once = whole.feed(text);
    SseScanner pieces;
    std::uint64_t free = 0;
    for (std::size_t at = 0; at < text.size(); at += piece) {
        const ByteView next = text.subspan(at, std::min(piece, text.size() - at));
        const bool ended = pieces.terminal();
        const std::uint64_t now = pieces.feed(next);
        fuzz::hold(now >= free && now <= pieces.total());
        fuzz::hold(!ended || now == free);
        free = now;
    }
    fuzz::hold(free == (text.empty() ? 0 : at_once));
    fuzz::hold(pieces.total() == text.size());
    fuzz::hold(pieces.terminal() == whole.terminal() && pieces.finished() == whole.finished());
    fuzz::hold(!pieces.finished() || pieces.terminal());
    return 0;
}
