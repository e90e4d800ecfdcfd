// SPDX-License-Identifier: Apache-2.0
// The CPU's evidence of a report: a quote with collateral is verified; one without collateral and a SEV-SNP
// report are read only, so that what the document says about them can still be refuted.
#include "base/hex.hpp"
#include "evidence/platform.hpp"
#include "verify/report_verification.hpp"

namespace lumoz::verify {

namespace {

/// Which documents are missing, as exactly as the quote tells.
std::string missing_collateral(const evidence::Quote& quote) {
    const std::string tee = quote.is_tdx() ? "TDX" : "SGX";
    const auto platform = evidence::platform_of(quote.bytes());
    std::string out = "needed: " + tee + " TCB info";
    if (platform) out += " of FMSPC " + to_hex(platform->fmspc.view());
    if (quote.cert_type() != evidence::kCertTypePckChain) out += ", PCK certificate chain";
    out += ", " + tee + " QE identity, PCK CRL";
    if (platform) out += " of the " + std::string(to_text(platform->ca)) + " CA";
    return out + ", root CA CRL";
}

}  // namespace

bool ReportVerification::evidence() {
    if (in_.cpu == evidence::CpuEvidence::SevSnpReport) return snp_evidence();
    const auto& collateral = demand_.collateral ? demand_.collateral : in_.collateral;
    return collateral ? tdx_evidence(*collateral) : quote_alone();
}

bool ReportVerification::tdx_evidence(const evidence::Collateral& collateral) {
    TdxVerdict quote = verify_tdx(in_.quote, collateral, demand_.roots, at_);
    verdict_.append(std::move(quote.verdict));
    if (!quote.tdx) return false;
    tdx_ = std::move(quote.tdx);
    report_data_ = tdx_->quote().report_data();
    return true;
}

bool ReportVerification::quote_alone() {
    auto quote = evidence::Quote::parse(in_.quote);
    Status read = quote ? quote->check_trailing() : Status(std::unexpected(quote.error()));
    if (!verdict_.check("report.quote", "the quote can be read", read)) return false;
    verdict_.fail(
        "report.collateral", "the report brings its collateral",
        Error{Errc::Unsupported, "E_REPORT_COLLATERAL", "report.collateral", missing_collateral(*quote)});
    report_data_ = quote->report_data();
    bare_quote_ = std::move(*quote);
    return true;
}

bool ReportVerification::snp_evidence() {
    const auto fields = evidence::SnpFields::parse(in_.quote);
    if (!verdict_.check("report.snp", "the SEV-SNP report can be read",
                        fields ? Status{} : Status(std::unexpected(fields.error()))))
        return false;
    verdict_.fail("report.cpu", "the CPU's evidence is of a kind that is checked",
                  Error{Errc::Unsupported, "E_REPORT_FORM", "report.cpu",
                        "AMD SEV-SNP evidence: its fields are read, not verified"});
    snp_ = *fields;
    report_data_ = snp_->report_data;
    return true;
}

}  // namespace lumoz::verify
