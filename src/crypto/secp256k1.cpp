// SPDX-License-Identifier: Apache-2.0
#include "crypto/secp256k1.hpp"

#include "base/hex.hpp"
#include "crypto/invariant.hpp"
#include "crypto/keccak.hpp"
#include "crypto/random.hpp"

#include <secp256k1.h>
#include <secp256k1_recovery.h>

namespace lumoz::crypto {

namespace {

/// Half of the group order: an s above it has a lower twin that signs the same.
constexpr std::array<std::uint8_t, 32> kHalfOrder = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

/// One context for the process, never freed. Blinding changes it, so that happens before anyone sees it;
/// afterwards all use is read-only and safe from many threads.
const secp256k1_context* make_context() {
    secp256k1_context* context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    must(context != nullptr, "secp256k1 context");
    std::array<std::uint8_t, 32> blind{};
    random_fill(blind);
    must(secp256k1_context_randomize(context, blind.data()) == 1, "secp256k1 blinding");
    wipe(blind);
    return context;
}
const secp256k1_context* context() {
    static const secp256k1_context* const kContext = make_context();
    return kContext;
}

Secp256k1Public serialize(const secp256k1_pubkey& key) {
    std::array<std::uint8_t, 65> raw{};
    std::size_t size = raw.size();
    const int done =
        secp256k1_ec_pubkey_serialize(context(), raw.data(), &size, &key, SECP256K1_EC_UNCOMPRESSED);
    must(done == 1 && size == raw.size(), "secp256k1 serialize");
    Secp256k1Public out;
    std::copy(raw.begin() + 1, raw.end(), out.bytes.begin());
    return out;
}

std::unexpected<Error> signature_error(std::string_view rule, std::string_view where) {
    return fail(Errc::Refused, rule, where);
}

}  // namespace

Result<Secp256k1Key> Secp256k1Key::from(Secp256k1Seed seed) {
    secp256k1_pubkey key;
    if (secp256k1_ec_pubkey_create(context(), &key, seed.expose().data()) != 1) {
        return fail(Errc::Malformed, "E_KEY", "secp256k1.private_key");
    }
    return Secp256k1Key(std::move(seed), serialize(key));
}

Secp256k1Key Secp256k1Key::generate() {
    while (true) {
        std::array<std::uint8_t, 32> raw{};
        random_fill(raw);
        auto key = from(Secp256k1Seed(raw));
        if (key) return *std::move(key);
    }
}

EthAddress Secp256k1Key::address() const {
    return eth_address(public_key_);
}

RecoverableSignature Secp256k1Key::sign_digest(const Digest256& digest) const {
    secp256k1_ecdsa_recoverable_signature signature;
    must(secp256k1_ecdsa_sign_recoverable(context(), &signature, digest.bytes.data(), seed_.expose().data(),
                                          nullptr, nullptr) == 1,
         "secp256k1 sign");
    RecoverableSignature out;
    int id = 0;
    secp256k1_ecdsa_recoverable_signature_serialize_compact(context(), out.bytes.data(), &id, &signature);
    // 2 and 3 mean that the nonce point's x was above the group order: one chance in 2^127.
    must(id == 0 || id == 1, "secp256k1 recovery id");
    out.bytes[64] = static_cast<std::uint8_t>(27 + id);
    return out;
}

RecoverableSignature Secp256k1Key::sign_personal(std::string_view text) const {
    return sign_digest(eip191_digest(text));
}

Digest256 eip191_digest(std::string_view text) {
    std::string message =
        "\x19"
        "Ethereum Signed Message:\n" +
        std::to_string(text.size());
    message += text;
    return keccak256(as_bytes(message));
}

EthAddress eth_address(const Secp256k1Public& key) {
    const Digest256 hash = keccak256(key.view());
    EthAddress out;
    std::copy(hash.bytes.begin() + 12, hash.bytes.end(), out.bytes.begin());
    return out;
}

std::string to_lower_address(const EthAddress& address) {
    return "0x" + to_hex(address.view());
}

std::string to_eip55(const EthAddress& address) {
    std::string text = to_hex(address.view());
    const Digest256 hash = keccak256(as_bytes(text));
    for (std::size_t i = 0; i < text.size(); ++i) {
        const unsigned nibble = (hash.bytes[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 15U;
        if (nibble >= 8 && text[i] >= 'a') text[i] = static_cast<char>(text[i] - 'a' + 'A');
    }
    return "0x" + text;
}

Result<EthAddress> parse_address(std::string_view text) {
    if (text.starts_with("0x")) text.remove_prefix(2);
    auto address = fixed_from_hex<EthAddress>(text);
    if (!address) {
        return fail(Errc::Malformed, "E_ADDRESS", "secp256k1.address", std::move(address.error().detail));
    }
    return address;
}

Result<Secp256k1Public> recover(const Digest256& digest, const RecoverableSignature& signature) {
    const std::uint8_t v = signature.bytes[64];
    if (v != 27 && v != 28) return signature_error("E_SIGNATURE", "secp256k1.recover.v");
    secp256k1_ecdsa_recoverable_signature parsed;
    if (secp256k1_ecdsa_recoverable_signature_parse_compact(context(), &parsed, signature.bytes.data(),
                                                            v - 27) != 1) {
        return signature_error("E_SIGNATURE", "secp256k1.recover.range");
    }
    const ByteView s = signature.view().subspan(32, 32);
    if (std::ranges::lexicographical_compare(kHalfOrder, s)) {
        return signature_error("E_SIGNATURE_HIGH_S", "secp256k1.recover.s");
    }
    secp256k1_pubkey key;
    if (secp256k1_ecdsa_recover(context(), &key, &parsed, digest.bytes.data()) != 1) {
        return signature_error("E_SIGNATURE", "secp256k1.recover.point");
    }
    return serialize(key);
}

Status check_point(const Secp256k1Public& key) {
    std::array<std::uint8_t, 65> raw{0x04};
    std::ranges::copy(key.bytes, raw.begin() + 1);
    secp256k1_pubkey parsed;
    if (secp256k1_ec_pubkey_parse(context(), &parsed, raw.data(), raw.size()) != 1) {
        return fail(Errc::Malformed, "E_KEY", "secp256k1.point");
    }
    return {};
}

}  // namespace lumoz::crypto
