// SPDX-License-Identifier: Apache-2.0
// Counters of the gateway and their Prometheus text. Each I/O thread has its own set, so that counting costs
// no shared cache line; the page adds them up. Labels are routes, statuses and fixed words: never a user, a
// key, an id or a nonce (specs/api.md 12).
#pragma once

#include "gateway/cloud_outcome.hpp"
#include "gateway/error_table.hpp"
#include "gateway/model_usage.hpp"
#include "gateway/router.hpp"
#include "gateway/traffic.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <vector>

namespace lumoz::gateway {

/// A counter with one writer thread; any thread may read.
class Counter {
public:
    void add(std::uint64_t n = 1) {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void sub(std::uint64_t n = 1) {
        value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// Fixed buckets from 1 ms to 100 s.
class Histogram {
public:
    static constexpr std::array<double, 11> kBounds{0.001, 0.0025, 0.01, 0.025, 0.1, 0.25,
                                                    1,     2.5,    10,   25,    100};
    void observe(std::chrono::nanoseconds duration);
    void add_to(Histogram& sum) const;
    void write(std::string& out, std::string_view name, std::string_view labels) const;

private:
    std::array<Counter, kBounds.size() + 1> buckets_;
    Counter sum_us_;
};

/// Reasons why an answer was cut, as labels.
inline constexpr std::array<std::string_view, 4> kCutBy{"client", "engine", "deadline", "shutdown"};

/// By `CloudOutcome`.
using CloudCounters = std::array<Counter, kCloudOutcomes>;

class Metrics {
public:
    static constexpr std::size_t kPages = kPageCount + 1;  ///< the pages of the router and one for all else

    /// A request ended. `page` is nothing for unknown paths.
    void request_done(std::optional<Page> page, int status, std::chrono::nanoseconds took);
    void error(std::string_view static_type);

    Counter active_requests, streaming_requests, streams_total;
    Counter receipts_issued, receipts_incomplete, receipts_failed, refusals_signed;
    Counter signatures_ecdsa, signatures_ed25519, inline_proofs;
    Counter request_bytes, response_bytes;
    std::array<Counter, kCutBy.size()> cut_answers;
    Histogram engine_head, receipt_wait;
    std::array<Histogram, kPages> engine_head_of;  ///< by page, for the compatible names
    ModelUsage model_usage;
    Traffic traffic;
    CloudCounters key_checks, usage_reports;
    Counter key_check_cached, usage_reports_dropped, usage_reports_pending;

    void add_to(Metrics& sum) const;
    void write(std::string& out) const;
    /// The same once more under the names of the compatible services (specs/api.md 12).
    void write_compatible(std::string& out) const;

private:
    using LabelsOfPage = std::string (*)(std::size_t page);
    /// What both families of names have; `prefix` stands before each name.
    void write_http(std::string& out, const std::string& prefix, LabelsOfPage labels) const;
    void write_cloud(std::string& out) const;
    [[nodiscard]] bool any_request(std::size_t page) const;
    /// Statuses that have a counter of their own; others count as the last.
    static constexpr std::array<int, 19> kStatuses{101, 200, 400, 401, 402, 404, 405, 408, 412, 413,
                                                   429, 431, 499, 500, 501, 502, 503, 504, 0};
    static constexpr std::array<std::string_view, 15> kErrorTypes{"insufficient_credits",
                                                                  "bad_request",
                                                                  "invalid_request_error",
                                                                  "unauthorized",
                                                                  "not_found",
                                                                  "method_not_allowed",
                                                                  "rate_limited",
                                                                  "payload_too_large",
                                                                  "headers_too_large",
                                                                  "server_error",
                                                                  "upstream_error",
                                                                  "unavailable",
                                                                  "request_timeout",
                                                                  "session_not_accepted",
                                                                  "other"};
    std::array<std::array<Counter, kStatuses.size()>, kPages> requests_;
    std::array<Histogram, kPages> durations_;
    std::array<Counter, kErrorTypes.size()> errors_;
};

/// Name of a page as label; the last is `other`.
[[nodiscard]] std::string_view page_name(std::size_t index);
/// HELP and TYPE lines of a metric.
void write_type(std::string& out, std::string_view name, std::string_view type, std::string_view help);
/// One line of the exposition; `labels` may be empty.
void write_value(std::string& out, std::string_view name, std::string_view labels, std::uint64_t value);
/// `name="value"` with the value escaped.
[[nodiscard]] std::string label(std::string_view name, std::string_view value);
/// A counter for each outcome.
void write_outcomes(std::string& out, std::string_view name, std::string_view help,
                    const CloudCounters& counters);
/// One line of the exposition with its TYPE line, for values that others count.
void write_metric(std::string& out, std::string_view name, std::string_view type, std::string_view help,
                  double value);

}  // namespace lumoz::gateway
