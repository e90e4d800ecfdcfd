// SPDX-License-Identifier: Apache-2.0
// Reads HTTP/1.1 requests from bytes that come in pieces, and writes answers. Knows nothing of sockets.
// Refused: heads over 16 KiB, bodies over 64 KiB, transfer codings, lengths out of form.
#pragma once

#include "base/bytes.hpp"

#include <optional>

namespace lumoz::simtee {

struct HttpRequest {
    std::string method;
    std::string path;   ///< without the query
    std::string query;  ///< as it stands, without the question mark
    std::string body;
    bool keep_alive = true;
};

/// Why a request is not served: the HTTP status and a text for the `error` member.
struct HttpFault {
    int status;
    std::string_view text;
};

class HttpRequestParser {
public:
    static constexpr std::size_t kMaxHead = 16384;
    static constexpr std::size_t kMaxBody = 65536;

    void feed(std::string_view bytes) { pending_.append(bytes); }
    /// The next whole request; nothing while bytes are missing.
    std::expected<std::optional<HttpRequest>, HttpFault> next();

private:
    std::string pending_;
};

/// A whole answer with its length.
[[nodiscard]] std::string http_answer(int status, std::string_view json, bool keep_alive);
/// `{"error":text}`.
[[nodiscard]] std::string error_json(std::string_view text);

}  // namespace lumoz::simtee
