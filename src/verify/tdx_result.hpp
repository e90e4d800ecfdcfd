// SPDX-License-Identifier: Apache-2.0
// What a successful verification of a quote establishes (specification tdx.md 7).
#pragma once

#include "evidence/qe_identity.hpp"
#include "evidence/tcb_info.hpp"
#include "verify/verdict.hpp"

namespace lumoz::verify {

/// One component that keeps a part below the nearest better level.
struct Shortfall {
    unsigned index = 0;    ///< 0 to 15; 16 for PCESVN
    std::string_view set;  ///< `sgx`, `tdx`, `pcesvn`, `module`, `qe`
    std::string category;
    std::string type;
    unsigned have = 0;
    unsigned need = 0;
    std::vector<std::string> advisories;  ///< that the nearest better level of this part would remove
};

/// A part of the platform that is below UpToDate, and the nearest better level of the vendor's documents.
struct Remedy {
    std::string_view part;  ///< `platform`, `module`, `qe`
    evidence::TcbStatus status = evidence::TcbStatus::Revoked;
    std::vector<std::string> advisories;  ///< of the level that was reached
    /// Nothing when no better level is listed: then no patch level helps, configuration or software does.
    std::optional<evidence::TcbStatus> next;
    std::int64_t next_date = 0;
    std::vector<Shortfall> shortfall;  ///< never empty when there is `next`
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
    std::vector<Remedy> remedies;          ///< at launch, per part; empty when all are up to date
    std::vector<Remedy> current_remedies;  ///< now; the same where a body has no current part

    /// Components of all remedies at launch.
    [[nodiscard]] std::vector<Shortfall> shortfall() const;
    [[nodiscard]] std::vector<Shortfall> current_shortfall() const;
};

/// In words what the platform lacks: one sentence per line, members of a list indented by two blanks.
[[nodiscard]] std::vector<std::string> explain(const TdxResult& result);

/// States every member of the result, by the names of the specification, in `verdict`.
void establish(Verdict& verdict, const TdxResult& result);
/// States version, kinds, lengths and every body field of the quote as member `quote`, and the names of the
/// set TD attributes as `td_attributes`.
void establish(Verdict& verdict, const evidence::Quote& quote);
/// `{"version","att_key_type","tee_type","body_type",…,"body":{…}}`: header numbers, lengths, body fields
/// (hex; integers as numbers).
[[nodiscard]] std::string quote_json(const evidence::Quote& quote);

}  // namespace lumoz::verify
