// SPDX-License-Identifier: Apache-2.0
// QE identity (specification tdx.md 4.5, 4.6): which quoting enclave Intel vouches for, and how old it may
// be.
#pragma once

#include "evidence/tcb_info.hpp"

namespace lumoz::evidence {

enum class EnclaveId : std::uint8_t { Qe, TdQe, QvE };

struct QeIdentity {
    EnclaveId id = EnclaveId::Qe;
    std::int64_t issue_date = 0;
    std::int64_t next_update = 0;
    std::uint32_t evaluation_number = 0;
    std::array<std::uint8_t, 4> misc_select{};  ///< memory order
    std::array<std::uint8_t, 4> misc_select_mask{};
    std::array<std::uint8_t, 16> attributes{};
    std::array<std::uint8_t, 16> attributes_mask{};
    Digest256 mr_signer;
    std::uint16_t isv_prod_id = 0;
    std::vector<IsvLevel> levels;  ///< highest isvsvn first

    /// `E_QEID_PARSE`, or `E_TCB_UNRECOGNIZED` for an unknown status word.
    static Result<QeIdentity> parse(std::string_view text);
};

}  // namespace lumoz::evidence
