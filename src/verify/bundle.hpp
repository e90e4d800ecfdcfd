// SPDX-License-Identifier: Apache-2.0
// The bundle (docs/spec/bundle.md): a report with the collateral, nonce and time of its day, and answers and
// receipts that its keys signed, as one JSON text that is verified without a network at any later time.
//   E_BUNDLE_PARSE   not a bundle: an unknown or missing member, a wrong type, a part too large    malformed
//   E_BUNDLE_TIME    it says that it was made later than now                                       refused
//   E_RECEIPT_TIME   a receipt was served later than now                                           refused
// and everything that reports, answers and receipts say.
#pragma once

#include "verify/answer.hpp"

namespace lumoz::verify {

/// What is saved of one verification. Texts are JSON.
struct BundleParts {
    UnixTime made_at = 0;
    std::string url;                        ///< empty: left out
    std::optional<Nonce> nonce;             ///< that was asked for
    std::optional<Digest256> tls_spki;      ///< key of the connection
    std::string report;                     ///< as it came
    std::optional<std::string> collateral;  ///< where the report does not bring its own
    std::optional<std::string> keyset;
};

/// The bundle as one JSON text. `E_BUNDLE_PARSE` when the report is not a JSON object.
Result<std::string> make_bundle(const BundleParts& parts);

/// Verifies evidence as of `made_at`, then answers and receipts. `demand.now` is the clock: nothing in the
/// bundle may be later. `demand.nonce` and `demand.tls_spki` are the bundle's; a collateral in `demand`
/// stands for the bundle's. At most 32 MiB, 1024 answers and 1024 receipts.
[[nodiscard]] Verdict verify_bundle(std::string_view text, const ReportDemand& demand);

}  // namespace lumoz::verify
