// SPDX-License-Identifier: Apache-2.0
// The JSON documents that hand a proof over: the answer of `/v1/signature/{id}` (specs/api.md 4.3), the
// inline proof (4.4) and the proof file of `lumoz verify answer --proof` (design decision 15). Compact,
// in the member order of those sections.
#pragma once

#include "receipt/signer.hpp"

namespace lumoz::receipt {

/// `0x` + r ‖ s ‖ v in hex for ecdsa, 128 hex digits for ed25519.
[[nodiscard]] std::string signature_hex(Algo algo, const TextSignatures& signatures);
/// EIP-55 address for ecdsa, 64 hex digits for ed25519.
[[nodiscard]] std::string signing_address(Algo algo, const SignerAddresses& addresses);
/// `{"text","signature","signing_address","signing_algo"}`.
[[nodiscard]] std::string signature_json(Algo algo, const TextSignatures& signatures,
                                         const SignerAddresses& addresses);
/// The same and `receipt_id`: data of `event: proof`, or of the trailer.
[[nodiscard]] std::string inline_proof_json(Algo algo, const TextSignatures& signatures,
                                            const SignerAddresses& addresses, std::string_view receipt_id);
/// `{"signatures":[ecdsa, ed25519],"receipt":{…},"keyset_digest":…}`; `signatures` is empty for a cut answer.
[[nodiscard]] std::string proof_json(const std::optional<TextSignatures>& signatures,
                                     const SignerAddresses& addresses, std::string_view receipt_json,
                                     std::string_view keyset_digest);

}  // namespace lumoz::receipt
