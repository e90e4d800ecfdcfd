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

net::Headers forwarded_headers(const net::Headers& from) {
    net::Headers out;
    for (std::size_t i = 0; i < from.size(); ++i) {
        if (forwardable(from[i].name)) out.add(from[i].name, from[i].value);
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
