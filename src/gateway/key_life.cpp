// SPDX-License-Identifier: Apache-2.0
#include "gateway/key_life.hpp"

#include "identity/config_digest.hpp"

namespace lumoz::gateway {
namespace {

/// In the order of dependence; the epoch that requests hold is a part of it.
struct KeyLife {
    KeyLife(const LifeParts& parts, identity::ServiceKeys made, identity::ServiceFacts facts,
            std::shared_ptr<const Config> in_force)
        : config(std::move(in_force)),
          keys(std::move(made)),
          identity(identity::describe(keys, std::move(facts))),
          signer(receipt::SigningKeys{.v1_ecdsa = keys.v1_secp256k1,
                                      .v1_ed25519 = keys.v1_ed25519,
                                      .aci_receipt = keys.aci_receipt_ed25519},
                 std::string(identity::kReceiptKeyId), identity.keyset_digest),
          reports(identity, parts.tee, parts.attestor, parts.collateral, parts.clock),
          epoch{identity, signer, reports, config.get()} {}

    const std::shared_ptr<const Config> config;
    const identity::ServiceKeys keys;
    const identity::PublicIdentity identity;
    const receipt::Signer signer;
    identity::Reports reports;
    const KeyEpoch epoch;
};

}  // namespace

Result<std::shared_ptr<const KeyEpoch>> begin_life(const LifeParts& parts, LifeFacts facts) {
    LUMOZ_TRY(facts.identity.config_sha256, identity::config_sha256(effective_config_json(*facts.config)));
    LUMOZ_TRY(identity::ServiceKeys keys, identity::ServiceKeys::generate(parts.clock, std::move(facts.tls)));
    const auto life =
        std::make_shared<KeyLife>(parts, std::move(keys), std::move(facts.identity), std::move(facts.config));
    LUMOZ_TRY(std::string evidence, life->reports.birth_evidence());
    store::KeysetEvidence keyset{.keyset_digest = life->identity.keyset_digest,
                                 .made_at = life->identity.born_at,
                                 .not_after = life->identity.not_after,
                                 .signers = life->signer.addresses(),
                                 .evidence = std::move(evidence)};
    LUMOZ_CHECK_OK(parts.store.put_keyset(std::move(keyset)));
    return std::shared_ptr<const KeyEpoch>(life, &life->epoch);
}

}  // namespace lumoz::gateway
