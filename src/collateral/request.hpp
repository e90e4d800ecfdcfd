// SPDX-License-Identifier: Apache-2.0
// What a verification needs from the vendor, by name: the platform it is about, the data set that is wanted,
// and the four documents of a bundle with their paths (specification tdx.md 4.2) and cache keys (4.3).
#pragma once

#include "evidence/platform.hpp"

#include <array>

namespace lumoz::collateral {

using evidence::PckCa;
using evidence::Platform;

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
