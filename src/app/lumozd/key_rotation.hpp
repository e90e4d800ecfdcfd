// SPDX-License-Identifier: Apache-2.0
// When the service gets new keys: before the old ones end, and when somebody asks. The old ones serve until
// the new ones are attested and stored, and stay with the requests that began under them.
#pragma once

#include "gateway/key_epoch.hpp"
#include "gateway/key_state.hpp"
#include "store/store.hpp"

#include <future>

namespace lumoz::app {

using SharedEpoch = std::shared_ptr<const gateway::KeyEpoch>;

/// How one new life is made.
struct RotationPlan {
    std::function<Result<SharedEpoch>()> make;  ///< on a thread of its own: waits for the TEE and the store
    std::function<void(const SharedEpoch&)> take;  ///< on the main thread: in force when it returns
    std::chrono::seconds rotate_before{0};         ///< the next one is due this long before `not_after`
};

struct RotationOptions {
    std::chrono::seconds retry_first{5};  ///< after a failure; doubles up to `retry_last`
    std::chrono::seconds retry_last{300};
    /// No new life while the oldest that running requests hold is this many back: its evidence must be there
    /// when they end, and secrets are in locked memory, which is short.
    std::size_t max_lives = store::kOwnKeysets;
};

/// Used by the main thread only.
class KeyRotation {
public:
    /// `begin` is called on the main thread when a life begins; it takes the facts that are true then.
    KeyRotation(std::function<Result<RotationPlan>()> begin, const Clock& clock,
                RotationOptions options = {});
    /// Waits for the quote under way.
    ~KeyRotation();
    KeyRotation(const KeyRotation&) = delete;
    KeyRotation& operator=(const KeyRotation&) = delete;

    /// The first life; waits for it.
    Status first();
    /// New keys as soon as may be, whose facts are those of a later moment than this call. `then` is called
    /// when they are in force; also when that takes several attempts. `reason` is static text for the log.
    void ask(std::string_view reason, std::function<void()> then = {});
    /// Begins what is due, ends what is done. To be called often; does not wait.
    void step();
    /// A life is being made.
    [[nodiscard]] bool busy() const { return running_.valid(); }
    /// Nothing is asked for, due or under way.
    [[nodiscard]] bool idle() const;
    /// Counters and trouble; what is said of TLS is empty.
    [[nodiscard]] gateway::KeyState state() const;

private:
    Status begin_life();
    void finish(Result<SharedEpoch> made);
    void in_force(const SharedEpoch& epoch);
    void failed(const Error& error);
    [[nodiscard]] std::size_t lives() const;

    std::function<Result<RotationPlan>()> begin_;
    const Clock& clock_;
    const RotationOptions options_;
    std::string_view reason_ = "start";
    bool asked_ = false;
    std::vector<std::function<void()>> waiting_;  ///< for the next life to begin
    std::vector<std::function<void()>> carried_;  ///< for the one that is being made
    std::optional<RotationPlan> plan_;            ///< of the one that is being made
    std::future<Result<SharedEpoch>> running_;
    UnixTime due_at_ = 0;
    UnixTime retry_at_ = 0;
    std::chrono::seconds retry_{0};
    std::uint64_t begun_ = 0;
    std::uint64_t failures_ = 0;
    std::string trouble_;
    /// From the oldest that somebody holds to the one in force.
    std::vector<std::weak_ptr<const gateway::KeyEpoch>> lives_;
};

}  // namespace lumoz::app
