// SPDX-License-Identifier: Apache-2.0
// The collateral bundle (specification tdx.md 4.1): the vendor's signed documents that a verification needs,
// as texts. Nothing in it is believed before its signature is checked.
#pragma once

#include "base/json.hpp"

namespace lumoz::evidence {

struct Collateral {
    std::string pck_crl_issuer_chain;  ///< not trusted for anything
    std::string root_ca_crl;
    std::string pck_crl;
    std::string tcb_info_issuer_chain;
    std::string tcb_info;  ///< exact signed text
    std::string tcb_info_signature;
    std::string qe_identity_issuer_chain;
    std::string qe_identity;  ///< exact signed text
    std::string qe_identity_signature;
    std::string pck_certificate_chain;  ///< for quotes that do not carry one; may be empty

    /// A JSON object of texts, at most 4 MiB. `E_COLLATERAL_PARSE` when unreadable, when a member is not a
    /// text, or when one is missing other than `pck_certificate_chain` and `pck_crl_issuer_chain`. Other
    /// members are ignored.
    static Result<Collateral> parse(std::string_view text);
    /// The same from a member of a larger document.
    static Result<Collateral> from(const json::Value& value);
    /// The bundle as JSON, members in the order above; empty optional ones are left out.
    [[nodiscard]] std::string to_json() const;
};

}  // namespace lumoz::evidence
