// SPDX-License-Identifier: Apache-2.0
#include "gateway/call.hpp"

#include "gateway/translated.hpp"

namespace lumoz::gateway {

bool is_request_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '-';
    });
}

net::Headers answer_headers(const Call& call, std::string_view content_type) {
    net::Headers headers;
    headers.add("Content-Type", content_type);
    headers.add("X-Request-ID", call.request_id);
    headers.add("X-ACI-Version", "aci/1");
    headers.add("X-ACI-Keyset-Digest", call.keys->identity.keyset_digest);
    return headers;
}

net::Headers signed_headers(const Call& call, std::string_view content_type) {
    net::Headers headers = answer_headers(call, content_type);
    headers.add("X-Receipt-Id", call.id);
    return headers;
}

void add_retry_headers(net::Headers& headers, const ApiError& error, unsigned retry_after) {
    headers.add("x-should-retry", should_retry(error));
    if (error.status == 429 || error.status == 503) headers.add("Retry-After", std::to_string(retry_after));
    if (error.status == 401) headers.add("WWW-Authenticate", "Bearer");
}

net::Task<void> respond_json(Call& call, int status, std::string body) {
    call.status = status;
    call.response_bytes = body.size();
    const net::Headers headers = answer_headers(call, "application/json");
    // A client that left is counted by the server.
    const Status sent = co_await call.exchange.respond(status, headers, as_bytes(body));
    if (!sent) call.cut_by = "client";
}

net::Task<void> respond_error(Call& call, ApiError error, unsigned retry_after) {
    call.status = error.status;
    call.metrics.error(error.type);
    const std::optional<Page> page = call.route ? std::optional(call.route->page) : std::nullopt;
    const std::string body = error_body(error, page);
    call.response_bytes = body.size();
    net::Headers headers = answer_headers(call, "application/json");
    add_retry_headers(headers, error, retry_after);
    const Status sent = co_await call.exchange.respond(error.status, headers, as_bytes(body));
    if (!sent) call.cut_by = "client";
}

}  // namespace lumoz::gateway
