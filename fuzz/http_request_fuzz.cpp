// SPDX-License-Identifier: Apache-2.0
// Requests as a server reads them. The first byte says in which pieces the rest comes.
#include "http_properties.hpp"

using namespace lumoz;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::size_t piece = data[0] % 32 + 1;
    const std::string_view text = as_text({data + 1, size - 1});
    const net::HeadLimits limits{.bytes = 4096, .fields = 20};
    const long end = fuzz::head_end(text, 100'000, limits);
    fuzz::hold(fuzz::head_end(text, piece, limits) == end);
    if (end <= 0) return 0;

    net::RequestHead head;
    if (!net::parse_request_head(text.substr(0, static_cast<std::size_t>(end)), limits, head)) return 0;
    fuzz::hold(!head.method.empty() && (head.target.starts_with('/') || head.target == "*"));
    fuzz::hold(!(head.chunked && head.content_length) && head.headers.size() <= limits.fields);
    const std::string again = head.method + " " + head.target +
                              (head.http11 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n") +
                              fuzz::fields_text(head.headers);
    net::RequestHead second;
    const net::HeadLimits wider{.bytes = 100'000, .fields = 20};
    fuzz::hold(net::parse_request_head(again, wider, second).has_value());
    fuzz::hold_equal(head.headers, second.headers);
    fuzz::hold(head.keep_alive == second.keep_alive && head.chunked == second.chunked &&
               head.content_length == second.content_length && head.target == second.target);

    const std::string_view body = text.substr(static_cast<std::size_t>(end));
    if (head.chunked) fuzz::hold(fuzz::decode(body, 100'000) == fuzz::decode(body, piece));
    return 0;
}
