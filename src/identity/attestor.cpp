// SPDX-License-Identifier: Apache-2.0
#include "identity/attestor.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <pthread.h>
#include <thread>

namespace lumoz::identity {
namespace {

struct Job {
    ReportData report_data;
    std::vector<Attestor::Done> waiters;
};

std::unexpected<Error> closed() {
    return fail(Errc::Closed, "E_ATTEST_CLOSED", "identity.attestor");
}

}  // namespace

class Attestor::Impl {
public:
    Impl(tee::Device& device, AttestorOptions options)
        : device_(device), options_(options), thread_([this] { run(); }) {}
    ~Impl() {
        std::deque<Job> left;
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            left.swap(waiting_);
        }
        wake_.notify_one();
        thread_.join();
        for (Job& job : left)
            answer(job, closed());
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void quote(const ReportData& report_data, Done done);
    unsigned retry_after() const;
    AttestorCounters counters() const;

private:
    /// Takes `done` when there is room for it.
    Status enqueue(const ReportData& report_data, Done& done);
    void run();
    void answer(Job& job, const Result<SharedEvidence>& result);

    tee::Device& device_;
    const AttestorOptions options_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> waiting_;
    std::unique_ptr<Job> running_;  ///< more waiters may join it until its quote is there
    bool stopping_ = false;
    std::chrono::steady_clock::duration last_quote_{};
    AttestorCounters counters_;
    std::thread thread_;
};

Status Attestor::Impl::enqueue(const ReportData& report_data, Done& done) {
    const std::lock_guard lock(mutex_);
    if (stopping_) return closed();
    const auto busy = [&] {
        ++counters_.refused;
        return fail(Errc::Limit, "E_ATTEST_BUSY", "identity.attestor",
                    std::to_string(waiting_.size()) + " quotes wait");
    };
    if (counters_.waiting >= options_.waiter_limit) return busy();
    Job* same = running_ && running_->report_data == report_data ? running_.get() : nullptr;
    if (same == nullptr) {
        const auto found = std::ranges::find(waiting_, report_data, &Job::report_data);
        if (found != waiting_.end()) same = &*found;
    }
    if (same != nullptr) {
        ++counters_.coalesced;
    } else {
        if (waiting_.size() >= options_.queue_limit) return busy();
        same = &waiting_.emplace_back(report_data, std::vector<Done>());
    }
    same->waiters.push_back(std::move(done));
    ++counters_.waiting;
    return {};
}

void Attestor::Impl::quote(const ReportData& report_data, Done done) {
    const Status status = enqueue(report_data, done);
    if (status) {
        wake_.notify_one();
    } else {
        done(std::unexpected(status.error()));
    }
}

void Attestor::Impl::answer(Job& job, const Result<SharedEvidence>& result) {
    {
        const std::lock_guard lock(mutex_);
        counters_.waiting -= job.waiters.size();
    }
    for (Done& done : job.waiters)
        done(result);
}

void Attestor::Impl::run() {
    pthread_setname_np(pthread_self(), "quotes");
    while (true) {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
        if (stopping_) return;
        running_ = std::make_unique<Job>(std::move(waiting_.front()));
        waiting_.pop_front();
        const ReportData report_data = running_->report_data;
        lock.unlock();

        const auto begin = std::chrono::steady_clock::now();
        Result<tee::Evidence> evidence = device_.quote(report_data);
        const auto took = std::chrono::steady_clock::now() - begin;

        lock.lock();
        last_quote_ = took;
        ++(evidence ? counters_.quotes : counters_.failed);
        const std::unique_ptr<Job> job = std::move(running_);
        lock.unlock();
        if (evidence) {
            answer(*job, std::make_shared<const tee::Evidence>(std::move(*evidence)));
        } else {
            answer(*job, std::unexpected(evidence.error()));
        }
    }
}

unsigned Attestor::Impl::retry_after() const {
    const std::lock_guard lock(mutex_);
    const auto wait = last_quote_ * (static_cast<long>(waiting_.size()) + 1);
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    return static_cast<unsigned>(std::clamp<std::int64_t>(seconds, 1, 60));
}

AttestorCounters Attestor::Impl::counters() const {
    const std::lock_guard lock(mutex_);
    return counters_;
}

Attestor::Attestor(tee::Device& device, AttestorOptions options)
    : impl_(std::make_unique<Impl>(device, options)) {}
Attestor::~Attestor() = default;

void Attestor::quote(const ReportData& report_data, Done done) {
    impl_->quote(report_data, std::move(done));
}

Result<SharedEvidence> Attestor::quote_blocking(const ReportData& report_data) {
    auto promise = std::make_shared<std::promise<Result<SharedEvidence>>>();
    auto answer = promise->get_future();
    quote(report_data, [promise](Result<SharedEvidence> result) { promise->set_value(std::move(result)); });
    return answer.get();
}

unsigned Attestor::retry_after() const {
    return impl_->retry_after();
}
AttestorCounters Attestor::counters() const {
    return impl_->counters();
}

}  // namespace lumoz::identity
