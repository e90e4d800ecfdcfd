// SPDX-License-Identifier: Apache-2.0
// The ceiling holds whatever the file claims; what was packed comes back.
#include "evidence/gzip.hpp"
#include "evidence/gzip_write.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    namespace evidence = lumoz::evidence;
    constexpr std::size_t kMost = 4096;
    const lumoz::ByteView bytes(data, size);
    const auto out = evidence::gunzip(bytes, kMost);
    hold(!out || out->size() <= kMost);
    hold(out || out.error().rule == "E_GZIP");
    const auto again = evidence::gunzip(evidence::gzip(bytes), size);
    hold(again && lumoz::equal(*again, bytes));
    return 0;
}
