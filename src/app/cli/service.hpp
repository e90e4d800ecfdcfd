// SPDX-License-Identifier: Apache-2.0
// A live service as the commands reach it: one URL, one credential, and for https the key of the connection.
// The first answer may come under any key; it is believed only when the evidence proves that key, and from
// then on the connection is pinned to it.
#pragma once

#include "base/json.hpp"
#include "net/blocking.hpp"

namespace lumoz::app {

class Service {
public:
    /// `token_file` may be empty. `E_URL`, `E_FILE`, `E_TOKEN_FILE`.
    static Result<Service> open(const std::string& url, const std::string& token_file);

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] bool is_https() const { return url_.scheme == net::Url::Scheme::Https; }
    [[nodiscard]] bool is_loopback() const { return url_.is_loopback(); }
    /// Accept only this key from now on.
    Status pin(const Digest256& spki_sha256);
    /// Key of the last answer; https only.
    [[nodiscard]] const std::optional<Digest256>& peer_spki() const { return peer_spki_; }

    /// Any status is an answer. Errors of the network are `Io`.
    Result<net::Response> get(std::string_view target);
    Result<net::Response> post(std::string_view target, ByteView body);
    /// Pieces of the body as they come, for status 200; the body of any other status is in the response.
    Result<net::Response> stream(std::string_view target, ByteView body,
                                 const std::function<void(ByteView)>& piece);
    /// GET that must answer 200. `E_SERVICE` with status and the service's message.
    Result<std::string> document(std::string_view target);

private:
    Service(std::string text, net::Url url, std::string token)
        : text_(std::move(text)), url_(std::move(url)), token_(std::move(token)) {}
    Result<net::Response> request(std::string_view method, std::string_view target, ByteView body);
    [[nodiscard]] net::Headers headers(bool with_body) const;

    std::string text_;
    net::Url url_;
    std::string token_;
    net::BlockingOptions options_;
    std::optional<Digest256> peer_spki_;
};

/// `E_SERVICE` (Io): the status, and the message of an error document.
std::unexpected<Error> service_error(std::string_view target, const net::Response& response);

}  // namespace lumoz::app
