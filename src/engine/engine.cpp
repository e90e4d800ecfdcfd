// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.hpp"

#include <algorithm>
#include <array>

namespace lumoz::engine {

bool forwardable(std::string_view header_name) {
    static constexpr std::array<std::string_view, 4> kAllowed = {"accept", "content-type", "traceparent",
                                                                 "tracestate"};
    return std::ranges::any_of(kAllowed,
                               [&](std::string_view allowed) { return net::iequals(allowed, header_name); });
}

namespace {

bool of_handshake(std::string_view header_name) {
    static constexpr std::array<std::string_view, 4> kNames = {
        "sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol", "sec-websocket-extensions"};
    return std::ranges::any_of(kNames,
                               [&](std::string_view name) { return net::iequals(name, header_name); });
}

}  // namespace

net::Headers forwarded_headers(const net::Headers& from, bool upgrade) {
    net::Headers out;
    for (std::size_t i = 0; i < from.size(); ++i) {
        const net::HeaderView field = from[i];
        if (forwardable(field.name) || (upgrade && of_handshake(field.name)))
            out.add(field.name, field.value);
    }
    // The answer's bytes are hashed as they are: no coding that the client did not ask us for.
    out.add("Accept-Encoding", "identity");
    return out;
}

net::Client& ClientPerLoop::of(net::Loop& loop) {
    const std::scoped_lock lock(mutex_);
    for (const auto& [known, client] : clients_) {
        if (known == &loop) return *client;
    }
    clients_.emplace_back(&loop, std::make_unique<net::Client>(loop, url_, options_));
    return *clients_.back().second;
}

void ClientPerLoop::end_on_loops() {
    const std::scoped_lock lock(mutex_);
    for (auto& [loop, client] : clients_)
        loop->post([ended = std::move(client)]() mutable { ended.reset(); });
    clients_.clear();
}

}  // namespace lumoz::engine
