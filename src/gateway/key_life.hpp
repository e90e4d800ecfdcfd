// SPDX-License-Identifier: Apache-2.0
// One life of keys as a whole: keys, what is public about them, signer, reports and the configuration that
// its evidence covers. It ends, and its secrets are wiped, with the last request that holds it.
#pragma once

#include "gateway/config.hpp"
#include "gateway/key_epoch.hpp"
#include "identity/service_keys.hpp"
#include "store/store.hpp"

namespace lumoz::gateway {

/// What every life needs and no life owns: all of it must outlive them.
struct LifeParts {
    identity::TeeFacts tee;
    identity::Attestor& attestor;
    identity::CollateralSource& collateral;
    store::ReceiptStore& store;
    const Clock& clock;
};

/// What a new life is to say about the service.
struct LifeFacts {
    std::shared_ptr<const Config> config;  ///< in force for the requests of this life; never null
    identity::ServiceFacts identity;       ///< `config_sha256` is filled in here
    std::shared_ptr<const crypto::P256Key> tls = nullptr;  ///< null: a new TLS key
};

/// New keys whose evidence of birth is stored: fit to sign. Waits for a quote and for the store, so not on an
/// I/O thread. Errors of `ServiceKeys::generate`, `identity::config_sha256`, `Reports::birth_evidence` and
/// `ReceiptStore::put_keyset`.
Result<std::shared_ptr<const KeyEpoch>> begin_life(const LifeParts& parts, LifeFacts facts);

}  // namespace lumoz::gateway
