// SPDX-License-Identifier: Apache-2.0
// Checks of certificate chains and revocation lists (specification tdx.md 5, CC and CR), each in two halves:
// what does not depend on time, and the dates. Internal to verify/ and collateral/.
#pragma once

#include "base/time.hpp"
#include "evidence/crl.hpp"
#include "evidence/pck.hpp"
#include "verify/roots.hpp"

#include <memory>

namespace lumoz::verify {

using CertPtr = std::shared_ptr<const evidence::Certificate>;

/// Certificates that were parsed and signatures that held, so that equal bytes are worked on once. A memo may
/// stand on a read-only one.
class Memo {
public:
    explicit Memo(const Memo* below = nullptr) : below_(below) {}
    /// ECDSA P-256; `digest` is SHA-256 of the message.
    bool verify(const crypto::P256Public& key, const Digest256& digest,
                const crypto::P256Signature& signature);
    Result<CertPtr> certificate(ByteView der);

private:
    struct Known {
        crypto::P256Public key;
        Digest256 digest;
        crypto::P256Signature signature;
    };
    [[nodiscard]] bool knows(const crypto::P256Public& key, const Digest256& digest,
                             const crypto::P256Signature& signature) const;
    [[nodiscard]] CertPtr find(ByteView der) const;
    const Memo* below_;
    std::vector<Known> signatures_;
    std::vector<CertPtr> certificates_;
};

/// What a chain must be.
struct ChainProfile {
    std::size_t count;
    std::string_view leaf;
    std::span<const std::string_view> intermediates;  ///< allowed names of the middle one
};
extern const ChainProfile kPckChain;
extern const ChainProfile kTcbSigningChain;

/// Leaf first, root last.
using Chain = std::vector<CertPtr>;

/// CC without the dates. `E_CHAIN_LENGTH`, `E_CERT_PARSE`, `E_CERT_EXTENSION`, `E_CHAIN_ORDER`,
/// `E_CHAIN_ROOT_UNTRUSTED`, `E_CHAIN_NAME`, `E_CHAIN_SIGNATURE`.
Result<Chain> check_chain(std::span<const Bytes> certificates, const ChainProfile& profile,
                          const RootPins& roots, Memo& memo);
/// The dates of CC, leaf first. `E_CERT_NOT_YET_VALID`, `E_CERT_EXPIRED`.
Status check_chain_dates(const Chain& chain, UnixTime now);

/// CR without the dates. `E_CRL_ISSUER`, `E_CRL_PARSE`, `E_CRL_SIGNATURE`.
Status check_crl(const evidence::Crl& crl, const evidence::Certificate& issuer, Memo& memo);
/// `E_CRL_NOT_YET_VALID`, `E_CRL_EXPIRED`.
Status check_crl_dates(const evidence::Crl& crl, UnixTime now);
/// `E_CERT_REVOKED` when the list has the certificate's serial, whatever the entry's date.
Status check_not_revoked(const evidence::Crl& crl, const evidence::Certificate& certificate,
                         std::string_view where);

}  // namespace lumoz::verify
