// SPDX-License-Identifier: Apache-2.0
#include "app/cli/service.hpp"

#include "app/output/files.hpp"

namespace lumoz::app {
namespace {

/// Answers take as long as the model does, documents do not: the same limit as the gateway's own.
net::BlockingOptions for_answers(net::BlockingOptions options) {
    options.total = std::chrono::hours(1);
    return options;
}

/// Trouble on the way is exit code 1, whatever the layer below calls it.
Result<net::Response> as_network(Result<net::Response> result, const std::string& url) {
    if (result) return result;
    const Error& error = result.error();
    std::string detail = url + ": ";
    detail.append(error.detail);
    return fail(Errc::Io, error.rule, error.where, std::move(detail));
}

}  // namespace

std::unexpected<Error> service_error(std::string_view target, const net::Response& response) {
    std::string detail(target.substr(0, target.find('?')));
    detail += " answered " + std::to_string(response.head.status);
    const auto document = json::Document::parse(as_text(response.body));
    if (document) {
        const auto error = document->root().find("error");
        const auto message = error ? error->find("message") : std::nullopt;
        if (message && message->as_string()) detail += ": " + *message->as_string();
    }
    return fail(Errc::Io, "E_SERVICE", "cli.service", std::move(detail));
}

Result<Service> Service::open(const std::string& url, const std::string& token_file) {
    std::string text = url;
    while (text.ends_with('/'))
        text.pop_back();
    auto parsed = net::parse_url(text);
    if (!parsed) return fail(Errc::Usage, parsed.error().rule, parsed.error().where, url);
    std::string token;
    if (!token_file.empty()) {
        LUMOZ_TRY(token, read_token(token_file));
    }
    Service service(std::move(text), *std::move(parsed), std::move(token));
    if (service.is_https()) {
        LUMOZ_TRY(net::TlsContext tls, net::TlsContext::client_without_verification());
        service.options_.client.tls = std::make_shared<const net::TlsContext>(std::move(tls));
    }
    return service;
}

Status Service::pin(const Digest256& spki_sha256) {
    LUMOZ_TRY(net::TlsContext tls, net::TlsContext::client_with_pin(spki_sha256));
    options_.client.tls = std::make_shared<const net::TlsContext>(std::move(tls));
    return {};
}

net::Headers Service::headers(bool with_body) const {
    net::Headers headers;
    headers.add("Accept-Encoding", "identity");
    if (with_body) headers.add("Content-Type", "application/json");
    if (!token_.empty()) headers.add("Authorization", "Bearer " + token_);
    return headers;
}

Result<net::Response> Service::request(std::string_view method, std::string_view target, ByteView body) {
    const net::BlockingOptions options = method == "POST" ? for_answers(options_) : options_;
    auto result = net::http_request(url_, method, target, headers(!body.empty()), body, options);
    if (result) peer_spki_ = result->peer_spki;
    return as_network(std::move(result), text_);
}

Result<net::Response> Service::get(std::string_view target) {
    return request("GET", target, {});
}

Result<net::Response> Service::post(std::string_view target, ByteView body) {
    return request("POST", target, body);
}

Result<net::Response> Service::stream(std::string_view target, ByteView body,
                                      const std::function<void(ByteView)>& piece) {
    int status = 0;
    Bytes other;
    auto result = net::http_stream(
        url_, "POST", target, headers(true), body, for_answers(options_),
        [&](const net::ResponseHead& head) {
            status = head.status;
            return true;
        },
        [&](ByteView bytes) {
            if (status == 200) {
                piece(bytes);
            } else {
                append(other, bytes);
            }
            return other.size() <= kMaxDocument;
        });
    if (result) result->body = std::move(other);
    return as_network(std::move(result), text_);
}

Result<std::string> Service::document(std::string_view target) {
    LUMOZ_TRY(const net::Response response, get(target));
    if (response.head.status != 200) return service_error(target, response);
    return std::string(as_text(response.body));
}

}  // namespace lumoz::app
