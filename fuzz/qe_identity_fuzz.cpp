// SPDX-License-Identifier: Apache-2.0
// QE identity: what is accepted has levels, highest first, in date order of form; what is refused has a named
// error.
#include "evidence/qe_identity.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using lumoz::fuzz::hold;
    namespace evidence = lumoz::evidence;
    const auto identity = evidence::QeIdentity::parse(lumoz::as_text({data, size}));
    if (!identity) {
        hold(identity.error().rule == "E_QEID_PARSE" || identity.error().rule == "E_TCB_UNRECOGNIZED");
        return 0;
    }
    hold(!identity->levels.empty());
    for (std::size_t i = 1; i < identity->levels.size(); ++i)
        hold(identity->levels[i - 1].isvsvn >= identity->levels[i].isvsvn);
    for (const evidence::IsvLevel& level : identity->levels)
        hold(level.status == evidence::TcbStatus::UpToDate ||
             level.status == evidence::TcbStatus::OutOfDate || level.status == evidence::TcbStatus::Revoked);
    return 0;
}
