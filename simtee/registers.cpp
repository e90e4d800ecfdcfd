// SPDX-License-Identifier: Apache-2.0
#include "simtee/registers.hpp"

#include "crypto/sha2.hpp"

namespace lumoz::simtee {

void Registers::boot(unsigned imr, std::uint32_t type, std::string_view payload) {
    extend({.imr = imr,
            .type = type,
            .digest = crypto::sha384(as_bytes(payload)),
            .name = {},
            .payload = to_bytes(as_bytes(payload))});
}

Status Registers::emit(std::string_view name, ByteView payload) {
    if (name.empty() || name.size() > kMaxEventName) {
        return fail(Errc::Usage, "E_EVENT", "simtee.event", "event name of 1 to 128 bytes wanted");
    }
    if (payload.size() > kMaxEventPayload) {
        return fail(Errc::Limit, "E_EVENT", "simtee.event", "payload over 4096 bytes");
    }
    if (events_.size() >= kMaxEvents) return fail(Errc::Limit, "E_EVENT", "simtee.event", "log is full");
    extend({.imr = 3,
            .type = evidence::kRuntimeEvent,
            .digest = evidence::runtime_event_digest(name, payload),
            .name = std::string(name),
            .payload = to_bytes(payload)});
    return {};
}

void Registers::extend(evidence::Event event) {
    rtmr_[event.imr] = evidence::extend(rtmr_[event.imr], event.digest);
    events_.push_back(std::move(event));
}

}  // namespace lumoz::simtee
