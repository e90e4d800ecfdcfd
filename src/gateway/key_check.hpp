// SPDX-License-Identifier: Apache-2.0
// Tokens that another service knows: asked about, remembered for a while by their digests, one question at a
// time for each. One per I/O thread. The token itself stays here only while it is asked about.
#pragma once

#include "gateway/auth.hpp"
#include "gateway/cloud_client.hpp"
#include "gateway/error_table.hpp"
#include "gateway/metrics.hpp"
#include "net/one_shot.hpp"

#include <expected>

namespace lumoz::gateway {

/// The name that receipts of such a token belong to: `key:` and 16 hex digits of its digest. No name of a
/// token file has a colon.
[[nodiscard]] std::string external_name(const Digest256& token_digest);

class KeyCheck {
public:
    /// All must outlive it.
    KeyCheck(net::Loop& loop, const Config& config, CloudClient& cloud, Metrics& metrics);

    /// True for tokens that the service is asked about: `auth.check_prefix`, printable, not longer than 512.
    [[nodiscard]] bool wants(std::string_view token) const;
    /// The principal, or 401, 402, 429 as the service says, or 503 when it cannot be asked.
    net::Task<std::expected<Principal, ApiError>> check(std::string token);

    /// Answers that are remembered; good ones and others apart, so that wrong tokens drive no good one out.
    [[nodiscard]] std::size_t remembered() const { return good_.size() + bad_.size(); }

private:
    struct Remembered {
        CloudOutcome outcome;
        net::TimePoint until;
    };
    using Memory = std::unordered_map<Digest256, Remembered, DigestHash>;
    struct Question {
        std::vector<std::shared_ptr<net::OneShot<CloudOutcome>>> waiting;
    };
    net::Task<CloudOutcome> ask(Digest256 digest, std::string token);
    [[nodiscard]] std::optional<CloudOutcome> recall(const Digest256& digest, net::TimePoint now) const;
    void remember(const Digest256& digest, CloudOutcome outcome, net::TimePoint now);
    static void keep(Memory& memory, std::size_t most, const Digest256& digest, Remembered what,
                     net::TimePoint now);

    net::Loop& loop_;
    const Config& config_;
    CloudClient& cloud_;
    Metrics& metrics_;
    Memory good_, bad_;
    std::unordered_map<Digest256, Question, DigestHash> questions_;
};

}  // namespace lumoz::gateway
