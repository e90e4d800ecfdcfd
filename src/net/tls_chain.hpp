// SPDX-License-Identifier: Apache-2.0
// A certificate chain that somebody brings for a key of ours: looked at before a client sees it. Whether
// clients trust its issuer is for them to say.
#pragma once

#include "base/bytes.hpp"
#include "base/time.hpp"

#include <span>
#include <string>
#include <vector>

namespace lumoz::net {

struct CertificateChain {
    Digest256 spki_sha256;    ///< of the leaf's key
    UnixTime not_before = 0;  ///< latest of all certificates
    UnixTime not_after = 0;   ///< earliest of all certificates
};

inline constexpr std::size_t kMostChainBytes = std::size_t{64} << 10;
inline constexpr std::size_t kMostChainCertificates = 8;

/// PEM text: nothing but certificates, leaf first, each signed by the next, the root there or not. The leaf
/// is for one of `keys` (SHA-256 of SubjectPublicKeyInfo), for servers, and covers every one of `names`; all
/// are valid at `now`. `E_TLS_CHAIN`; `where` says which of it is not so.
Result<CertificateChain> check_chain(std::string_view pem, std::span<const Digest256> keys,
                                     const std::vector<std::string>& names, UnixTime now);

}  // namespace lumoz::net
