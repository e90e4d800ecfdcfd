// SPDX-License-Identifier: Apache-2.0
// The part of a connection that becomes a tunnel.
#include "net/client.hpp"
#include "net/connection.hpp"

namespace lumoz::net {

Task<Result<TunnelResult>> Connection::tunnel(const Headers& headers, ClientExchange& other,
                                              TunnelLimits limits) {
    Stream* const far = other.upgraded();
    // What is left of a body would pass for the client's first bytes.
    if (answer_ != Answer::None || far == nullptr || !body_done_)
        co_return fail(Errc::Usage, "E_HTTP_ANSWER", "net.server.tunnel");
    std::string& out = buffers_->out;
    out.assign("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n");
    for (std::size_t i = 0; i < headers.size(); ++i) {
        const HeaderView field = headers[i];
        if (!is_sendable(field)) co_return fail(Errc::Usage, "E_HTTP_HEADER", "net.server.tunnel");
        out.append(field.name).append(": ").append(field.value).append("\r\n");
    }
    out.append("\r\n");
    answer_ = Answer::HeadSent;
    keep_ = false;
    gone_fn_ = nullptr;
    stream_.watch({});
    const std::array<ByteView, 1> parts = {as_bytes(out)};
    LUMOZ_CO_CHECK_OK(co_await send(parts));
    const ByteView sent_ahead = unread();
    begin_ = end_;
    const TunnelResult result =
        co_await run_tunnel(loop(), stream_, sent_ahead, *far, other.upgraded_pending(), limits);
    // Whatever follows is no HTTP: the connection ends here.
    answer_ = result.end == TunnelEnd::Closed ? Answer::Finished : Answer::Aborted;
    co_return result;
}

}  // namespace lumoz::net
