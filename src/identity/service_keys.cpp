// SPDX-License-Identifier: Apache-2.0
#include "identity/service_keys.hpp"

namespace lumoz::identity {
namespace {

constexpr std::string_view kProbe = "lumoz key self-test";

std::unexpected<Error> broken(std::string_view which) {
    return fail(Errc::Internal, "E_KEY_SELF_TEST", "identity.keys.self_test", std::string(which));
}

bool works(const crypto::Ed25519Key& key) {
    return crypto::ed25519_verify(key.public_key(), as_bytes(kProbe), key.sign(as_bytes(kProbe)));
}

}  // namespace

Result<ServiceKeys> ServiceKeys::generate(const Clock& clock, std::shared_ptr<const crypto::P256Key> tls) {
    if (!tls) tls = std::make_shared<const crypto::P256Key>(crypto::P256Key::generate());
    ServiceKeys keys{crypto::Secp256k1Key::generate(),
                     crypto::Ed25519Key::generate(),
                     crypto::Ed25519Key::generate(),
                     crypto::Ed25519Key::generate(),
                     crypto::X25519Key::generate(),
                     crypto::X25519Key::generate(),
                     std::move(tls),
                     clock.now()};
    LUMOZ_CHECK_OK(keys.self_test());
    return keys;
}

Status ServiceKeys::self_test() const {
    const auto signer = crypto::recover(crypto::eip191_digest(kProbe), v1_secp256k1.sign_personal(kProbe));
    if (!signer || *signer != v1_secp256k1.public_key()) return broken("v1-secp256k1");
    if (!works(v1_ed25519)) return broken("v1-ed25519");
    if (!works(aci_receipt_ed25519)) return broken("aci-receipt-ed25519");
    if (!works(log_ed25519)) return broken("log-ed25519");
    if (!crypto::p256_verify(tls_p256->public_key(), as_bytes(kProbe), tls_p256->sign(as_bytes(kProbe)))) {
        return broken("tls-p256");
    }
    return {};
}

}  // namespace lumoz::identity
