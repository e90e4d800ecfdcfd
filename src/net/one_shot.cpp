// SPDX-License-Identifier: Apache-2.0
#include "net/one_shot.hpp"

#include <boost/asio/use_awaitable.hpp>

namespace lumoz::net {
namespace asio = boost::asio;

Task<void> Signal::wait() {
    if (fired_) {
        fired_ = false;
        co_return;
    }
    using Token = asio::use_awaitable_t<asio::io_context::executor_type>;
    auto keep = [this](auto handler) {
        resume_ = std::move(handler);
        attach(loop_);
    };
    co_await asio::async_initiate<const Token, void()>(keep, Token());
}

void Signal::fire() {
    if (!resume_) {
        fired_ = true;
        return;
    }
    detach();
    std::move_only_function<void()> resume = std::move(resume_);
    resume_ = nullptr;
    resume();
}

}  // namespace lumoz::net
