// SPDX-License-Identifier: Apache-2.0
#include "collateral/pck_chain.hpp"

#include "base/hex.hpp"
#include "collateral/client.hpp"
#include "evidence/tdx_layout.hpp"
#include "evidence/tdx_quote.hpp"

#include <algorithm>

namespace lumoz::collateral {
namespace {

constexpr std::size_t kQeIdSize = 16;
/// CPUSVN 16, PCESVN 2, PCEID 2, behind the platform's id.
constexpr std::size_t kSvnSize = 20;

/// Bytes of the platform's id by certification data type; 0 for a type without one.
std::size_t id_size(std::uint16_t type) {
    constexpr std::size_t kSizes[] = {0, 16, 256, 384};
    return type < std::size(kSizes) ? kSizes[type] : 0;
}

/// The quoting enclave's id: the first bytes of the header's user data. Requires: a quote that was parsed.
ByteView qe_id(ByteView quote) {
    const auto field = std::ranges::find(evidence::header_fields(), "user_data", &evidence::Field::name);
    return quote.subspan(field->offset, kQeIdSize);
}

std::unexpected<Error> unreadable(std::string detail) {
    return fail(Errc::Malformed, "E_COLLATERAL_ANSWER", "collateral.pck", std::move(detail));
}

}  // namespace

Result<std::optional<std::string>> pck_target(ByteView quote) {
    LUMOZ_TRY(const evidence::Quote parsed, evidence::Quote::parse(quote));
    const std::size_t id = id_size(parsed.cert_type());
    if (id == 0) return std::nullopt;
    const ByteView data = parsed.cert_data();
    // A 34-byte form of type 1 without PCEID exists; the service cannot be asked with it.
    if (data.size() != id + kSvnSize)
        return fail(Errc::Refused, "E_QUOTE_CERT_TYPE", "collateral.pck",
                    "certification data of " + std::to_string(data.size()) + " bytes");
    const ByteView svn = data.subspan(id);
    std::string out = "/sgx/certification/v4/pckcert?qeid=" + to_hex(qe_id(quote));
    if (parsed.cert_type() != 1) out += "&encrypted_ppid=" + to_hex(data.first(id));
    out += "&cpusvn=" + to_hex(svn.first(16));
    out += "&pcesvn=" + to_hex(svn.subspan(16, 2));
    out += "&pceid=" + to_hex(svn.subspan(18, 2));
    return out;
}

Result<std::string> fetch_pck_chain(Transport& transport, std::string_view target) {
    constexpr std::string_view kHeader = "SGX-PCK-Certificate-Issuer-Chain";
    LUMOZ_TRY(const net::Response response, transport.get(target));
    LUMOZ_CHECK_OK(check_status("pck_certificate", response.head.status));
    if (response.head.headers.count(kHeader) != 1)
        return fail(Errc::Malformed, "E_COLLATERAL_HEADER", "collateral.header", std::string(kHeader));
    LUMOZ_TRY(const std::string issuers, evidence::decode_chain_header(response.head.headers.get(kHeader)));
    std::string leaf(as_text(response.body));
    const auto first = evidence::split_certificates(leaf);
    const auto others = evidence::split_certificates(issuers);
    if (!first || first->size() != 1) return unreadable("the body is not one certificate");
    if (!others || others->size() != 2) return unreadable("the issuers are not two certificates");
    if (!leaf.ends_with('\n')) leaf += '\n';
    return leaf + issuers;
}

Result<PlatformOfQuote> find_platform(Transport* transport, ByteView quote) {
    PlatformOfQuote out;
    if (transport != nullptr) {
        LUMOZ_TRY(const std::optional<std::string> target, pck_target(quote));
        if (target) {
            LUMOZ_TRY(out.pck_chain, fetch_pck_chain(*transport, *target));
        }
    }
    LUMOZ_TRY(out.platform, evidence::platform_of(quote, out.pck_chain));
    return out;
}

}  // namespace lumoz::collateral
