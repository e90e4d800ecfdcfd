// SPDX-License-Identifier: Apache-2.0
// The line before a chunk's content; only for the .cpp files of net/.
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <charconv>

namespace lumoz::net {

/// Size line of a chunk.
struct ChunkSize {
    explicit ChunkSize(std::size_t size) {
        char* const end = std::to_chars(text.data(), text.data() + 16, size, 16).ptr;
        end[0] = '\r';
        end[1] = '\n';
        used = static_cast<std::size_t>(end - text.data()) + 2;
    }
    [[nodiscard]] ByteView view() const { return as_bytes(std::string_view(text.data(), used)); }
    std::array<char, 20> text{};
    std::size_t used = 0;
};

}  // namespace lumoz::net
