// SPDX-License-Identifier: Apache-2.0
// Verifications that this process made once are answered from memory, so that a mutant costs what its own
// code costs: the linker puts these functions before those of crypto/, which is not mutated (CMakeLists.txt,
// --wrap).
#include "crypto/p256.hpp"
#include "crypto/sha2.hpp"

#include <map>

using lumoz::Bytes;
using lumoz::ByteView;
using lumoz::Digest256;
using lumoz::crypto::P256Public;
using lumoz::crypto::P256Signature;

extern "C" {
bool REAL_VERIFY(const P256Public& key, ByteView message, const P256Signature& signature);
bool REAL_VERIFY_DIGEST(const P256Public& key, const Digest256& digest, const P256Signature& signature);
bool WRAP_VERIFY(const P256Public& key, ByteView message, const P256Signature& signature);
bool WRAP_VERIFY_DIGEST(const P256Public& key, const Digest256& digest, const P256Signature& signature);
}

namespace {

/// Answer for the three texts, by `ask` when it is not known.
template <class F>
bool known(std::uint8_t kind, const P256Public& key, ByteView middle, const P256Signature& signature,
           const F& ask) {
    static std::map<Bytes, bool> answers;
    Bytes all = {kind};
    lumoz::append(all, key.view());
    lumoz::append(all, signature.view());
    lumoz::append(all, middle);
    const auto found = answers.find(all);
    if (found != answers.end()) return found->second;
    return answers.emplace(std::move(all), ask()).first->second;
}

}  // namespace

bool WRAP_VERIFY(const P256Public& key, ByteView message, const P256Signature& signature) {
    return known(0, key, message, signature, [&] { return REAL_VERIFY(key, message, signature); });
}

bool WRAP_VERIFY_DIGEST(const P256Public& key, const Digest256& digest, const P256Signature& signature) {
    return known(1, key, digest.view(), signature,
                 [&] { return REAL_VERIFY_DIGEST(key, digest, signature); });
}
