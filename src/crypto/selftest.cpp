// SPDX-License-Identifier: Apache-2.0
#include "crypto/selftest.hpp"

#include "base/hex.hpp"
#include "crypto/ed25519.hpp"
#include "crypto/keccak.hpp"
#include "crypto/p256.hpp"
#include "crypto/secp256k1.hpp"
#include "crypto/sha2.hpp"
#include "crypto/x25519.hpp"

namespace lumoz::crypto {

namespace {

Status expect(bool holds, std::string_view where) {
    if (!holds) return fail(Errc::Internal, "E_SELFTEST", where);
    return {};
}

/// Requires: 64 hex digits; the scalars here are public, from standards.
template <class SecretType>
SecretType public_scalar(std::string_view hex) {
    Bytes raw = *from_hex(hex);
    return SecretType(std::span<std::uint8_t, 32>(raw));
}

/// FIPS 180-2 appendix B; the Keccak team's answer for "abc".
Status test_hashes() {
    const ByteView abc = as_bytes("abc");
    LUMOZ_CHECK_OK(expect(
        to_hex(sha256(abc).view()) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "selftest.sha256"));
    LUMOZ_CHECK_OK(expect(to_hex(sha384(abc).view()) ==
                              "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                              "8086072ba1e7cc2358baeca134c825a7",
                          "selftest.sha384"));
    LUMOZ_CHECK_OK(expect(to_hex(sha512(abc).view()) ==
                              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                              "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
                          "selftest.sha512"));
    return expect(
        to_hex(keccak256(abc).view()) == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
        "selftest.keccak256");
}

/// EIP-155's example key and its address, then a fresh key.
Status test_secp256k1() {
    constexpr std::string_view kWhere = "selftest.secp256k1";
    LUMOZ_TRY(const Secp256k1Key known,
              Secp256k1Key::from(public_scalar<Secp256k1Seed>(
                  "4646464646464646464646464646464646464646464646464646464646464646")));
    LUMOZ_CHECK_OK(expect(to_eip55(known.address()) == "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F", kWhere));
    const Secp256k1Key fresh = Secp256k1Key::generate();
    const RecoverableSignature signature = fresh.sign_personal("self-test");
    LUMOZ_CHECK_OK(expect(signature == fresh.sign_personal("self-test"), kWhere));
    LUMOZ_TRY(const Secp256k1Public signer, recover(eip191_digest("self-test"), signature));
    LUMOZ_CHECK_OK(expect(signer == fresh.public_key(), kWhere));
    const auto other = recover(eip191_digest("self-tesT"), signature);
    return expect(!other || *other != fresh.public_key(), kWhere);
}

/// RFC 8032 7.1 test 1, then a fresh key.
Status test_ed25519() {
    constexpr std::string_view kWhere = "selftest.ed25519";
    const Ed25519Key known = Ed25519Key::from(
        public_scalar<Ed25519Seed>("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
    LUMOZ_CHECK_OK(expect(to_hex(known.public_key().view()) ==
                              "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                          kWhere));
    LUMOZ_CHECK_OK(expect(to_hex(known.sign({}).view()) ==
                              "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                              "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
                          kWhere));
    const Ed25519Key fresh = Ed25519Key::generate();
    const Ed25519Signature signature = fresh.sign(as_bytes("self-test"));
    LUMOZ_CHECK_OK(expect(ed25519_verify(fresh.public_key(), as_bytes("self-test"), signature), kWhere));
    return expect(!ed25519_verify(fresh.public_key(), as_bytes("self-tesT"), signature), kWhere);
}

/// RFC 6979 A.2.5 with SHA-256 and message "sample", then a fresh key.
Status test_p256() {
    constexpr std::string_view kWhere = "selftest.p256";
    LUMOZ_TRY(const auto key,
              fixed_from_hex<P256Public>("60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                                         "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"));
    LUMOZ_TRY(const auto known, fixed_from_hex<P256Signature>(
                                    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                                    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"));
    LUMOZ_CHECK_OK(expect(p256_verify(key, as_bytes("sample"), known), kWhere));
    const P256Key fresh = P256Key::generate();
    const P256Signature signature = fresh.sign(as_bytes("self-test"));
    LUMOZ_CHECK_OK(expect(p256_verify(fresh.public_key(), as_bytes("self-test"), signature), kWhere));
    return expect(!p256_verify(fresh.public_key(), as_bytes("self-tesT"), signature), kWhere);
}

/// RFC 7748 6.1.
Status test_x25519() {
    const X25519Key bob = X25519Key::from(
        public_scalar<X25519Secret>("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
    return expect(
        to_hex(bob.public_key().view()) == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
        "selftest.x25519");
}

}  // namespace

Status self_test() {
    LUMOZ_CHECK_OK(test_hashes());
    LUMOZ_CHECK_OK(test_secp256k1());
    LUMOZ_CHECK_OK(test_ed25519());
    LUMOZ_CHECK_OK(test_p256());
    return test_x25519();
}

}  // namespace lumoz::crypto
