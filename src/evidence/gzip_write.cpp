// SPDX-License-Identifier: Apache-2.0
#include "evidence/gzip_write.hpp"

#include <cstdlib>
#include <zlib.h>

namespace lumoz::evidence {

Bytes gzip(ByteView content) {
    z_stream z{};
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    // Only memory can be lacking, and then nothing else goes on either.
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipOnly, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        std::abort();
    Bytes input = to_bytes(content);
    Bytes out(deflateBound(&z, static_cast<uLong>(input.size())) + 32);
    z.next_in = input.data();
    z.avail_in = static_cast<uInt>(input.size());
    z.next_out = out.data();
    z.avail_out = static_cast<uInt>(out.size());
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) std::abort();
    deflateEnd(&z);
    return to_bytes(ByteView(out).first(static_cast<std::size_t>(z.total_out)));
}

}  // namespace lumoz::evidence
