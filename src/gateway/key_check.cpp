// SPDX-License-Identifier: Apache-2.0
#include "gateway/key_check.hpp"

#include "base/hex.hpp"
#include "crypto/sha2.hpp"

namespace lumoz::gateway {
namespace {

constexpr std::size_t kMaxToken = 512;
constexpr std::size_t kMaxGood = 65'536;
constexpr std::size_t kMaxBad = 4'096;
/// Tokens that are being asked about at one time.
constexpr std::size_t kMaxQuestions = 1'024;
/// A token that was refused is asked about again sooner: it may have been paid for.
constexpr int kBadShare = 12;

std::expected<Principal, ApiError> answer_of(CloudOutcome outcome, const Digest256& digest) {
    switch (outcome) {
        case CloudOutcome::Ok:
            return Principal{.state = AuthState::Known, .name = external_name(digest), .external = true};
        case CloudOutcome::InsufficientCredits:
            return std::unexpected(api_error(Failure::InsufficientCredits));
        case CloudOutcome::RateLimited:
            return std::unexpected(api_error(Failure::RateLimited));
        case CloudOutcome::Rejected:
            return std::unexpected(api_error(Failure::Unauthorized));
        default:
            return std::unexpected(api_error(Failure::KeyCheckUnavailable));
    }
}

}  // namespace

std::string external_name(const Digest256& token_digest) {
    return "key:" + to_hex(token_digest.view().first(8));
}

KeyCheck::KeyCheck(net::Loop& loop, const Config& config, CloudClient& cloud, Metrics& metrics)
    : loop_(loop), config_(config), cloud_(cloud), metrics_(metrics) {}

bool KeyCheck::wants(std::string_view token) const {
    return !token.empty() && token.size() <= kMaxToken && token.starts_with(config_.check_prefix) &&
           std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; });
}

net::Task<std::expected<Principal, ApiError>> KeyCheck::check(std::string token) {
    const Digest256 digest = crypto::sha256(as_bytes(token));
    if (const auto known = recall(digest, loop_.now())) {
        metrics_.key_check_cached.add();
        co_return answer_of(*known, digest);
    }
    const CloudOutcome outcome = co_await ask(digest, std::move(token));
    co_return answer_of(outcome, digest);
}

// Whoever comes while the question is under way waits for its answer.
net::Task<CloudOutcome> KeyCheck::ask(Digest256 digest, std::string token) {
    if (const auto asked = questions_.find(digest); asked != questions_.end()) {
        const auto mine = std::make_shared<net::OneShot<CloudOutcome>>(loop_);
        asked->second.waiting.push_back(mine);
        co_return co_await mine->wait();
    }
    if (questions_.size() >= kMaxQuestions) co_return CloudOutcome::Broken;
    questions_.emplace(digest, Question{});
    std::string target = "/v1/check_api_key";
    std::string body;
    CloudClient::Seen seen = [this](CloudOutcome o) {
        metrics_.key_checks[static_cast<std::size_t>(o)].add();
    };
    const CloudOutcome outcome =
        co_await cloud_.post(std::move(target), std::move(token), std::move(body), std::move(seen));
    remember(digest, outcome, loop_.now());
    const auto ended = questions_.extract(digest);
    for (const auto& waiting : ended.mapped().waiting)
        waiting->set(outcome);
    co_return outcome;
}

std::optional<CloudOutcome> KeyCheck::recall(const Digest256& digest, net::TimePoint now) const {
    for (const Memory* memory : {&good_, &bad_}) {
        const auto found = memory->find(digest);
        if (found != memory->end() && now < found->second.until) return found->second.outcome;
    }
    return std::nullopt;
}

void KeyCheck::remember(const Digest256& digest, CloudOutcome outcome, net::TimePoint now) {
    if (is_transient(outcome)) return;
    good_.erase(digest);
    bad_.erase(digest);
    if (outcome == CloudOutcome::Ok)
        return keep(good_, kMaxGood, digest, {outcome, now + config_.check_cache}, now);
    keep(bad_, kMaxBad, digest, {outcome, now + config_.check_cache / kBadShare}, now);
}

void KeyCheck::keep(Memory& memory, std::size_t most, const Digest256& digest, Remembered what,
                    net::TimePoint now) {
    if (memory.size() >= most) std::erase_if(memory, [&](const auto& e) { return e.second.until <= now; });
    if (memory.size() >= most) memory.erase(memory.begin());
    memory.emplace(digest, what);
}

}  // namespace lumoz::gateway
