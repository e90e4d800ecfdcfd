// SPDX-License-Identifier: Apache-2.0
#include "net/resolve.hpp"

#include "net/one_shot.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace lumoz::net {

namespace {

using Resolver =
    boost::asio::ip::basic_resolver<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// One look-up. Shared by the waiting task and the resolver's answer, which may come after the deadline.
struct LookUp final : Deadline {
    explicit LookUp(Loop& owner) : Deadline(owner), resolver(owner.context()), signal(owner) {}
    void expired() override {
        resolver.cancel();
        loop().post([this] {
            if (signal.waiting()) signal.fire();
        });
    }
    Resolver resolver;
    Signal signal;
    std::vector<Endpoint> found;
    bool done = false;
};

}  // namespace

Task<Result<std::vector<Endpoint>>> resolve(Loop& loop, std::string host, std::uint16_t port,
                                            TimePoint deadline) {
    boost::system::error_code error;
    (void)boost::asio::ip::make_address(host, error);
    if (!error) co_return std::vector<Endpoint>{Endpoint{host, port}};
    const auto look_up = std::make_shared<LookUp>(loop);
    look_up->set(deadline);
    look_up->resolver.async_resolve(
        host, std::to_string(port),
        [look_up](const boost::system::error_code& failed, const Resolver::results_type& results) {
            for (const auto& entry : results) {
                if (failed) break;
                look_up->found.push_back({entry.endpoint().address().to_string(), entry.endpoint().port()});
            }
            look_up->done = true;
            if (look_up->signal.waiting()) look_up->signal.fire();
        });
    co_await look_up->signal.wait();
    look_up->clear();
    if (!look_up->done) co_return fail(Errc::Timeout, "E_NET_TIMEOUT", "net.resolve");
    if (look_up->found.empty()) co_return fail(Errc::Unavailable, "E_NET_RESOLVE", "net.resolve");
    co_return look_up->found;
}

}  // namespace lumoz::net
