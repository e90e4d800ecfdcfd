// SPDX-License-Identifier: Apache-2.0
#include "gateway/cloud_client.hpp"

#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "gateway/question_limit.hpp"

namespace lumoz::gateway {
namespace {

constexpr std::size_t kPool = 4;
constexpr std::size_t kMaxAnswer = 16'384;
constexpr std::chrono::milliseconds kLongestWait{5'000};

net::ClientOptions client_options(const Config& config, std::shared_ptr<const net::TlsContext> tls) {
    net::ClientOptions options;
    options.connect_timeout = config.check_timeout;
    options.head_timeout = config.check_timeout;
    options.read_timeout = config.check_timeout;
    options.write_timeout = config.check_timeout;
    options.pool_size = kPool;
    options.tls = std::move(tls);
    return options;
}

std::minstd_rand::result_type seed() {
    std::array<std::uint8_t, 4> bytes{};
    crypto::random_fill(bytes);
    return static_cast<std::minstd_rand::result_type>(bytes[0] | bytes[1] << 8 | bytes[2] << 16 |
                                                      bytes[3] << 24);
}

CloudOutcome outcome_of(const Error& error, bool late) {
    if (late || error.code == Errc::Timeout) return CloudOutcome::Timeout;
    const bool connect =
        error.rule == "E_NET_REFUSED" || error.rule == "E_NET_RESOLVE" || error.rule.starts_with("E_TLS_");
    return connect ? CloudOutcome::Connect : CloudOutcome::Broken;
}

}  // namespace

CloudOutcome outcome_of_status(int status) {
    if (status == 200) return CloudOutcome::Ok;
    if (status == 402) return CloudOutcome::InsufficientCredits;
    if (status == 429) return CloudOutcome::RateLimited;
    return status >= 500 ? CloudOutcome::ServerError : CloudOutcome::Rejected;
}

Result<std::shared_ptr<const net::TlsContext>> cloud_tls(const Config& config) {
    LUMOZ_TRY(const net::Url url, net::parse_url(config.check_url));
    if (url.scheme != net::Url::Scheme::Https) return std::shared_ptr<const net::TlsContext>();
    if (config.check_spki_sha256.empty()) {
        LUMOZ_TRY(net::TlsContext context, net::TlsContext::client_with_ca(config.check_ca_file));
        return std::make_shared<const net::TlsContext>(std::move(context));
    }
    LUMOZ_TRY(const Digest256 pin, fixed_from_hex<Digest256>(config.check_spki_sha256));
    LUMOZ_TRY(net::TlsContext context, net::TlsContext::client_with_pin(pin));
    return std::make_shared<const net::TlsContext>(std::move(context));
}

CloudClient::CloudClient(net::Loop& loop, const Config& config, std::shared_ptr<const net::TlsContext> tls)
    : loop_(loop),
      config_(config),
      client_(loop, *net::parse_url(config.check_url), client_options(config, std::move(tls))),
      chance_(seed()) {}

net::Duration CloudClient::wait_before(std::int64_t repetition) {
    const auto longest = std::min<std::int64_t>(
        config_.check_backoff.count() << std::min<std::int64_t>(repetition, 10), kLongestWait.count());
    std::uniform_int_distribution<std::int64_t> draw(0, longest);
    return std::chrono::milliseconds(draw(chance_));
}

net::Task<CloudOutcome> CloudClient::attempt(std::string target, const net::Headers& headers,
                                             const std::string& body) {
    QuestionLimit limit(loop_, config_.check_timeout);
    std::string method = "POST";
    auto sent =
        co_await client_.send(std::move(method), std::move(target), headers, as_bytes(body), &limit.token);
    if (!sent) co_return outcome_of(sent.error(), limit.late);
    const std::unique_ptr<net::ClientExchange> exchange = std::move(*sent);
    limit.exchange = exchange.get();
    // Read to its end only so that the connection can be used again.
    const Result<Bytes> rest = co_await exchange->read_all(kMaxAnswer);
    limit.exchange = nullptr;
    if (!rest) exchange->cancel();
    co_return outcome_of_status(exchange->head().status);
}

net::Task<CloudOutcome> CloudClient::post(std::string target, std::string token, std::string body,
                                          Seen seen) {
    net::Headers headers{{"Content-Type", "application/json"}};
    headers.add("Authorization", "Bearer " + token);
    CloudOutcome outcome = CloudOutcome::Broken;
    for (std::int64_t repetition = 0;; ++repetition) {
        std::string to = target;
        outcome = co_await attempt(std::move(to), headers, body);
        seen(outcome);
        if (!is_transient(outcome) || repetition == config_.check_retries) co_return outcome;
        const net::Duration wait = wait_before(repetition);
        co_await loop_.after(wait);
    }
}

}  // namespace lumoz::gateway
