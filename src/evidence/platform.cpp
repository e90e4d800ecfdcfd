// SPDX-License-Identifier: Apache-2.0
#include "evidence/platform.hpp"

#include "evidence/tdx_quote.hpp"

namespace lumoz::evidence {

std::string_view to_text(PckCa ca) {
    return ca == PckCa::Platform ? "platform" : "processor";
}

std::string_view common_name(PckCa ca) {
    return ca == PckCa::Platform ? kPlatformCaName : kProcessorCaName;
}

std::optional<PckCa> pck_ca_named(std::string_view name) {
    if (name == kPlatformCaName) return PckCa::Platform;
    if (name == kProcessorCaName) return PckCa::Processor;
    return std::nullopt;
}

Result<Platform> platform_of(ByteView quote, std::string_view pck_chain) {
    LUMOZ_TRY(const Quote parsed, Quote::parse(quote));
    if (parsed.cert_type() == kCertTypePckChain) pck_chain = as_text(parsed.cert_data());
    if (pck_chain.empty())
        return fail(
            Errc::Usage, "E_COLLATERAL_NEEDS", "collateral.platform",
            "the quote has no PCK chain, certification data type " + std::to_string(parsed.cert_type()));
    LUMOZ_TRY(const std::vector<Bytes> certificates, split_certificates(pck_chain));
    if (certificates.size() < 2)
        return fail(Errc::Malformed, "E_COLLATERAL_NEEDS", "collateral.platform", "no chain of certificates");
    LUMOZ_TRY(const Certificate leaf, Certificate::parse(certificates[0]));
    LUMOZ_TRY(const Certificate issuer, Certificate::parse(certificates[1]));
    LUMOZ_TRY(const PckExtension extension, parse_pck_extension(leaf));
    const std::optional<PckCa> ca = pck_ca_named(issuer.common_name());
    if (!ca) return fail(Errc::Refused, "E_CHAIN_NAME", "collateral.platform_ca");
    return Platform{.tdx = parsed.is_tdx(), .fmspc = extension.fmspc, .ca = *ca};
}

}  // namespace lumoz::evidence
