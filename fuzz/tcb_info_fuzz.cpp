// SPDX-License-Identifier: Apache-2.0
// TCB info and collateral bundles: what is accepted is sorted, not empty, and in range.
#include "evidence/collateral.hpp"
#include "evidence/tcb_info.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    namespace evidence = lumoz::evidence;
    const std::string_view text = lumoz::as_text({data, size});
    if (const auto info = evidence::TcbInfo::parse(text)) {
        hold(!info->levels.empty());
        hold(info->tdx == info->module.has_value());
        for (const evidence::TdxModuleIdentity& identity : info->module_identities)
            hold(!identity.levels.empty());
    } else {
        hold(info.error().rule == "E_TCBINFO_PARSE" || info.error().rule == "E_TCB_UNRECOGNIZED");
    }
    if (const auto bundle = evidence::Collateral::parse(text))
        hold(evidence::Collateral::parse(bundle->to_json()).has_value());
    return 0;
}
