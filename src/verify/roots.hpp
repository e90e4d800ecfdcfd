// SPDX-License-Identifier: Apache-2.0
// Trust anchors: SHA-256 of SubjectPublicKeyInfo. Intel's is compiled in; any other only by argument, and
// whatever it vouches for is `simulated`.
#pragma once

#include "base/bytes.hpp"

#include <vector>

namespace lumoz::verify {

/// SHA-256 of the SubjectPublicKeyInfo of the Intel SGX Root CA (specification tdx.md 10).
[[nodiscard]] const Digest256& intel_root_pin();

class RootPins {
public:
    /// The embedded pins only.
    RootPins();
    /// Also accept this root, which is not embedded.
    void also_accept(const Digest256& spki_sha256);
    [[nodiscard]] bool accepts(const Digest256& spki_sha256) const;
    /// True for a pin of the vendor that is compiled in; any other root is somebody's word: a simulator's.
    [[nodiscard]] static bool is_embedded(const Digest256& spki_sha256);

private:
    std::vector<Digest256> pins_;
};

}  // namespace lumoz::verify
