// SPDX-License-Identifier: Apache-2.0
// The fields of an AMD SEV-SNP attestation report (specification snp.md 1) that a reader wants to see. They
// are read, not verified: no signature, no chain, no TCB is looked at here.
#pragma once

#include "base/bytes.hpp"

namespace lumoz::evidence {

struct SnpFields {
    static constexpr std::size_t kSize = 1184;
    std::uint32_t version = 0;
    std::uint32_t guest_svn = 0;
    std::uint64_t policy = 0;
    std::uint32_t vmpl = 0;
    ReportData report_data;
    Digest384 measurement;
    Digest256 host_data;
    Bytes reported_tcb;  ///< 8 bytes as they stand; their meaning depends on the product
    Bytes chip_id;       ///< 64 bytes

    /// Exactly 1184 bytes of version 2 to 5. `E_REPORT_PARSE` (malformed) for another size,
    /// `E_REPORT_FORM` (unsupported) for another version.
    static Result<SnpFields> parse(ByteView report);
};

}  // namespace lumoz::evidence
