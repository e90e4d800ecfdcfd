// SPDX-License-Identifier: Apache-2.0
// Task<T>: the coroutine type of the I/O threads. An exception that leaves a spawned task ends the process.
// Rules for coroutines (style.md 2.8): parameters by value, no capturing lambda as a coroutine, name objects
// in a statement before the co_await.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace lumoz::net {

/// Runs on the Loop that it was spawned on, and only there.
template <class T>
using Task = boost::asio::awaitable<T, boost::asio::io_context::executor_type>;

}  // namespace lumoz::net
