// SPDX-License-Identifier: Apache-2.0
// Properties that both HTTP fuzz targets hold: any cutting of the input gives the same reading, and what was
// accepted can be written again with the same meaning.
#pragma once

#include "fuzz.hpp"
#include "net/http.hpp"

#include <string>

namespace lumoz::fuzz {

/// Where the head ends when the input comes in pieces: its size, 0 for not yet, -1 for refused.
inline long head_end(std::string_view text, std::size_t piece, const net::HeadLimits& limits) {
    std::size_t from = 0;
    std::size_t there = 0;
    for (;;) {
        const auto found = net::find_head(text.substr(0, there), from, limits);
        if (!found) return -1;
        if (*found) return static_cast<long>(**found);
        if (there == text.size()) return 0;
        there = std::min(text.size(), there + piece);
    }
}

/// Content of a chunked body and how it ended.
inline std::string decode(std::string_view text, std::size_t piece) {
    net::ChunkDecoder decoder;
    std::string out;
    std::size_t at = 0;
    std::size_t there = 0;
    while (!decoder.done()) {
        if (at == there) {
            if (there == text.size()) return out + "|cut";
            there = std::min(text.size(), there + piece);
        }
        const auto step = decoder.next(as_bytes(text.substr(at, there - at)));
        if (!step) return out + "|refused";
        hold(step->used > 0);
        out += as_text(step->data);
        at += step->used;
    }
    return out + "|done " + std::to_string(at);
}

/// Same names, values and order.
inline void hold_equal(const net::Headers& a, const net::Headers& b) {
    hold(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        hold(a[i].name == b[i].name && a[i].value == b[i].value);
        hold(net::is_sendable(a[i]));
    }
}

inline std::string fields_text(const net::Headers& headers) {
    std::string out;
    for (std::size_t i = 0; i < headers.size(); ++i) {
        out.append(headers[i].name).append(": ").append(headers[i].value).append("\r\n");
    }
    return out + "\r\n";
}

}  // namespace lumoz::fuzz
