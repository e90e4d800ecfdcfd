// SPDX-License-Identifier: Apache-2.0
// `GET /v1/realtime`: a WebSocket between client and engine. After the engine has agreed (101), bytes pass
// both ways unseen until one side ends or a limit passes; nothing is signed, logged or kept. Any other status
// of the engine becomes our error.
#pragma once

#include "gateway/call.hpp"
#include "gateway/running.hpp"

namespace lumoz::gateway {

class Realtime final : public Running {
public:
    explicit Realtime(Call& call) : call_(call) {}
    Realtime(const Realtime&) = delete;
    Realtime& operator=(const Realtime&) = delete;

    /// Answers the call. Requires: the route is `Page::Realtime` and the principal is allowed.
    net::Task<void> run();
    void cut(receipt::CutBy by) override;

private:
    net::Task<std::expected<void, ApiError>> connect();
    net::Task<std::expected<void, ApiError>> read_refusal();
    net::Task<void> pass();

    Call& call_;
    ModelLease lease_;
    net::CancelToken token_;
    std::unique_ptr<net::ClientExchange> engine_;
    std::optional<receipt::CutBy> cut_;
};

/// The handshake's headers for the engine, or 400 for a request that is no WebSocket handshake. A protocol
/// that carries a key (`openai-insecure-api-key.…`) stays here.
[[nodiscard]] std::expected<net::Headers, ApiError> websocket_headers(const net::RequestHead& head);

}  // namespace lumoz::gateway
