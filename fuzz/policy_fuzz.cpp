// SPDX-License-Identifier: Apache-2.0
// Policy files: a policy or E_POLICY.
#include "fuzz.hpp"
#include "verify/policy.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    const auto policy = lumoz::verify::Policy::parse(lumoz::as_text({data, size}));
    hold(policy.has_value() || policy.error().rule == "E_POLICY");
    return 0;
}
