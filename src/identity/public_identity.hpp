// SPDX-License-Identifier: Apache-2.0
// Everything public about one life of keys: its keys' public halves, the keyset document and its
// digest, the models, the configuration digest. Made once for each life; evidence binds it.
#pragma once

#include "evidence/keyset.hpp"
#include "evidence/statement.hpp"
#include "identity/service_keys.hpp"

namespace lumoz::identity {

/// Members of `source_provenance` (specs/api.md 8.2); each may be absent.
struct SourceProvenance {
    std::optional<std::string> repo_url;
    std::optional<std::string> repo_commit;
    std::optional<std::string> image_digest;
    std::optional<std::string> image_provenance;
};

/// What the caller knows beside the keys.
struct ServiceFacts {
    std::vector<evidence::ModelIdentity> models;
    Digest256 config_sha256;              ///< config_digest.hpp
    std::optional<Digest256> gpu_digest;  ///< absent: no GPU evidence
    std::optional<std::string> subject;   ///< of the keyset
    bool tls = false;                     ///< a TLS listener serves with the tls_p256 key
    std::optional<std::string> tls_domain;
    std::string tls_certificate_pem;  ///< chain, leaf first; empty without TLS
    SourceProvenance provenance;
    UnixTime lifetime = kKeysetLifetime;  ///< seconds from birth to `not_after`
};

struct PublicIdentity {
    crypto::Secp256k1Public v1_secp256k1;
    EthAddress v1_address;
    crypto::Ed25519Public v1_ed25519;
    std::optional<Digest256> tls_spki;  ///< absent without a TLS listener (decision 7)
    evidence::Keyset keyset;
    std::string keyset_json;    ///< canonical
    std::string keyset_digest;  ///< `sha256:` + 64 hex
    UnixTime born_at = 0;
    UnixTime not_after = 0;
    ServiceFacts facts;
};

[[nodiscard]] PublicIdentity describe(const ServiceKeys& keys, ServiceFacts facts);
/// SHA-256 of the SubjectPublicKeyInfo DER of the TLS key.
[[nodiscard]] Digest256 tls_spki_sha256(const ServiceKeys& keys);

}  // namespace lumoz::identity
