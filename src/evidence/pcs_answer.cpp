// SPDX-License-Identifier: Apache-2.0
#include "evidence/pcs_answer.hpp"

#include "base/hex.hpp"
#include "base/json.hpp"
#include "evidence/pck.hpp"

namespace lumoz::evidence {
namespace {

constexpr std::size_t kMaxCertificates = 4;

std::unexpected<Error> bad(std::string detail) {
    return fail(Errc::Malformed, "E_CERT_PARSE", "collateral.chain_header", std::move(detail));
}

/// The byte of the two digits behind a '%', or -1.
int octet(std::string_view digits) {
    const auto raw = from_hex(digits.substr(0, 2));
    return raw && !raw->empty() ? raw->front() : -1;
}

bool is_pem_char(int c) {
    return (c >= ' ' && c < 0x7f && c != '%') || c == '\r' || c == '\n';
}

}  // namespace

Result<std::string> decode_chain_header(std::string_view value) {
    if (value.size() > kMaxChainHeader) return bad("more than 24 KiB");
    std::string text;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const bool encoded = value[i] == '%';
        const int c = encoded ? octet(value.substr(i + 1)) : static_cast<unsigned char>(value[i]);
        // A '%' that comes out of the decoding was encoded twice.
        if (!is_pem_char(c)) return bad("offset " + std::to_string(i));
        if (encoded) i += 2;
        text.push_back(static_cast<char>(c));
    }
    LUMOZ_TRY(const std::vector<Bytes> certificates, split_certificates(text));
    if (certificates.empty() || certificates.size() > kMaxCertificates)
        return bad(std::to_string(certificates.size()) + " certificates");
    return text;
}

Result<SignedText> cut_signed_text(std::string_view body, std::string_view member) {
    const auto bad_answer = [member](std::string_view why) {
        return fail(Errc::Malformed, "E_COLLATERAL_ANSWER", "collateral.answer",
                    std::string(member) + ": " + std::string(why));
    };
    const auto document = json::Document::parse(body, {.max_bytes = kMaxPcsBody, .max_depth = 17});
    if (!document) return bad_answer(document.error().detail);
    const auto text = document->root().find(member);
    if (!text || !text->is_object()) return bad_answer("is not there");
    const auto signature = document->root().find("signature");
    const auto hex = signature ? signature->as_string() : std::nullopt;
    if (!hex) return bad_answer("no signature");
    return SignedText{.text = std::string(text->raw()), .signature = *hex};
}

}  // namespace lumoz::evidence
