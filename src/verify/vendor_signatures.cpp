// SPDX-License-Identifier: Apache-2.0
#include "verify/vendor_signatures.hpp"

#include <cstdlib>

namespace lumoz::verify {

namespace {

/// Bytes of a hex literal; does not compile when it is not one (abort is no constant).
template <class Fixed>
consteval Fixed hex(std::string_view text) {
    const auto digit = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        std::abort();
    };
    if (text.size() != 2 * Fixed::kSize) std::abort();
    std::array<std::uint8_t, Fixed::kSize> out{};
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(digit(text[2 * i]) * 16 + digit(text[2 * i + 1]));
    return Fixed(out);
}

constexpr VendorSignature row(const Digest256& digest, const crypto::P256Signature& signature) {
    return {digest, signature};
}

constexpr crypto::P256Public kRootKey = hex<crypto::P256Public>(
    "0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5"
    "67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394");

constexpr VendorSignature kSignatures[] = {
    // Intel SGX Root CA
    row(hex<Digest256>("0e1c8ad1fad9254ad1d0bc362c4c83dad27f32fc903cbb9cda58349ec2a4626a"),
        hex<crypto::P256Signature>("e5bfe50911f92f428920dc368a302ee3d12ec5867ff622ec6497f78060c13c20"
                                   "e09d25ac7a0cb3e5e8e68fec5fa3bd416c47440bd950639d450edcbea4576aa2")),
    // Intel SGX PCK Platform CA
    row(hex<Digest256>("581d1ff77ba97123a71722be563b50238f861198a174eb3e2d32cd8d5b710e70"),
        hex<crypto::P256Signature>("5ec5648b4c3e8ba558196dd417fdb6b9a5ded182438f551e9c0f938c3d5a8b97"
                                   "261bd520260f9c647d3569be8e14a32892631ac358b994478088f4d2b27cf37e")),
    // Intel SGX PCK Processor CA
    row(hex<Digest256>("f7c35bd005f64984376fe47c3ffed8077e1c3e14008cc94ed73ddf0da8da99b1"),
        hex<crypto::P256Signature>("898136ed56a3b26759b78ea8805cce9061aeabe6c592e32fc6ef2f2e2091b177"
                                   "46a3ef0522b3cd06a004b42ae6ce40ef4a5da2269127ccffd2e0f3e0d815f759")),
    // Intel SGX TCB Signing, 2018 to 2025
    row(hex<Digest256>("75edba27d3bd7438be0ff8643d4065d0c9bddbce921acb28aebb5b2f346aebc1"),
        hex<crypto::P256Signature>("1f42f3038037f226c43b46002576e3a29caa36a064e47493272dc81aec186255"
                                   "237ed6eb346b0653c607db5d5d46260da0f3eed7d669ff37bc26686e8c1d2807")),
    // Intel SGX TCB Signing, 2025 to 2032
    row(hex<Digest256>("7813950500edf06c973088ae0707b5e0ca1e6c3d0e83e81426fafea104bef2ab"),
        hex<crypto::P256Signature>("dd9a646e028dea08ef130b522824c213028384c38765804047cd2cf54ee3124c"
                                   "a553a8e92de7df9ca343b79b7842fafe456f4d058d859c81ebb71228ce50ba39")),
};

}  // namespace

const crypto::P256Public& vendor_root_key() {
    return kRootKey;
}

std::span<const VendorSignature> vendor_signatures() {
    return kSignatures;
}

bool is_vendor_signature(const crypto::P256Public& key, const Digest256& digest,
                         const crypto::P256Signature& signature) {
    for (const VendorSignature& known : kSignatures)
        if (known.digest == digest && known.signature == signature) return key == kRootKey;
    return false;
}

}  // namespace lumoz::verify
