// SPDX-License-Identifier: Apache-2.0
#include "collateral/transport.hpp"

#include "collateral/document.hpp"

namespace lumoz::collateral {
namespace {

constexpr std::string_view kApiPaths[] = {"/sgx/certification/v4", "/tdx/certification/v4"};
constexpr std::chrono::milliseconds kConnect{10'000};
constexpr std::chrono::milliseconds kSilence{15'000};

/// Cuts a transfer that takes too long as a whole.
class TotalLimit final : public net::Deadline {
public:
    using Deadline::Deadline;
    net::CancelToken token;
    std::unique_ptr<net::ClientExchange> exchange;
    bool over = false;

private:
    void expired() override {
        over = true;
        token.cancel();
        if (exchange) exchange->cancel();
    }
};

net::Task<Result<net::Response>> exchange(net::Client& client, std::string target, TotalLimit& limit) {
    const net::Headers headers{{"Accept", "*/*"}, {"Accept-Encoding", "identity"}};
    LUMOZ_CO_TRY(limit.exchange, co_await client.send("GET", std::move(target), headers, {}, &limit.token));
    net::Response out;
    out.head = limit.exchange->head();
    LUMOZ_CO_TRY(out.body, co_await limit.exchange->read_all(kMaxDocument));
    co_return out;
}

net::Task<void> exchange_and_stop(net::Loop& loop, net::Client& client, std::string target,
                                  net::Duration total, Result<net::Response>& result) {
    TotalLimit limit(loop);
    limit.set(loop.now() + total);
    result = co_await exchange(client, std::move(target), limit);
    limit.exchange.reset();
    if (limit.over && !result) result = fail(Errc::Timeout, "E_NET_TIMEOUT", "collateral.total");
    loop.stop();
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
    : url_(std::move(url)), options_(std::move(options)) {}

Result<std::unique_ptr<HttpTransport>> HttpTransport::open(std::string_view text,
                                                           const HttpOptions& options) {
    LUMOZ_TRY(net::Url url, read_url(text));
    net::BlockingOptions blocking;
    blocking.client.connect_timeout = kConnect;
    blocking.client.head_timeout = kSilence;
    blocking.client.read_timeout = kSilence;
    blocking.total = options.total;
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

Result<net::Response> HttpTransport::perform(const net::Url& url, std::string_view target,
                                             const net::ClientOptions& options) {
    Result<net::Response> result = fail(Errc::Closed, "E_NET_CANCELLED", "collateral.cancel");
    net::Loop loop;
    {
        const std::scoped_lock lock(mutex_);
        if (cancelled_) return result;
        running_ = &loop;
    }
    {
        net::Client client(loop, url, options);
        loop.spawn(exchange_and_stop(loop, client, std::string(target), options_.total, result));
        loop.run();
    }
    const std::scoped_lock lock(mutex_);
    running_ = nullptr;
    return result;
}

Result<net::Response> HttpTransport::get(std::string_view target) {
    return perform(url_, target, options_.client);
}

Result<net::Response> HttpTransport::get_url(std::string_view text) {
    const std::size_t scheme = text.find("://");
    const std::size_t path =
        scheme == std::string_view::npos ? scheme : text.find_first_of("/?#", scheme + 3);
    if (path == std::string_view::npos || text[path] != '/' || text.contains('#'))
        return bad_url("not an address of a document");
    LUMOZ_TRY(const net::Url url, read_url(text.substr(0, path)));
    net::ClientOptions options = options_.client;
    options.tls = elsewhere_;
    return perform(url, text.substr(path), options);
}

void HttpTransport::cancel() {
    const std::scoped_lock lock(mutex_);
    cancelled_ = true;
    if (running_ != nullptr) running_->stop();
}

}  // namespace lumoz::collateral
