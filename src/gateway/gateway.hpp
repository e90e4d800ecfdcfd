// SPDX-License-Identifier: Apache-2.0
// The handler of one I/O thread: every request on the thread's listeners begins and ends here.
#pragma once

#include "gateway/inference.hpp"
#include "gateway/key_check.hpp"

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
    /// Reports of usage that did not leave yet. Any thread.
    [[nodiscard]] std::uint64_t reports_pending() const { return metrics_.usage_reports_pending.get(); }

private:
    net::Task<void> answer(Call& call);
    net::Task<void> infer(Call& call);
    /// Who asks; an error when nobody may.
    net::Task<std::optional<ApiError>> find_principal(Call& call);
    net::Task<void> talk(Call& call);
    void finish(Call& call);
    void count(const Call& call);

    /// The service of `auth.check_url`.
    struct Cloud {
        Cloud(net::Loop& loop, const Service& service, Metrics& metrics)
            : client(loop, service.config, service.check_tls),
              check(loop, service.config, client, metrics),
              reports(loop, client, metrics) {}
        CloudClient client;
        KeyCheck check;
        UsageReports reports;
    };
    Service& service_;
    Metrics& metrics_;
    std::unique_ptr<Cloud> cloud_;  ///< null when there is none
    std::unordered_set<Running*> running_;
};

}  // namespace lumoz::gateway
