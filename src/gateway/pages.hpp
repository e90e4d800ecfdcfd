// SPDX-License-Identifier: Apache-2.0
// The routes that the service answers itself: state, models, receipts, signatures, evidence.
#pragma once

#include "gateway/call.hpp"

namespace lumoz::gateway {

/// Answers the call. Requires: the route is not an inference page.
net::Task<void> answer_page(Call& call);

/// One part of readiness.
struct ReadyCheck {
    std::string_view name;  ///< static text
    bool ok = false;
    std::string reason;        ///< our own text, names of models, or the rule of an error; empty when ok
    std::string warning = {};  ///< what will be missing before long; readiness does not depend on it
};
/// engine, keys, store, collateral, keyset, tls, service.
[[nodiscard]] std::vector<ReadyCheck> ready_checks(Service& service);
[[nodiscard]] std::string ready_json(const std::vector<ReadyCheck>& checks, bool authentication);
/// The whole page of `/metrics`.
[[nodiscard]] std::string metrics_page(Service& service);

}  // namespace lumoz::gateway
