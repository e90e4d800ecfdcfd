// SPDX-License-Identifier: Apache-2.0
// Revocation lists of Intel's CAs (specification tdx.md 5, CR): decoded once from PEM, hex or DER, read
// strictly.
#pragma once

#include "crypto/der.hpp"
#include "crypto/p256.hpp"
#include "evidence/tdx_quote.hpp"

namespace lumoz::evidence {

/// Text of a collateral member to DER: PEM (`X509 CRL`) or hex of DER, either case. `E_CRL_PARSE` for
/// anything else.
Result<Bytes> decode_crl(std::string_view text);

/// A v2 CRL; owns its DER.
class Crl {
public:
    /// `E_CRL_PARSE`. A missing CRL number, key id or nextUpdate is not an error here: the check has its
    /// order.
    static Result<Crl> parse(ByteView der);

    [[nodiscard]] ByteView der() const { return der_; }
    [[nodiscard]] ByteView tbs() const { return tbs_.in(der_); }
    /// SHA-256 of the signed part.
    [[nodiscard]] const Digest256& digest() const { return digest_; }
    [[nodiscard]] ByteView issuer() const { return issuer_.in(der_); }
    /// Empty when absent.
    [[nodiscard]] ByteView authority_key_id() const { return authority_key_id_.in(der_); }
    [[nodiscard]] bool has_number() const { return has_number_; }
    [[nodiscard]] std::size_t revoked_count() const { return revoked_.size(); }
    /// Compares serial numbers as whole integers (DER content bytes).
    [[nodiscard]] bool lists(ByteView serial) const;

    crypto::P256Signature signature;
    std::int64_t this_update = 0;
    std::optional<std::int64_t> next_update;

private:
    Crl() = default;
    friend class CrlReader;
    Bytes der_;
    Digest256 digest_;
    Span tbs_, issuer_, authority_key_id_;
    std::vector<Span> revoked_;  ///< serial contents, sorted
    bool has_number_ = false;
};

}  // namespace lumoz::evidence
