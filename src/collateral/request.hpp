// SPDX-License-Identifier: Apache-2.0
// What a verification needs from the vendor, by name: the platform it is about, the data set that is wanted,
// and the four documents of a bundle with their paths (specification tdx.md 4.2) and cache keys (4.3).
#pragma once

#include "evidence/pck.hpp"

#include <array>

namespace lumoz::collateral {

/// Which of Intel's two CAs issued the platform's PCK certificate.
enum class PckCa : std::uint8_t { Processor, Platform };
/// `processor`, `platform`: as the service's query spells it.
[[nodiscard]] std::string_view to_text(PckCa ca);
/// By the common name of the CA's certificate; nothing for another name.
[[nodiscard]] std::optional<PckCa> pck_ca_named(std::string_view common_name);
[[nodiscard]] std::string_view common_name(PckCa ca);

/// The platform family whose documents are wanted.
struct Platform {
    bool tdx = true;
    evidence::Fmspc fmspc;
    PckCa ca = PckCa::Platform;
};

/// `standard`: the data set in force; `early`: the newest; or one data set by its number.
struct DataSet {
    bool early = false;
    std::optional<std::uint32_t> number{};  ///< excludes `early`
};
/// `standard`, `early`, `eval-17`.
[[nodiscard]] std::string to_text(const DataSet& set);

struct Request {
    Platform platform;
    DataSet set;
};

/// From the PCK chain in the quote, else from `pck_chain` (PEM; may be empty). The certificates are only read
/// here, not believed: a wrong platform costs a document that does not fit. Errors of the quote's and the
/// certificates' parsers; `E_COLLATERAL_NEEDS` when there is no chain, `E_CHAIN_NAME` for a CA that is none
/// of the two.
Result<Platform> platform_of(ByteView quote, std::string_view pck_chain = {});

/// The documents of a bundle, in the order in which they are fetched: the first brings the root certificate.
enum class Item : std::uint8_t { TcbInfo, QeIdentity, PckCrl, RootCrl };
inline constexpr std::array kItems{Item::TcbInfo, Item::QeIdentity, Item::PckCrl, Item::RootCrl};
/// `tcb_info`, `qe_identity`, `pck_crl`, `root_ca_crl`: names of the bundle's members.
[[nodiscard]] std::string_view to_text(Item item);

/// Path and query at a service of API v4.
[[nodiscard]] std::string target_of(Item item, const Request& request);
/// Names of the header with the issuer chain, the present one first; empty texts where there is none.
[[nodiscard]] std::array<std::string_view, 2> chain_headers(Item item);
/// Unique among documents: TEE, FMSPC, CA, data set, as far as the document depends on them. Letters, digits
/// and '-' only.
[[nodiscard]] std::string cache_key(Item item, const Request& request);

}  // namespace lumoz::collateral
