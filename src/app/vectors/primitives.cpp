// SPDX-License-Identifier: Apache-2.0
// RFC 8785 canonical form, and signing keys with everything derived from them.
#include "app/vectors/check.hpp"
#include "app/vectors/hpke_key.hpp"
#include "app/vectors/suites.hpp"
#include "base/hex.hpp"
#include "crypto/secp256k1.hpp"
#include "crypto/sha2.hpp"
#include "crypto/x25519.hpp"

namespace lumoz::app::vectors {
namespace {

template <class SecretType>
Result<SecretType> secret_from(Bytes raw) {
    if (raw.size() != 32) return fail(Errc::Malformed, "E_VECTOR", "vectors.key", "want 32 bytes");
    return SecretType(std::span<std::uint8_t, 32>(raw.data(), 32));
}

Status run_jcs(const Case& c) {
    LUMOZ_TRY(const std::string input, text(c.value, "input"));
    LUMOZ_TRY(const std::string want, text(c.value, "canonical"));
    LUMOZ_TRY(const std::string digest, text(c.value, "sha256"));
    const Result<std::string> have = json::canonical(input);
    if (!have) return unexpected_error(have.error());
    LUMOZ_CHECK_OK(same("canonical", want, *have));
    return same("sha256", digest, to_hex(crypto::sha256(as_bytes(*have)).view()));
}

Status check_secp256k1(const json::Value& value) {
    LUMOZ_TRY(Bytes raw, hex(value, "private_key"));
    LUMOZ_TRY(crypto::Secp256k1Seed seed, secret_from<crypto::Secp256k1Seed>(std::move(raw)));
    LUMOZ_TRY(const crypto::Secp256k1Key key, crypto::Secp256k1Key::from(std::move(seed)));
    const std::string xy = to_hex(key.public_key().view());
    LUMOZ_TRY(const std::string want_64, text(value, "public_key_64"));
    LUMOZ_CHECK_OK(same("public_key_64", want_64, xy));
    LUMOZ_TRY(const std::string want_65, text(value, "public_key_65"));
    LUMOZ_CHECK_OK(same("public_key_65", want_65, "04" + xy));
    const bool odd = (key.public_key().bytes[63] & 1) != 0;
    LUMOZ_TRY(const std::string want_33, text(value, "public_key_33"));
    LUMOZ_CHECK_OK(same("public_key_33", want_33, (odd ? "03" : "02") + xy.substr(0, 64)));
    LUMOZ_TRY(const std::string want_address, text(value, "address"));
    LUMOZ_CHECK_OK(same("address", want_address, crypto::to_lower_address(key.address())));
    LUMOZ_TRY(const std::string want_eip55, text(value, "address_eip55"));
    return same("address_eip55", want_eip55, crypto::to_eip55(key.address()));
}

Status check_ed25519(const json::Value& value) {
    LUMOZ_TRY(Bytes raw, hex(value, "seed"));
    LUMOZ_TRY(crypto::Ed25519Seed seed, secret_from<crypto::Ed25519Seed>(std::move(raw)));
    LUMOZ_TRY(const std::string want_private, text(value, "x25519_private"));
    crypto::X25519Secret x_secret = crypto::ed25519_seed_to_x25519(seed);
    LUMOZ_CHECK_OK(same("x25519_private", want_private, to_hex(x_secret.expose())));
    LUMOZ_TRY(const std::string want_x_public, text(value, "x25519_public"));
    const crypto::X25519Key x_key = crypto::X25519Key::from(std::move(x_secret));
    LUMOZ_CHECK_OK(same("x25519_public", want_x_public, to_hex(x_key.public_key().view())));
    const crypto::Ed25519Key key = crypto::Ed25519Key::from(std::move(seed));
    LUMOZ_TRY(const std::string want_public, text(value, "public_key"));
    LUMOZ_CHECK_OK(same("public_key", want_public, to_hex(key.public_key().view())));
    const Result<crypto::X25519Public> converted = crypto::ed25519_to_x25519(key.public_key());
    if (!converted) return unexpected_error(converted.error());
    return same("x25519_public from the public key", want_x_public, to_hex(converted->view()));
}

Status check_ohttp(const json::Value& value, const json::Value& ed25519) {
    LUMOZ_TRY(Bytes raw, hex(ed25519, "seed"));
    crypto::X25519Secret secret = hpke_derive_key(raw);
    LUMOZ_TRY(const std::string want_private, text(value, "hpke_private"));
    LUMOZ_CHECK_OK(same("hpke_private", want_private, to_hex(secret.expose())));
    const crypto::X25519Key hpke = crypto::X25519Key::from(std::move(secret));
    LUMOZ_TRY(const std::string want_public, text(value, "hpke_public"));
    LUMOZ_CHECK_OK(same("hpke_public", want_public, to_hex(hpke.public_key().view())));
    const Bytes config = ohttp_key_config(hpke.public_key());
    LUMOZ_TRY(const std::string want_config, text(value, "key_config"));
    LUMOZ_CHECK_OK(same("key_config", want_config, to_hex(config)));
    LUMOZ_TRY(crypto::Ed25519Seed seed, secret_from<crypto::Ed25519Seed>(std::move(raw)));
    const crypto::Ed25519Key signer = crypto::Ed25519Key::from(std::move(seed));
    LUMOZ_TRY(const std::string want_signature, text(value, "key_config_signature_ed25519"));
    return same("key_config_signature_ed25519", want_signature, to_hex(signer.sign(config).view()));
}

Status run_keys(const Case& c) {
    LUMOZ_TRY(const json::Value ecdsa, member(c.value, "ecdsa"));
    LUMOZ_CHECK_OK(check_secp256k1(ecdsa));
    LUMOZ_TRY(const json::Value ed25519, member(c.value, "ed25519"));
    LUMOZ_CHECK_OK(check_ed25519(ed25519));
    LUMOZ_TRY(const json::Value ohttp, member(c.value, "ohttp"));
    return check_ohttp(ohttp, ed25519);
}

}  // namespace

void add_primitives(Handlers& handlers) {
    handlers["jcs"] = run_jcs;
    handlers["keys"] = run_keys;
}

}  // namespace lumoz::app::vectors
