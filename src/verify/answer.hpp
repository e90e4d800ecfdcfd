// SPDX-License-Identifier: Apache-2.0
// Verification of one answer: the bytes that a client holds, the proof file (decision 15), and the verified
// report of the service that signed it. Codes: signature_check.hpp, receipt_check.hpp, and
//   E_PROOF_PARSE      the proof file is not JSON of the form                    malformed
//   E_PROOF_EMPTY      it holds neither a signature nor a receipt                refused
//   E_ANSWER_CUT       the receipt says that the answer is incomplete            refused
//   E_ANSWER_MODEL     the receipt's model root is not in the evidence           refused
//   E_ANSWER_GPU       the GPU evidence digest of the receipt is not in the evidence    refused
//   E_ANSWER_CONFIG    the receipt's configuration digest is not in the evidence refused
#pragma once

#include "verify/receipt_check.hpp"
#include "verify/report.hpp"
#include "verify/signature_check.hpp"

namespace lumoz::verify {

/// `{"signatures":[…],"receipt":{…},"keyset_digest":…}`; also one bare signature object.
struct ProofFile {
    std::vector<SignatureObject> signatures;
    std::optional<AciReceipt> receipt;
    std::optional<std::string> keyset_digest;

    /// `E_PROOF_PARSE`, and what the receipt's parser says.
    static Result<ProofFile> parse(std::string_view text);
};

/// The keyset that a proof names: of its receipt, else of the file. `E_PROOF_PARSE`, `E_PROOF_KEYSET`.
Result<std::string> proof_keyset_digest(std::string_view proof);

/// Evidence of who signed `proof`: a saved report, or stored evidence (a collection) of the keyset that the
/// proof names. `at` as in verify_stored_evidence.
[[nodiscard]] Result<ReportVerdict> verify_signer(std::string_view document, std::string_view proof,
                                                  const ReportDemand& demand, std::optional<UnixTime> at);

/// Evidence (may be empty: then the signer is unknown, which the policy must allow) and answer in one
/// verdict.
[[nodiscard]] Result<Verdict> verify_signed_answer(ByteView request, ByteView response,
                                                   std::string_view proof, std::string_view evidence,
                                                   const ReportDemand& demand, std::optional<UnixTime> at);

/// Without a report the signers stay unknown: the verdict says so in `not_checked` (`N_SIGNER`).
[[nodiscard]] Verdict verify_answer(ByteView request, ByteView response, const Result<ProofFile>& proof,
                                    const VerifiedReport* report);
[[nodiscard]] Verdict verify_answer(ByteView request, ByteView response, std::string_view proof,
                                    const VerifiedReport* report);

}  // namespace lumoz::verify
