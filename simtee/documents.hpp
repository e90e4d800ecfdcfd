// SPDX-License-Identifier: Apache-2.0
// The texts that the simulated vendor signs: TCB info v3 for TDX and QE identity v2 for the TD QE
// (specs/tdx.md 4.4 and 4.5), and the SGX extension of a PCK certificate (3).
#pragma once

#include "base/time.hpp"
#include "evidence/pck.hpp"

namespace lumoz::simtee {

/// One up-to-date level that is exactly `platform` with tee_tcb_svn(), and an older one below it.
[[nodiscard]] std::string tcb_info_text(const evidence::PckExtension& platform, UnixTime issued,
                                        UnixTime next_update);
/// One up-to-date level that is qe_facts(), and an older one below it.
[[nodiscard]] std::string qe_identity_text(UnixTime issued, UnixTime next_update);
/// The whole X.509 extension.
[[nodiscard]] Bytes sgx_extension(const evidence::PckExtension& platform);

}  // namespace lumoz::simtee
