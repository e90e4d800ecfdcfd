// SPDX-License-Identifier: Apache-2.0
#include "evidence/web_certificate.hpp"

#include "crypto/der.hpp"
#include "crypto/sha2.hpp"
#include "evidence/der_profile.hpp"

#include <array>
#include <map>

namespace lumoz::evidence {

namespace der = crypto::der;

namespace {

constexpr std::size_t kMostNames = 256;
constexpr std::size_t kMostPem = std::size_t{64} << 10;
constexpr std::uint8_t kSubjectAltName[] = {0x55, 0x1d, 0x11};

std::unexpected<Error> bad(std::string detail) {
    return fail(Errc::Refused, "E_CERT_PARSE", "cert.web", std::move(detail));
}

Status read_names(ByteView extension, std::vector<std::string>& out) {
    constexpr std::uint8_t kDnsName = 0x82;
    der::Cursor file(extension);
    LUMOZ_TRY(const der::Element list, file.expect(der::kSequence));
    LUMOZ_CHECK_OK(file.end());
    der::Cursor names(list.content);
    while (!names.done()) {
        LUMOZ_TRY(const der::Element name, names.next());
        if (name.tag != kDnsName) continue;
        if (out.size() == kMostNames) return bad("more than 256 names");
        out.emplace_back(as_text(name.content));
        for (const char c : out.back())
            if (c <= ' ' || c > '~') return bad("a name is not printable ASCII");
    }
    return {};
}

Status read_extensions(ByteView content, WebCertificate& out) {
    der::Cursor file(content);
    LUMOZ_TRY(const der::Element list, file.expect(der::kSequence));
    LUMOZ_CHECK_OK(file.end());
    der::Cursor extensions(list.content);
    bool seen = false;
    while (!extensions.done()) {
        LUMOZ_TRY(const der::Element extension, extensions.expect(der::kSequence));
        der::Cursor in(extension.content);
        LUMOZ_TRY(const der::Element oid, in.expect(der::kOid));
        if (in.peek() == der::kBoolean) {
            LUMOZ_CHECK_OK(in.next());
        }
        LUMOZ_TRY(const der::Element value, in.expect(der::kOctetString));
        LUMOZ_CHECK_OK(in.end());
        if (!equal(oid.content, kSubjectAltName)) continue;
        if (seen) return bad("subjectAltName twice");
        seen = true;
        LUMOZ_CHECK_OK(read_names(value.content, out.dns_names));
    }
    return {};
}

/// Elements of these tags, in this order.
template <std::size_t N>
Result<std::array<der::Element, N>> read_parts(der::Cursor& in, const std::uint8_t (&tags)[N]) {
    std::array<der::Element, N> out{};
    for (std::size_t i = 0; i < N; ++i) {
        LUMOZ_TRY(out[i], in.expect(tags[i]));
    }
    return out;
}

Status read_dates(ByteView validity, WebCertificate& out) {
    der::Cursor in(validity);
    for (UnixTime* date : {&out.not_before, &out.not_after}) {
        LUMOZ_TRY(const der::Element element, in.next());
        LUMOZ_TRY(*date, der::to_time(element));
    }
    return in.end();
}

Status read_tbs(ByteView tbs, WebCertificate& out) {
    constexpr std::uint8_t kVersion = 0xa0, kExtensions = 0xa3;
    der::Cursor in(tbs);
    LUMOZ_TRY(const auto parts, read_parts(in, {kVersion, der::kInteger, der::kSequence, der::kSequence,
                                                der::kSequence, der::kSequence, der::kSequence}));
    const auto& [version, serial, algorithm, issuer, validity, subject, spki] = parts;
    if (version.content.empty() || serial.content.empty() || algorithm.content.empty())
        return bad("an empty field");
    LUMOZ_CHECK_OK(read_dates(validity.content, out));
    out.spki_sha256 = crypto::sha256(spki.whole);
    while (!in.done()) {
        LUMOZ_TRY(const der::Element part, in.next());
        if (part.tag != kExtensions) continue;
        LUMOZ_CHECK_OK(in.end());
        LUMOZ_CHECK_OK(read_extensions(part.content, out));
    }
    return {};
}

Status read_certificate(ByteView der, WebCertificate& out) {
    der::Cursor file(der);
    LUMOZ_TRY(const der::Element whole, file.expect(der::kSequence));
    LUMOZ_CHECK_OK(file.end());
    der::Cursor in(whole.content);
    LUMOZ_TRY(const auto parts, read_parts(in, {der::kSequence, der::kSequence, der::kBitString}));
    LUMOZ_CHECK_OK(in.end());
    return read_tbs(parts[0].content, out);
}

/// RFC 4648 base32 without padding, lower case; unused bits zero.
std::optional<Bytes> from_base32(std::string_view text) {
    Bytes out;
    std::uint32_t bits = 0;
    unsigned have = 0;
    for (const char c : text) {
        std::uint32_t digit = 0;
        if (c >= 'a' && c <= 'z') {
            digit = static_cast<std::uint32_t>(c - 'a');
        } else if (c >= '2' && c <= '7') {
            digit = static_cast<std::uint32_t>(c - '2') + 26;
        } else {
            return std::nullopt;
        }
        bits = (bits << 5 | digit) & 0xfff;
        have += 5;
        if (have < 8) continue;
        have -= 8;
        out.push_back(static_cast<std::uint8_t>(bits >> have));
    }
    if (have >= 5 || (bits & ((1U << have) - 1)) != 0) return std::nullopt;
    return out;
}

}  // namespace

Result<WebCertificate> WebCertificate::parse(ByteView der) {
    WebCertificate out;
    const Status read = read_certificate(der, out);
    if (read) return out;
    const Error& e = read.error();
    if (e.rule == "E_CERT_PARSE") return std::unexpected(e);
    return bad(profile::nested(e));
}

Result<WebCertificate> WebCertificate::parse_pem(std::string_view pem) {
    if (pem.size() > kMostPem) return bad("larger than 64 KiB");
    const auto blocks = der::parse_pem(pem);
    if (!blocks || blocks->empty() || blocks->front().label != "CERTIFICATE")
        return bad("not a PEM certificate");
    return parse(blocks->front().der);
}

std::optional<Bytes> WebCertificate::carried(std::string_view label) const {
    const std::string marker = "." + std::string(label) + ".";
    std::map<std::string, std::string> chunks;
    for (const std::string& name : dns_names) {
        const std::size_t dot = name.find(marker);
        if (dot == std::string::npos || dot < 3 || name.find('.') != dot) continue;
        if (!chunks.emplace(name.substr(0, 2), name.substr(2, dot - 2)).second) return std::nullopt;
    }
    if (chunks.empty()) return std::nullopt;
    std::string text;
    unsigned next = 0;
    for (const auto& [number, chunk] : chunks) {
        const std::string want{static_cast<char>('0' + next / 10), static_cast<char>('0' + next % 10)};
        if (number != want) return std::nullopt;
        ++next;
        text += chunk;
    }
    return from_base32(text);
}

}  // namespace lumoz::evidence
