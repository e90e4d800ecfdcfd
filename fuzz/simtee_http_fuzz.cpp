// SPDX-License-Identifier: Apache-2.0
// Requests to the simulator: in one piece and byte by byte they are the same requests, or the same refusal.
#include "fuzz.hpp"
#include "simtee/http_request.hpp"

namespace {

/// Everything that was read, as one text.
std::string read_in_pieces(std::string_view text, std::size_t piece) {
    lumoz::simtee::HttpRequestParser parser;
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += piece) {
        parser.feed(text.substr(at, piece));
        for (;;) {
            const auto request = parser.next();
            if (!request) return out + "fault " + std::to_string(request.error().status);
            if (!*request) break;
            const lumoz::simtee::HttpRequest& r = **request;
            lumoz::fuzz::hold(r.body.size() <= lumoz::simtee::HttpRequestParser::kMaxBody);
            out += r.method + '\0' + r.path + '\0' + r.query + '\0' + r.body + (r.keep_alive ? "\1" : "\2");
        }
    }
    return out;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = lumoz::as_text({data, size});
    lumoz::fuzz::hold(read_in_pieces(text, size + 1) == read_in_pieces(text, 1));
    return 0;
}
