// SPDX-License-Identifier: Apache-2.0
// QE identities: named errors only; levels that were read are in descending order.
#include "evidence/qe_identity.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    const auto identity = lumoz::evidence::QeIdentity::parse(lumoz::as_text({data, size}));
    if (!identity) {
        hold(identity.error().rule == "E_QEID_PARSE" || identity.error().rule == "E_TCB_UNRECOGNIZED");
        return 0;
    }
    hold(!identity->levels.empty());
    for (std::size_t i = 1; i < identity->levels.size(); ++i)
        hold(identity->levels[i - 1].isvsvn >= identity->levels[i].isvsvn);
    return 0;
}
