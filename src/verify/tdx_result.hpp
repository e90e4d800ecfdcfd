// SPDX-License-Identifier: Apache-2.0
// What a successful verification of a quote establishes (specification tdx.md 7).
#pragma once

#include "evidence/qe_identity.hpp"
#include "evidence/tcb_info.hpp"
#include "verify/verdict.hpp"

namespace lumoz::verify {

/// One component that keeps the platform below a higher level.
struct Shortfall {
    unsigned index = 0;    ///< 0 to 15; 16 for PCESVN
    std::string_view set;  ///< `sgx`, `tdx`, `pcesvn`, `module`, `qe`
    std::string category;
    std::string type;
    unsigned have = 0;
    unsigned need = 0;
    std::vector<std::string> advisories;  ///< that the next better level would remove
};

struct TdxResult {
    evidence::TcbStatus tcb_status = evidence::TcbStatus::Revoked;
    evidence::TcbStatus current_tcb_status = evidence::TcbStatus::Revoked;
    evidence::TcbStatus platform = evidence::TcbStatus::Revoked;
    std::optional<evidence::TcbStatus> module;
    evidence::TcbStatus qe = evidence::TcbStatus::Revoked;
    std::vector<std::string> advisories;  ///< sorted, unique
    std::vector<std::string> current_advisories;
    std::int64_t tcb_date = 0;
    std::int64_t current_tcb_date = 0;
    std::uint32_t tcb_eval = 0;
    std::int64_t collateral_expires = 0;
    evidence::PckExtension pck;
    std::vector<Shortfall> shortfall;  ///< empty when up to date
};

/// States every member of the result, by the names of the specification, in `verdict`.
void establish(Verdict& verdict, const TdxResult& result);
/// States version, kinds, lengths and every body field of the quote as member `quote`.
void establish(Verdict& verdict, const evidence::Quote& quote);
/// `{"version","att_key_type","tee_type","body_type",…,"body":{…}}`: header numbers, lengths, body fields
/// (hex; integers as numbers).
[[nodiscard]] std::string quote_json(const evidence::Quote& quote);

}  // namespace lumoz::verify
