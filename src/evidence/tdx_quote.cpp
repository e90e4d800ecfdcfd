// SPDX-License-Identifier: Apache-2.0
#include "evidence/tdx_quote.hpp"

#include "base/reader.hpp"

namespace lumoz::evidence {

namespace {

constexpr std::string_view kTruncated = "E_QUOTE_TRUNCATED";

std::unexpected<Error> bad(Errc code, std::string_view rule, std::string_view where, std::size_t offset,
                           std::uint64_t value) {
    return fail(code, rule, where, "offset " + std::to_string(offset) + ": " + std::to_string(value));
}

}  // namespace

/// Reads one quote from front to end; each value is judged where it stands.
class QuoteParser {
public:
    explicit QuoteParser(ByteView bytes) : bytes_(bytes), in_(bytes, kTruncated, "tdx.quote") {}

    Result<Quote> run() {
        LUMOZ_CHECK_OK(header());
        LUMOZ_CHECK_OK(body());
        LUMOZ_CHECK_OK(signature_section());
        quote_.bytes_ = to_bytes(bytes_);
        return std::move(quote_);
    }

private:
    Status header() {
        LUMOZ_TRY(quote_.version_, in_.le<std::uint16_t>());
        if (quote_.version_ < 3 || quote_.version_ > 5)
            return bad(Errc::Unsupported, "E_QUOTE_VERSION", "tdx.quote.version", 0, quote_.version_);
        LUMOZ_TRY(quote_.key_type_, in_.le<std::uint16_t>());
        if (quote_.key_type_ != kKeyTypeEcdsaP256)
            return bad(Errc::Unsupported, "E_QUOTE_KEY_TYPE", "tdx.quote.key_type", 2, quote_.key_type_);
        LUMOZ_TRY(const std::uint32_t tee, in_.le<std::uint32_t>());
        const bool tdx = tee == static_cast<std::uint32_t>(TeeType::Tdx);
        if ((!tdx && tee != 0) || (tdx && quote_.version_ == 3))
            return bad(Errc::Unsupported, "E_QUOTE_TEE_TYPE", "tdx.quote.tee_type", 4, tee);
        quote_.tee_type_ = tdx ? TeeType::Tdx : TeeType::Sgx;
        constexpr std::size_t kSvns = 4;
        LUMOZ_TRY(const ByteView vendor, in_.take(kSvns + sizeof kIntelVendor));
        if (!equal(vendor.subspan(kSvns), kIntelVendor))
            return fail(Errc::Refused, "E_QUOTE_VENDOR", "tdx.quote.vendor", "offset 12: not Intel's id");
        LUMOZ_TRY([[maybe_unused]] const ByteView user_data, in_.take(20));
        return {};
    }

    Status body() {
        quote_.body_kind_ = quote_.is_tdx() ? BodyKind::Td10 : BodyKind::SgxReport;
        if (quote_.version_ == 5) {
            LUMOZ_CHECK_OK(body_descriptor());
        }
        LUMOZ_TRY(quote_.parts_.body, piece(in_, 0, body_size(quote_.body_kind_)));
        quote_.parts_.signed_range = {0, in_.offset()};
        return {};
    }

    Status body_descriptor() {
        LUMOZ_TRY(const std::uint16_t type, in_.le<std::uint16_t>());
        const bool fits = quote_.is_tdx() ? type >= 2 && type <= 4 : type == 1;
        if (!fits) return bad(Errc::Unsupported, "E_QUOTE_BODY_TYPE", "tdx.quote.body_type", 48, type);
        quote_.body_kind_ = static_cast<BodyKind>(type);
        LUMOZ_TRY(const std::uint32_t size, in_.le<std::uint32_t>());
        if (size != body_size(quote_.body_kind_))
            return bad(Errc::Unsupported, "E_QUOTE_BODY_TYPE", "tdx.quote.body_size", 50, size);
        return {};
    }

    Status signature_section() {
        LUMOZ_TRY(const std::uint32_t size, in_.le<std::uint32_t>());
        LUMOZ_TRY(quote_.parts_.signature_section, piece(in_, 0, size));
        const std::size_t base = quote_.parts_.signature_section.begin;
        Reader in(quote_.parts_.signature_section.in(bytes_), kTruncated, "tdx.quote.signature_section",
                  base);
        static_assert(kSignatureSize == kKeySize);
        for (Span* part : {&quote_.parts_.signature, &quote_.parts_.attestation_key}) {
            LUMOZ_TRY(*part, piece(in, base, kKeySize));
        }
        if (quote_.version_ == 3) return qe_part(in, base);

        const std::size_t type_at = base + in.offset();
        LUMOZ_TRY(const std::uint16_t type, in.le<std::uint16_t>());
        if (type != kCertTypeQeReport)
            return bad(Errc::Refused, "E_QUOTE_CERT_TYPE", "tdx.quote.envelope_type", type_at, type);
        LUMOZ_TRY(const std::uint32_t envelope, in.le<std::uint32_t>());
        const std::size_t envelope_at = in.offset();
        LUMOZ_TRY(const ByteView content, in.take(envelope));
        if (in.left() != 0)
            return bad(Errc::Malformed, "E_QUOTE_LENGTHS", "tdx.quote.envelope_size", type_at + 2, envelope);
        Reader inner(content, kTruncated, "tdx.quote.envelope", base + envelope_at);
        return qe_part(inner, base + envelope_at);
    }

    /// QE report to certification data; `base` is the offset of the reader's first byte in the quote.
    Status qe_part(Reader& in, std::size_t base) {
        LUMOZ_TRY(quote_.parts_.qe_report, piece(in, base, kSgxReportSize));
        LUMOZ_TRY(quote_.parts_.qe_report_signature, piece(in, base, kSignatureSize));
        LUMOZ_TRY(const std::uint16_t auth, in.le<std::uint16_t>());
        LUMOZ_TRY(quote_.parts_.qe_auth, piece(in, base, auth));
        const std::size_t type_at = base + in.offset();
        LUMOZ_TRY(const ByteView certification, in.take(6));
        quote_.cert_type_ = static_cast<std::uint16_t>(little_endian(certification.first(2)));
        const std::uint64_t size = little_endian(certification.subspan(2));
        if (quote_.cert_type_ < 1 || quote_.cert_type_ > kCertTypePckChain)
            return bad(Errc::Refused, "E_QUOTE_CERT_TYPE", "tdx.quote.cert_type", type_at, quote_.cert_type_);
        LUMOZ_TRY(quote_.parts_.cert_data, piece(in, base, size));
        if (in.left() != 0)
            return bad(Errc::Malformed, "E_QUOTE_LENGTHS", "tdx.quote.cert_size", type_at + 2, size);
        return {};
    }

    static Result<Span> piece(Reader& in, std::size_t base, std::uint64_t size) {
        const std::size_t begin = base + in.offset();
        LUMOZ_TRY(const ByteView view, in.take(size));
        return Span{begin, view.size()};
    }

    ByteView bytes_;
    Reader in_;
    Quote quote_;
};

Result<Quote> Quote::parse(ByteView bytes) {
    if (bytes.size() > kMaxQuoteSize)
        return fail(Errc::Malformed, "E_QUOTE_TOO_LARGE", "tdx.quote.size",
                    "offset " + std::to_string(kMaxQuoteSize) + ": " + std::to_string(bytes.size()) +
                        " bytes, at most " + std::to_string(kMaxQuoteSize));
    return QuoteParser(bytes).run();
}

Status Quote::check_trailing() const {
    const ByteView rest = trailing();
    // All equal to their neighbour and the first zero: one pass at the speed of memory.
    if (rest.empty() || (rest[0] == 0 && equal(rest.first(rest.size() - 1), rest.subspan(1)))) return {};
    const auto it = std::ranges::find_if(rest, [](std::uint8_t b) { return b != 0; });
    const auto at = parts_.signature_section.end() + static_cast<std::size_t>(it - rest.begin());
    return fail(Errc::Malformed, "E_QUOTE_TRAILING", "tdx.quote.trailing",
                "offset " + std::to_string(at) + ": not zero");
}

std::optional<ByteView> Quote::field(std::string_view name) const {
    const Field* f = find_field(body_kind_, name);
    if (f == nullptr) return std::nullopt;
    return body().subspan(f->offset, f->size);
}

std::optional<std::uint64_t> Quote::integer(std::string_view name) const {
    const auto raw = field(name);
    if (!raw || raw->size() > 8) return std::nullopt;
    return little_endian(*raw);
}

ByteView Quote::qe_field(std::string_view name) const {
    const Field* f = find_field(BodyKind::SgxReport, name);
    return f == nullptr ? ByteView{} : qe_report().subspan(f->offset, f->size);
}

ReportData Quote::report_data() const {
    ReportData out;
    std::ranges::copy(*field("report_data"), out.bytes.begin());
    return out;
}

Digest384 Quote::rtmr(unsigned n) const {
    const auto raw = field("rtmr" + std::to_string(n));
    return raw ? fixed_prefix<Digest384>(*raw) : Digest384();
}

}  // namespace lumoz::evidence
