// SPDX-License-Identifier: Apache-2.0
#include "gateway/usage_reports.hpp"

#include "base/json.hpp"
#include "base/log.hpp"

namespace lumoz::gateway {
namespace {

constexpr std::size_t kMaxQueue = 4'096;
constexpr std::size_t kMaxSenders = 4;

}  // namespace

std::string report_json(const UsageReport& report) {
    json::Writer w;
    w.object();
    w.key("type").string(report.images ? "image_generation" : "chat_completion");
    w.key("model").string(report.model);
    if (report.images) {
        w.key("image_count").integer(static_cast<std::int64_t>(report.image_count));
    } else {
        w.key("input_tokens").integer(static_cast<std::int64_t>(report.usage.input_tokens));
        w.key("output_tokens").integer(static_cast<std::int64_t>(report.usage.output_tokens));
    }
    w.key("id").string(report.id);
    w.end();
    return std::move(w).text();
}

void UsageReports::add(std::string token, const UsageReport& report) {
    if (queue_.size() >= kMaxQueue) {
        metrics_.usage_reports_dropped.add();
        return;
    }
    queue_.push_back({std::move(token), report_json(report)});
    metrics_.usage_reports_pending.add();
    if (senders_ >= kMaxSenders) return;
    ++senders_;
    loop_.spawn(send_all());
}

net::Task<void> UsageReports::send_all() {
    while (!queue_.empty()) {
        Item item = std::move(queue_.front());
        queue_.pop_front();
        std::string target = "/v1/usage";
        CloudClient::Seen seen = [](CloudOutcome) {};
        const CloudOutcome outcome = co_await cloud_.post(std::move(target), std::move(item.token),
                                                          std::move(item.body), std::move(seen));
        metrics_.usage_reports[static_cast<std::size_t>(outcome)].add();
        metrics_.usage_reports_pending.sub();
        if (outcome != CloudOutcome::Ok) {
            const CloudLabels& labels = kCloudLabels[static_cast<std::size_t>(outcome)];
            log::warn("usage_not_reported", {{"outcome", labels.outcome}, {"kind", labels.kind}});
        }
    }
    --senders_;
}

}  // namespace lumoz::gateway
