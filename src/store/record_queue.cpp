// SPDX-License-Identifier: Apache-2.0
#include "store/record_queue.hpp"

#include "base/log.hpp"
#include "store/columns.hpp"

#include <future>

namespace lumoz::store {
namespace {

/// Bytes of documents that may wait, beside the count.
constexpr std::size_t kQueueBytes = std::size_t{64} << 20;
/// With relaxed durability nobody waits for the commit, so it gathers: this long, or this many records.
constexpr std::chrono::milliseconds kGatherTime{10};
constexpr std::size_t kGatherRecords = 256;

}  // namespace

Status RecordQueue::admit(const Record& record) {
    if (closed_) return fail(Errc::Closed, "E_STORE_CLOSED", "store.append.closed");
    const std::size_t bytes = record.receipt_json.size();
    if (queue_.size() >= options_.queue_limit || queue_bytes_ + bytes > kQueueBytes) {
        ++refused_;
        return fail(Errc::Limit, "E_STORE_BUSY", "store.append.queue",
                    std::to_string(queue_.size()) + " records wait");
    }
    return {};
}

void RecordQueue::append(Record record, ReceiptStore::Done done) {
    Status status = check_record(record);
    bool wake = true;
    if (status) {
        const std::lock_guard lock(mutex_);
        status = admit(record);
        if (status) {
            queue_bytes_ += record.receipt_json.size();
            queue_.push_back({std::move(record), relaxed() ? ReceiptStore::Done() : std::move(done), {}});
            wake = !relaxed() || queue_.size() == 1 || queue_.size() == kGatherRecords;
        }
    }
    if (status && wake) wake_.notify_one();
    if (!status) ++failed_;
    // Full durability: the writer answers after the commit.
    if (!status || relaxed()) done(std::move(status));
}

Status RecordQueue::on_writer(std::move_only_function<Status()> job) {
    auto promise = std::make_shared<std::promise<Status>>();
    std::future<Status> answer = promise->get_future();
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return fail(Errc::Closed, "E_STORE_CLOSED", "store.job.closed");
        jobs_.push_back([promise, job = std::move(job)]() mutable { promise->set_value(job()); });
    }
    wake_.notify_one();
    return answer.get();
}

std::optional<Record> RecordQueue::find(std::optional<std::string_view> owner, std::string_view id) const {
    const std::lock_guard lock(mutex_);
    const Record* by_response = nullptr;
    for (const std::vector<Pending>* list : {&queue_, &batch_}) {
        for (auto item = list->rbegin(); item != list->rend(); ++item) {
            if (owner && item->record.owner != *owner) continue;
            if (item->record.receipt_id == id) return item->record;
            if (by_response == nullptr && item->record.response_id == id) by_response = &item->record;
        }
    }
    if (by_response != nullptr) return *by_response;
    return std::nullopt;
}

void RecordQueue::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    wake_.notify_one();
}

StoreCounters RecordQueue::counters() const {
    StoreCounters out;
    out.appended = appended_;
    out.failed = failed_;
    out.refused = refused_;
    const std::lock_guard lock(mutex_);
    out.queued = queue_.size() + batch_.size();
    return out;
}

void RecordQueue::fill_batch() {
    if (queue_.size() <= options_.batch_limit) {
        batch_.swap(queue_);
        queue_bytes_ = 0;
        return;
    }
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(options_.batch_limit);
    batch_.assign(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
    for (const Pending& item : batch_)
        queue_bytes_ -= item.record.receipt_json.size();
}

bool RecordQueue::take(SteadyTime until, bool at_once) {
    std::unique_lock lock(mutex_);
    const auto something = [this] { return !queue_.empty() || !jobs_.empty() || closed_; };
    if (!at_once) wake_.wait_until(lock, until, something);
    if (relaxed() && !queue_.empty()) {
        wake_.wait_for(lock, kGatherTime,
                       [this] { return closed_ || !jobs_.empty() || queue_.size() >= kGatherRecords; });
    }
    fill_batch();
    return !(closed_ && batch_.empty() && jobs_.empty());
}

void RecordQueue::fail_batch(const Error& error) {
    log::error("store.commit_failed", {{"rule", error.rule},
                                       {"where", error.where},
                                       {"detail", std::string_view(error.detail)},
                                       {"records", static_cast<std::int64_t>(batch_.size())}});
    for (Pending& item : batch_)
        item.status = std::unexpected(error);
}

void RecordQueue::answer_batch() {
    for (Pending& item : batch_) {
        ++(item.status ? appended_ : failed_);
        if (item.done) item.done(std::move(item.status));
    }
    const std::lock_guard lock(mutex_);
    batch_.clear();
}

void RecordQueue::run_jobs() {
    std::vector<std::move_only_function<void()>> jobs;
    {
        const std::lock_guard lock(mutex_);
        jobs.swap(jobs_);
    }
    for (auto& job : jobs)
        job();
}

}  // namespace lumoz::store
