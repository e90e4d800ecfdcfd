// SPDX-License-Identifier: Apache-2.0
// Tells the service that knows a token what its answers cost (specs/api.md 2), after they were given. One per
// I/O thread. An answer never waits for it; what cannot be told is counted and dropped, and stays in the
// store.
#pragma once

#include "gateway/cloud_client.hpp"
#include "gateway/metrics.hpp"
#include "store/store.hpp"

#include <deque>

namespace lumoz::gateway {

/// What one answer to a token of that service cost.
struct UsageReport {
    bool images = false;  ///< counted in images instead of tokens
    std::string model;
    store::Usage usage;
    std::uint64_t image_count = 0;
    std::string id;  ///< of the answer
};
/// `{"type":"chat_completion","model","input_tokens","output_tokens","id"}`, or
/// `{"type":"image_generation","model","image_count","id"}`.
[[nodiscard]] std::string report_json(const UsageReport& report);

class UsageReports {
public:
    /// All must outlive it.
    UsageReports(net::Loop& loop, CloudClient& cloud, Metrics& metrics)
        : loop_(loop), cloud_(cloud), metrics_(metrics) {}
    UsageReports(const UsageReports&) = delete;
    UsageReports& operator=(const UsageReports&) = delete;

    /// Queues a report; dropped when 4,096 wait.
    void add(std::string token, const UsageReport& report);

private:
    struct Item {
        std::string token;
        std::string body;
    };
    net::Task<void> send_all();

    net::Loop& loop_;
    CloudClient& cloud_;
    Metrics& metrics_;
    std::deque<Item> queue_;
    std::size_t senders_ = 0;
};

}  // namespace lumoz::gateway
