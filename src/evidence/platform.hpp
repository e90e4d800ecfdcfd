// SPDX-License-Identifier: Apache-2.0
// The family of a platform: what the vendor's documents are about (specification tdx.md 3 and 4.2).
#pragma once

#include "evidence/pck.hpp"

namespace lumoz::evidence {

inline constexpr std::string_view kPlatformCaName = "Intel SGX PCK Platform CA";
inline constexpr std::string_view kProcessorCaName = "Intel SGX PCK Processor CA";

/// Which of Intel's two CAs issued the platform's PCK certificate.
enum class PckCa : std::uint8_t { Processor, Platform };
/// `processor`, `platform`: as the service's query spells it.
[[nodiscard]] std::string_view to_text(PckCa ca);
/// By the common name of the CA's certificate; nothing for another name.
[[nodiscard]] std::optional<PckCa> pck_ca_named(std::string_view common_name);
[[nodiscard]] std::string_view common_name(PckCa ca);

struct Platform {
    bool tdx = true;
    Fmspc fmspc;
    PckCa ca = PckCa::Platform;
};

/// From the PCK chain in the quote, else from `pck_chain` (PEM; may be empty). The certificates are only read
/// here, not believed: a wrong platform costs a document that does not fit. Errors of the quote's and the
/// certificates' parsers; `E_COLLATERAL_NEEDS` when there is no chain, `E_CHAIN_NAME` for a CA that is none
/// of the two.
Result<Platform> platform_of(ByteView quote, std::string_view pck_chain = {});

}  // namespace lumoz::evidence
