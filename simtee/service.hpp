// SPDX-License-Identifier: Apache-2.0
// The paths of the guest agent (specs/tdx.md 12.3) that the simulator serves: /GetQuote, /Info, /Version and
// /EmitEvent. There is no /GetKey: nobody should get keys from a simulation.
#pragma once

#include "simtee/http_request.hpp"
#include "simtee/machine.hpp"

#include <functional>

namespace lumoz::simtee {

struct ServiceAnswer {
    int status;
    std::string json;
};

/// Thread-safe.
class Service {
public:
    /// `changed` is called after each event that was added.
    Service(Machine& machine, std::function<void()> changed)
        : machine_(machine), changed_(std::move(changed)) {}
    [[nodiscard]] ServiceAnswer handle(const HttpRequest& request) const;

private:
    [[nodiscard]] ServiceAnswer quote(const HttpRequest& request) const;
    [[nodiscard]] ServiceAnswer emit(const HttpRequest& request) const;

    Machine& machine_;
    std::function<void()> changed_;
};

}  // namespace lumoz::simtee
