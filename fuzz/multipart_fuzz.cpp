// SPDX-License-Identifier: Apache-2.0
// Multipart bodies as they pass by. The first byte says in which pieces the rest comes; up to the first NUL
// it is a Content-Type, the body follows.
#include "fuzz.hpp"
#include "gateway/multipart.hpp"

using namespace lumoz;

namespace {

gateway::MultipartScanner scan(const std::string& boundary, ByteView body, std::size_t step) {
    gateway::MultipartScanner scanner(boundary, "model", 64);
    for (std::size_t at = 0; at < body.size(); at += step)
        scanner.feed(body.subspan(at, std::min(step, body.size() - at)));
    return scanner;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::size_t piece = data[0] % 32 + 1;
    const std::string_view text = as_text({data + 1, size - 1});
    const std::size_t cut = std::min(text.find('\0'), text.size());
    const std::optional<std::string> boundary = gateway::multipart_boundary(text.substr(0, cut));
    if (!boundary) return 0;
    fuzz::hold(!boundary->empty() && boundary->size() <= 70);

    const ByteView body = as_bytes(text.substr(std::min(cut + 1, text.size())));
    gateway::MultipartScanner whole = scan(*boundary, body, body.size() + 1);
    gateway::MultipartScanner pieces = scan(*boundary, body, piece);
    fuzz::hold(whole.settled() == pieces.settled() && whole.malformed() == pieces.malformed() &&
               whole.value() == pieces.value());
    // A value is followed by a delimiter in the body, and is never longer than asked for.
    if (whole.value()) {
        fuzz::hold(whole.value()->size() <= 64 && !whole.malformed());
        fuzz::hold(as_text(body).contains(*whole.value() + "\r\n--" + *boundary) || whole.value()->empty());
    }
    whole.end();
    fuzz::hold(whole.settled());
    return 0;
}
