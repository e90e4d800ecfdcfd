// SPDX-License-Identifier: Apache-2.0
// zlib behind one function. Its state is freed on every way out, and it never sees more than one buffer.
#include "evidence/gzip.hpp"

#include <algorithm>
#include <zlib.h>

namespace lumoz::evidence {

namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;
/// zlib counts in unsigned int; documents are far below.
constexpr std::size_t kMostInput = std::size_t{1} << 20;

std::unexpected<Error> bad(std::string detail) {
    return fail(Errc::Malformed, "E_GZIP", "gzip", std::move(detail));
}

/// Frees zlib's state at the end of the scope.
struct Inflating {
    z_stream stream{};
    Inflating() = default;
    Inflating(const Inflating&) = delete;
    Inflating& operator=(const Inflating&) = delete;
    ~Inflating() { inflateEnd(&stream); }
};

}  // namespace

Result<Bytes> gunzip(ByteView file, std::size_t most) {
    if (file.size() > kMostInput) return bad("larger than 1 MiB");
    Inflating state;
    z_stream& z = state.stream;
    if (inflateInit2(&z, kGzipOnly) != Z_OK) return bad("zlib has no memory");
    Bytes input = to_bytes(file);  // zlib's interface wants a mutable pointer
    z.next_in = input.data();
    z.avail_in = static_cast<uInt>(input.size());
    Bytes out;
    constexpr std::size_t kStep = 16384;
    for (;;) {
        // One byte of room beyond the ceiling, so that "too large" and "just fits" differ.
        const std::size_t have = out.size();
        const std::size_t room = std::min(kStep, most + 1 - have);
        out.resize(have + room);
        z.next_out = out.data() + have;
        z.avail_out = static_cast<uInt>(room);
        const int state_now = inflate(&z, Z_NO_FLUSH);
        out.resize(have + room - z.avail_out);
        if (out.size() > most) return bad("larger than " + std::to_string(most) + " bytes");
        if (state_now == Z_STREAM_END) break;
        if (state_now != Z_OK) return bad(z.avail_in == 0 ? "ends too early" : "damaged");
    }
    if (z.avail_in != 0) return bad("something behind the file");
    return out;
}

}  // namespace lumoz::evidence
