// SPDX-License-Identifier: Apache-2.0
// The handler of one I/O thread: every request on the thread's listeners begins and ends here.
#pragma once

#include "gateway/inference.hpp"
#include "gateway/rate_limit.hpp"

#include <unordered_set>

namespace lumoz::gateway {

class Gateway final : public net::Handler {
public:
    /// `loop` and `service` must outlive it. Made before the threads start.
    Gateway(net::Loop& loop, Service& service);

    net::Task<void> handle(net::Exchange& exchange) override;
    [[nodiscard]] std::string error_body(int status) const override;

    /// On the loop's thread: ends every running answer; their receipts say `shutdown`.
    void cut_all();
    /// Requests under way. Any thread.
    [[nodiscard]] std::uint64_t active() const { return metrics_.active_requests.get(); }

private:
    net::Task<void> answer(Call& call);
    net::Task<void> infer(Call& call);
    net::Task<void> talk(Call& call);
    void finish(Call& call);

    Service& service_;
    Metrics& metrics_;
    RateLimit rate_limit_;
    std::unordered_set<Running*> running_;
};

}  // namespace lumoz::gateway
