// SPDX-License-Identifier: Apache-2.0
#include "gateway/usage_page.hpp"

#include "base/json.hpp"

namespace lumoz::gateway {

std::string usage_json(const std::vector<store::UsageTotal>& totals) {
    json::Writer w;
    w.object();
    w.key("object").string("usage");
    w.key("data").array();
    for (const store::UsageTotal& total : totals) {
        w.object();
        w.key("model").string(total.model);
        w.key("requests").integer(static_cast<std::int64_t>(total.requests));
        w.key("input_tokens").integer(static_cast<std::int64_t>(total.usage.input_tokens));
        w.key("output_tokens").integer(static_cast<std::int64_t>(total.usage.output_tokens));
        w.end();
    }
    w.end();
    w.end();
    return std::move(w).text();
}

net::Task<void> answer_usage(Call& call) {
    // `signatures.open` opens receipts, not what somebody else used.
    if (!call.principal.allowed()) {
        ApiError error = api_error(Failure::Unauthorized);
        co_await respond_error(call, std::move(error));
        co_return;
    }
    const Result<std::vector<store::UsageTotal>> totals = call.service.store.usage(call.principal.name);
    if (!totals) {
        ApiError error = api_error(Failure::StoreUnhealthy);
        co_await respond_error(call, std::move(error));
        co_return;
    }
    co_await respond_json(call, 200, usage_json(*totals));
}

}  // namespace lumoz::gateway
