// SPDX-License-Identifier: Apache-2.0
// One thread that asks the TEE for quotes, one at a time (design decision 6). Quotes take long and asking is
// open to anybody: equal requests that wait share one quote, and what does not fit the queue is refused.
#pragma once

#include "tee/device.hpp"

#include <functional>
#include <memory>

namespace lumoz::identity {

using SharedEvidence = std::shared_ptr<const tee::Evidence>;

struct AttestorOptions {
    std::size_t queue_limit = 64;     ///< different quotes that wait
    std::size_t waiter_limit = 4096;  ///< callers that wait, over all quotes
};

struct AttestorCounters {
    std::uint64_t quotes = 0;     ///< made by the device
    std::uint64_t failed = 0;     ///< the device gave an error
    std::uint64_t coalesced = 0;  ///< callers that shared another's quote
    std::uint64_t refused = 0;    ///< `E_ATTEST_BUSY`
    std::uint64_t waiting = 0;    ///< callers now
};

class Attestor {
public:
    /// Called exactly once: on the quote thread, or on the caller's when the answer is `E_ATTEST_BUSY`.
    using Done = std::move_only_function<void(Result<SharedEvidence>)>;

    /// The device must outlive the attestor.
    explicit Attestor(tee::Device& device, AttestorOptions options = {});
    /// Waits for the quote under way; every other caller gets `E_ATTEST_CLOSED`.
    ~Attestor();
    Attestor(const Attestor&) = delete;
    Attestor& operator=(const Attestor&) = delete;

    /// A quote over these 64 bytes: made after this call, or one under way. Thread-safe. Errors: the
    /// device's, and `E_ATTEST_BUSY` (Errc::Limit: 503 with Retry-After), `E_ATTEST_CLOSED`.
    void quote(const ReportData& report_data, Done done);
    /// The same, waiting for it. Not on the quote thread.
    Result<SharedEvidence> quote_blocking(const ReportData& report_data);
    /// Seconds after which a refused caller may find room, at least 1.
    [[nodiscard]] unsigned retry_after() const;
    [[nodiscard]] AttestorCounters counters() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace lumoz::identity
