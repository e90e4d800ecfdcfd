// SPDX-License-Identifier: Apache-2.0
// A quote of Intel TDX or SGX, taken apart: versions 3, 4 and 5, SGX and TD bodies, certification data 1
// to 5. Parsed is not verified: nothing here looks at a signature. Rules: specification tdx.md 2.
#pragma once

#include "base/bytes.hpp"
#include "evidence/tdx_layout.hpp"

#include <optional>

namespace lumoz::evidence {

/// Begin and size of a piece inside the bytes that hold it.
struct Span {
    std::size_t begin = 0;
    std::size_t size = 0;
    [[nodiscard]] std::size_t end() const { return begin + size; }
    [[nodiscard]] ByteView in(ByteView all) const { return all.subspan(begin, size); }
};

/// Where the parts of one quote stand. All inside the quote, offsets from its first byte.
struct QuoteParts {
    Span signed_range;  ///< header and body (v5: with the descriptor)
    Span body;
    Span signature;            ///< r ‖ s over the signed range
    Span attestation_key;      ///< x ‖ y
    Span qe_report;            ///< 384 bytes, form of an SGX report
    Span qe_report_signature;  ///< r ‖ s
    Span qe_auth;              ///< authentication data, 0 to 65535 bytes
    Span cert_data;            ///< inner certification data
    Span signature_section;
};

/// Owns its bytes; every view lives as long as the Quote.
class Quote {
public:
    /// Fails with `E_QUOTE_TOO_LARGE`, `E_QUOTE_VERSION`, `E_QUOTE_KEY_TYPE`, `E_QUOTE_TEE_TYPE`,
    /// `E_QUOTE_VENDOR`, `E_QUOTE_BODY_TYPE`, `E_QUOTE_TRUNCATED`, `E_QUOTE_CERT_TYPE`, `E_QUOTE_LENGTHS`:
    /// the first bad value in reading order decides; the detail has the byte offset. Bytes behind the
    /// signature section are kept and not judged.
    static Result<Quote> parse(ByteView bytes);
    /// `E_QUOTE_TRAILING` unless every byte behind the signature section is zero.
    [[nodiscard]] Status check_trailing() const;

    [[nodiscard]] std::uint16_t version() const { return version_; }
    [[nodiscard]] std::uint16_t key_type() const { return key_type_; }
    [[nodiscard]] TeeType tee_type() const { return tee_type_; }
    [[nodiscard]] bool is_tdx() const { return tee_type_ == TeeType::Tdx; }
    [[nodiscard]] BodyKind body_kind() const { return body_kind_; }
    /// Type of the inner certification data, 1 to 5.
    [[nodiscard]] std::uint16_t cert_type() const { return cert_type_; }
    [[nodiscard]] const QuoteParts& parts() const { return parts_; }

    /// All bytes, padding included. Not an identifier: padding is not signed.
    [[nodiscard]] ByteView bytes() const { return bytes_; }
    [[nodiscard]] ByteView signed_range() const { return parts_.signed_range.in(bytes_); }
    [[nodiscard]] ByteView body() const { return parts_.body.in(bytes_); }
    [[nodiscard]] ByteView signature() const { return parts_.signature.in(bytes_); }
    [[nodiscard]] ByteView attestation_key() const { return parts_.attestation_key.in(bytes_); }
    [[nodiscard]] ByteView qe_report() const { return parts_.qe_report.in(bytes_); }
    [[nodiscard]] ByteView qe_report_signature() const { return parts_.qe_report_signature.in(bytes_); }
    [[nodiscard]] ByteView qe_auth() const { return parts_.qe_auth.in(bytes_); }
    [[nodiscard]] ByteView cert_data() const { return parts_.cert_data.in(bytes_); }
    [[nodiscard]] ByteView trailing() const {
        return ByteView(bytes_).subspan(parts_.signature_section.end());
    }

    /// Body field by name; nothing when this kind of body has none of that name.
    [[nodiscard]] std::optional<ByteView> field(std::string_view name) const;
    /// Integer body field (`isv_svn`); nothing when absent.
    [[nodiscard]] std::optional<std::uint64_t> integer(std::string_view name) const;
    /// Field of the QE report by name of an SGX body.
    [[nodiscard]] ByteView qe_field(std::string_view name) const;
    [[nodiscard]] ReportData report_data() const;
    /// RTMR n, 0 to 3. Requires: is_tdx().
    [[nodiscard]] Digest384 rtmr(unsigned n) const;

private:
    Quote() = default;
    friend class QuoteParser;
    Bytes bytes_;
    std::uint16_t version_ = 0;
    std::uint16_t key_type_ = 0;
    TeeType tee_type_ = TeeType::Sgx;
    BodyKind body_kind_ = BodyKind::SgxReport;
    std::uint16_t cert_type_ = 0;
    QuoteParts parts_;
};

}  // namespace lumoz::evidence
