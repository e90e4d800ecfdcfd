// SPDX-License-Identifier: Apache-2.0
#include "collateral/transport.hpp"

#include "collateral/document.hpp"

namespace lumoz::collateral {
namespace {

constexpr std::string_view kApiPaths[] = {"/sgx/certification/v4", "/tdx/certification/v4"};
constexpr std::chrono::milliseconds kConnect{10'000};
constexpr std::chrono::milliseconds kSilence{15'000};

net::Headers request_headers() {
    return {{"Accept", "*/*"}, {"Accept-Encoding", "identity"}};
}

std::unexpected<Error> bad_url(std::string detail) {
    return fail(Errc::Usage, "E_COLLATERAL_URL", "collateral.url", std::move(detail));
}

Result<net::Url> read_url(std::string_view text) {
    while (text.ends_with('/'))
        text.remove_suffix(1);
    for (const std::string_view path : kApiPaths)
        if (text.ends_with(path)) text.remove_suffix(path.size());
    auto url = net::parse_url(text);
    if (!url) return bad_url("not http://, https:// or unix:");
    if (url->scheme == net::Url::Scheme::Http && !url->is_loopback())
        return bad_url("plain http only to this machine");
    return url;
}

}  // namespace

HttpTransport::HttpTransport(net::Url url, net::BlockingOptions options)
    : url_(std::move(url)), options_(std::move(options)) {
    options_.interrupt = &interrupt_;
}

Result<std::unique_ptr<HttpTransport>> HttpTransport::open(std::string_view text,
                                                           const HttpOptions& options) {
    LUMOZ_TRY(net::Url url, read_url(text));
    net::BlockingOptions blocking;
    blocking.client.connect_timeout = kConnect;
    blocking.client.head_timeout = kSilence;
    blocking.client.read_timeout = kSilence;
    blocking.total = options.total;
    blocking.max_bytes = kMaxDocument;
    std::unique_ptr<HttpTransport> out(new HttpTransport(std::move(url), std::move(blocking)));
    LUMOZ_TRY(net::TlsContext trusted, net::TlsContext::client_with_ca(options.ca_file));
    out->elsewhere_ = std::make_shared<const net::TlsContext>(std::move(trusted));
    out->options_.client.tls = out->elsewhere_;
    if (options.spki_sha256) {
        LUMOZ_TRY(net::TlsContext pinned, net::TlsContext::client_with_pin(*options.spki_sha256));
        out->options_.client.tls = std::make_shared<const net::TlsContext>(std::move(pinned));
    }
    return out;
}

Result<net::Response> HttpTransport::get(std::string_view target) {
    return net::http_get(url_, target, request_headers(), options_);
}

Result<net::Response> HttpTransport::get_url(std::string_view text) {
    const std::size_t scheme = text.find("://");
    const std::size_t path =
        scheme == std::string_view::npos ? scheme : text.find_first_of("/?#", scheme + 3);
    if (path == std::string_view::npos || text[path] != '/' || text.contains('#'))
        return bad_url("not an address of a document");
    LUMOZ_TRY(const net::Url url, read_url(text.substr(0, path)));
    net::BlockingOptions options = options_;
    options.client.tls = elsewhere_;
    return net::http_get(url, text.substr(path), request_headers(), options);
}

void HttpTransport::cancel() {
    interrupt_.stop();
}

}  // namespace lumoz::collateral
