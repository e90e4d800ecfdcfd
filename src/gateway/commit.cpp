// SPDX-License-Identifier: Apache-2.0
#include "gateway/commit.hpp"

#include <atomic>
#include <memory>

namespace lumoz::gateway {
namespace {

/// Shared by the waiting task and the store's callback: either can be the last.
struct Wait {
    explicit Wait(net::Loop& loop) : answer(loop) {}
    void settle(Status status) {
        if (!settled.exchange(true)) answer.set(std::move(status));
    }
    net::OneShot<Status> answer;
    std::atomic<bool> settled = false;
};

class WaitLimit final : public net::Deadline {
public:
    WaitLimit(net::Loop& loop, std::shared_ptr<Wait> wait) : Deadline(loop), wait_(std::move(wait)) {}

private:
    void expired() override {
        wait_->settle(fail(Errc::Timeout, "E_STORE_TIMEOUT", "gateway.commit", "the store does not answer"));
    }
    std::shared_ptr<Wait> wait_;
};

}  // namespace

net::Task<Status> commit(net::Loop& loop, store::ReceiptStore& store, store::Record record,
                         net::Duration limit) {
    const auto wait = std::make_shared<Wait>(loop);
    WaitLimit deadline(loop, wait);
    deadline.set(loop.now() + limit);
    store::ReceiptStore::Done done = [wait](Status status) { wait->settle(std::move(status)); };
    store.append(std::move(record), std::move(done));
    co_return co_await wait->answer.wait();
}

}  // namespace lumoz::gateway
