// SPDX-License-Identifier: Apache-2.0
// OpenSSL's EC_KEY interface, deprecated since 3.0, is used in this file only: importing a point through
// EVP_PKEY_fromdata costs a third of a verification (100 µs against 77 µs in all), and evidence has a dozen.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/p256.hpp"

#include "crypto/der.hpp"
#include "crypto/invariant.hpp"
#include "crypto/owned.hpp"
#include "crypto/random.hpp"
#include "crypto/sha2.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace lumoz::crypto {

namespace {

using BigNumber = Owned<BIGNUM, BN_clear_free>;
using Point = Owned<EC_POINT, EC_POINT_free>;
using EcKey = Owned<EC_KEY, EC_KEY_free>;
using EcSignature = Owned<ECDSA_SIG, ECDSA_SIG_free>;
using Pkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using Bio = Owned<BIO, BIO_vfree>;

constexpr int kCoordinate = 32;

/// Leaves the thread's error queue as it was: refusing hostile input is no error of the library.
class QuietErrors {
public:
    QuietErrors() { ERR_set_mark(); }
    ~QuietErrors() { ERR_pop_to_mark(); }
    QuietErrors(const QuietErrors&) = delete;
    QuietErrors& operator=(const QuietErrors&) = delete;
};

EcKey new_key() {
    EcKey key(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
    must(key != nullptr, "p256 key");
    return key;
}

/// Puts the point into `key`; false unless it is on the curve with coordinates below p.
bool set_point(EC_KEY* key, const P256Public& point) {
    std::array<std::uint8_t, 65> raw{0x04};
    std::ranges::copy(point.bytes, raw.begin() + 1);
    return EC_KEY_oct2key(key, raw.data(), raw.size(), nullptr) == 1;
}

/// Key objects of the last public keys of a thread: importing a point (with the check that it is on the
/// curve) costs some 3 µs, and the vendor's keys come again with every quote. Public keys only.
class ImportedKeys {
public:
    /// nullptr unless the point is on the curve. The key that was not used for longest makes room.
    EC_KEY* import(const P256Public& point) {
        Slot* oldest = slots_.data();
        for (Slot& slot : slots_) {
            if (slot.used != 0 && slot.point == point) {
                slot.used = ++clock_;
                return slot.key.get();
            }
            if (slot.used < oldest->used) oldest = &slot;
        }
        oldest->point = point;
        oldest->used = set_point(oldest->key.get(), point) ? ++clock_ : 0;
        return oldest->used != 0 ? oldest->key.get() : nullptr;
    }

private:
    struct Slot {
        EcKey key = new_key();
        P256Public point;
        std::uint64_t used = 0;  ///< time of last use; 0 when the slot holds no key
    };
    std::array<Slot, 8> slots_;
    std::uint64_t clock_ = 0;
};

EC_KEY* import(const P256Public& point) {
    thread_local ImportedKeys keys;
    return keys.import(point);
}

/// A signature object per thread, so that a verification allocates none.
class SignatureSlot {
public:
    SignatureSlot() {
        must(signature_ != nullptr && r_ != nullptr && s_ != nullptr &&
                 ECDSA_SIG_set0(signature_.get(), r_, s_) == 1,
             "p256 signature");
    }
    /// Valid until the next call of this thread.
    const ECDSA_SIG* set(const P256Signature& signature) {
        must(BN_bin2bn(signature.bytes.data(), kCoordinate, r_) != nullptr &&
                 BN_bin2bn(signature.bytes.data() + kCoordinate, kCoordinate, s_) != nullptr,
             "p256 signature");
        return signature_.get();
    }

private:
    EcSignature signature_{ECDSA_SIG_new()};
    BIGNUM* r_ = BN_new();  ///< owned by signature_
    BIGNUM* s_ = BN_new();
};

const ECDSA_SIG* to_openssl(const P256Signature& signature) {
    thread_local SignatureSlot slot;
    return slot.set(signature);
}

P256Public public_of(const EC_KEY* key) {
    std::array<std::uint8_t, 65> raw{};
    must(EC_POINT_point2oct(EC_KEY_get0_group(key), EC_KEY_get0_public_key(key),
                            POINT_CONVERSION_UNCOMPRESSED, raw.data(), raw.size(), nullptr) == raw.size(),
         "p256 point");
    P256Public out;
    std::copy(raw.begin() + 1, raw.end(), out.bytes.begin());
    return out;
}

std::unexpected<Error> signature_error() {
    return fail(Errc::Malformed, "E_DER", "p256.signature");
}

/// INTEGER content to 32 bytes, big-endian.
Status copy_integer(ByteView content, std::span<std::uint8_t, 32> out) {
    if (content.empty() || (content[0] & 0x80U) != 0) return signature_error();
    if (content.size() > 1 && content[0] == 0) {
        if ((content[1] & 0x80U) == 0) return signature_error();
        content = content.subspan(1);
    }
    if (content.size() > out.size()) return signature_error();
    std::ranges::fill(out, std::uint8_t{0});
    std::ranges::copy(content, out.last(content.size()).begin());
    return {};
}

}  // namespace

struct P256Key::State {
    EcKey key = new_key();
    P256Public public_key;
};

Status p256_check_point(const P256Public& key) {
    const QuietErrors quiet;
    if (key.is_zero() || import(key) == nullptr) return fail(Errc::Malformed, "E_KEY", "p256.point");
    return {};
}

bool p256_verify_digest(const P256Public& key, const Digest256& digest, const P256Signature& signature) {
    const QuietErrors quiet;
    EC_KEY* const point = import(key);
    if (point == nullptr) return false;
    // r and s outside 1…n-1 are refused inside.
    return ECDSA_do_verify(digest.bytes.data(), Digest256::kSize, to_openssl(signature), point) == 1;
}

bool p256_verify(const P256Public& key, ByteView message, const P256Signature& signature) {
    return p256_verify_digest(key, sha256(message), signature);
}

Result<P256Signature> p256_signature_from_der(ByteView input) {
    der::Cursor outer(input);
    LUMOZ_TRY(const der::Element sequence, outer.expect(der::kSequence));
    LUMOZ_CHECK_OK(outer.end());
    der::Cursor inner(sequence.content);
    LUMOZ_TRY(const der::Element r, inner.expect(der::kInteger));
    LUMOZ_TRY(const der::Element s, inner.expect(der::kInteger));
    LUMOZ_CHECK_OK(inner.end());
    P256Signature out;
    LUMOZ_CHECK_OK(copy_integer(r.content, std::span(out.bytes).first<32>()));
    LUMOZ_CHECK_OK(copy_integer(s.content, std::span(out.bytes).last<32>()));
    return out;
}

Bytes p256_signature_to_der(const P256Signature& signature) {
    const ByteView raw = signature.view();
    return der::sequence({der::integer(raw.first(32)), der::integer(raw.last(32))});
}

Bytes p256_spki(const P256Public& key) {
    Bytes point{0x04};
    append(point, key.view());
    return der::sequence({der::sequence({der::oid("1.2.840.10045.2.1"), der::oid("1.2.840.10045.3.1.7")}),
                          der::bit_string(point)});
}

P256Key::P256Key(std::unique_ptr<State> state) : state_(std::move(state)) {}
P256Key::~P256Key() = default;
P256Key::P256Key(P256Key&&) noexcept = default;

Result<P256Key> P256Key::from(P256Secret secret) {
    auto state = std::make_unique<State>();
    const EC_GROUP* const group = EC_KEY_get0_group(state->key.get());
    const BigNumber scalar(BN_secure_new());
    must(scalar != nullptr && BN_bin2bn(secret.expose().data(), kCoordinate, scalar.get()) != nullptr,
         "p256 scalar");
    if (BN_is_zero(scalar.get()) == 1 || BN_cmp(scalar.get(), EC_GROUP_get0_order(group)) >= 0) {
        return fail(Errc::Malformed, "E_KEY", "p256.private_key");
    }
    const Point point(EC_POINT_new(group));
    must(point != nullptr && EC_POINT_mul(group, point.get(), scalar.get(), nullptr, nullptr, nullptr) == 1 &&
             EC_KEY_set_private_key(state->key.get(), scalar.get()) == 1 &&
             EC_KEY_set_public_key(state->key.get(), point.get()) == 1,
         "p256 key pair");
    state->public_key = public_of(state->key.get());
    return P256Key(std::move(state));
}

P256Key P256Key::generate() {
    while (true) {
        std::array<std::uint8_t, 32> raw{};
        random_fill(raw);
        auto key = from(P256Secret(raw));
        if (key) return *std::move(key);
    }
}

P256Key P256Key::derive(const Digest256& seed, std::string_view label) {
    for (std::uint8_t counter = 0;; ++counter) {
        Digest256 scalar =
            Sha256().update(seed.view()).update(std::span(&counter, 1)).update(as_bytes(label)).finish();
        auto key = from(P256Secret(std::span(scalar.bytes)));
        if (key) return *std::move(key);
    }
}

const P256Public& P256Key::public_key() const {
    return state_->public_key;
}

P256Signature P256Key::sign(ByteView message) const {
    const Digest256 digest = sha256(message);
    const EcSignature signature(
        ECDSA_do_sign(digest.bytes.data(), static_cast<int>(Digest256::kSize), state_->key.get()));
    must(signature != nullptr, "p256 sign");
    P256Signature out;
    must(BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out.bytes.data(), kCoordinate) == kCoordinate &&
             BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out.bytes.data() + kCoordinate, kCoordinate) ==
                 kCoordinate,
         "p256 sign");
    return out;
}

std::string P256Key::private_pem_for_tls() const {
    const Pkey key(EVP_PKEY_new());
    must(key != nullptr && EVP_PKEY_set1_EC_KEY(key.get(), state_->key.get()) == 1, "p256 export");
    const Bio memory(BIO_new(BIO_s_secmem()));
    must(memory != nullptr && PEM_write_bio_PKCS8PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0,
                                                            nullptr, nullptr) == 1,
         "p256 export");
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    must(text != nullptr && size > 0, "p256 export");
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace lumoz::crypto
