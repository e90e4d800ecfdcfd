// SPDX-License-Identifier: Apache-2.0
// TCB info and collateral bundles: what is accepted is sorted, without twins, not empty, and in range; what
// is refused has a named error.
#include "evidence/collateral.hpp"
#include "evidence/tcb_info.hpp"
#include "fuzz.hpp"

#include <tuple>

namespace {

namespace evidence = lumoz::evidence;
using lumoz::fuzz::hold;

auto rank(const evidence::TcbLevel& level) {
    std::array<std::uint8_t, 16> sgx{}, tdx{};
    for (std::size_t i = 0; i < 16; ++i) {
        sgx[i] = level.sgx[i].svn;
        tdx[i] = level.tdx[i].svn;
    }
    return std::tuple(sgx, level.pcesvn, tdx);
}

void check(const evidence::TcbInfo& info) {
    hold(!info.levels.empty());
    for (std::size_t i = 1; i < info.levels.size(); ++i)
        hold(rank(info.levels[i - 1]) > rank(info.levels[i]));
    for (const evidence::TcbLevel& level : info.levels) {
        hold(level.status <= evidence::TcbStatus::Revoked);
        for (const evidence::TcbComponent& component : level.sgx)
            hold(component.label < info.labels.size());
        for (const evidence::TcbComponent& component : level.tdx)
            hold(component.label < info.labels.size());
    }
    hold(info.tdx == info.module.has_value());
    for (const evidence::TdxModuleIdentity& identity : info.module_identities)
        hold(!identity.levels.empty());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = lumoz::as_text({data, size});
    if (const auto info = evidence::TcbInfo::parse(text)) {
        check(*info);
    } else {
        hold(info.error().rule == "E_TCBINFO_PARSE" || info.error().rule == "E_TCB_UNRECOGNIZED");
    }
    if (const auto bundle = evidence::Collateral::parse(text))
        hold(evidence::Collateral::parse(bundle->to_json()).has_value());
    return 0;
}
