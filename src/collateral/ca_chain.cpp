// SPDX-License-Identifier: Apache-2.0
#include "collateral/ca_chain.hpp"

#include "crypto/sha2.hpp"

namespace lumoz::collateral {
namespace {

namespace der = crypto::der;

constexpr std::string_view kRootName = "Intel SGX Root CA";
constexpr std::size_t kMaxUri = 256;
/// Context tags on the way to a URI (RFC 5280): extensions, distributionPoint, fullName, and the URI itself.
constexpr std::uint8_t kExtensions = 0xa3, kPoint = 0xa0, kFullName = 0xa0, kUri = 0x86;
/// 2.5.29.31
constexpr std::uint8_t kDistributionPoints[] = {0x55, 0x1d, 0x1f};

std::unexpected<Error> bad(std::string_view rule, std::string detail = {}) {
    return fail(Errc::Refused, rule, "collateral.ca_chain", std::move(detail));
}

Result<verify::Chain> read_chain(std::string_view pem, std::size_t count, verify::Memo& memo) {
    LUMOZ_TRY(const std::vector<Bytes> certificates, evidence::split_certificates(pem));
    if (certificates.size() != count)
        return bad("E_CHAIN_LENGTH",
                   std::to_string(certificates.size()) + " certificates, want " + std::to_string(count));
    verify::Chain chain;
    for (const Bytes& certificate : certificates) {
        LUMOZ_TRY(verify::CertPtr parsed, memo.certificate(certificate));
        chain.push_back(std::move(parsed));
    }
    return chain;
}

Status check_links(const verify::Chain& chain, const verify::RootPins& roots, verify::Memo& memo) {
    const evidence::Certificate& root = *chain.back();
    if (!roots.accepts(crypto::sha256(root.spki()))) return bad("E_CHAIN_ROOT_UNTRUSTED");
    if (root.common_name() != kRootName) return bad("E_CHAIN_NAME", "root");
    for (std::size_t i = 0; i < chain.size(); ++i) {
        const evidence::Certificate& child = *chain[i];
        const evidence::Certificate& parent = *chain[std::min(i + 1, chain.size() - 1)];
        if (!equal(child.issuer(), parent.subject())) return bad("E_CHAIN_NAME", "issuer");
        if (!memo.verify(parent.key, child.digest(), child.signature)) return bad("E_CHAIN_SIGNATURE");
        if (!child.ca || !child.key_cert_sign) return bad("E_CERT_EXTENSION", "not an authority");
    }
    return {};
}

/// Content of the extension's OCTET STRING, or nothing.
std::optional<ByteView> find_extension(ByteView extensions, ByteView oid) {
    der::Cursor list(extensions);
    while (!list.done()) {
        const auto extension = list.expect(der::kSequence);
        if (!extension) return std::nullopt;
        der::Cursor parts(extension->content);
        const auto id = parts.expect(der::kOid);
        if (!id) return std::nullopt;
        if (!equal(id->content, oid)) continue;
        if (parts.peek() == der::kBoolean && !parts.next()) return std::nullopt;
        const auto value = parts.expect(der::kOctetString);
        return value ? std::optional(value->content) : std::nullopt;
    }
    return std::nullopt;
}

/// The first element of each constructed value in turn; the content of the last.
std::optional<ByteView> descend(ByteView data, std::initializer_list<std::uint8_t> tags) {
    for (const std::uint8_t tag : tags) {
        const auto inner = der::Cursor(data).expect(tag);
        if (!inner) return std::nullopt;
        data = inner->content;
    }
    return data;
}

}  // namespace

Result<verify::Chain> check_root(std::string_view pem, const verify::RootPins& roots, verify::Memo& memo) {
    LUMOZ_TRY(verify::Chain chain, read_chain(pem, 1, memo));
    LUMOZ_CHECK_OK(check_links(chain, roots, memo));
    return chain;
}

Result<verify::Chain> check_ca_chain(std::string_view pem, PckCa ca, const verify::RootPins& roots,
                                     verify::Memo& memo) {
    LUMOZ_TRY(verify::Chain chain, read_chain(pem, 2, memo));
    LUMOZ_CHECK_OK(check_links(chain, roots, memo));
    if (chain.front()->common_name() != common_name(ca)) return bad("E_CHAIN_NAME", "another PCK CA");
    return chain;
}

std::optional<std::string> crl_uri(const evidence::Certificate& certificate) {
    const auto signed_part = der::Cursor(certificate.tbs()).expect(der::kSequence);
    if (!signed_part) return std::nullopt;
    der::Cursor members(signed_part->content);
    while (!members.done() && members.peek() != kExtensions)
        if (!members.next()) return std::nullopt;
    const auto extensions = members.expect(kExtensions);
    if (!extensions) return std::nullopt;
    const auto list = descend(extensions->content, {der::kSequence});
    const auto points = list ? find_extension(*list, kDistributionPoints) : std::nullopt;
    if (!points) return std::nullopt;
    const auto uri = descend(*points, {der::kSequence, der::kSequence, kPoint, kFullName, kUri});
    if (!uri || uri->empty() || uri->size() > kMaxUri) return std::nullopt;
    const bool plain = std::ranges::all_of(*uri, [](std::uint8_t c) { return c > ' ' && c < 0x7f; });
    return plain ? std::optional<std::string>(as_text(*uri)) : std::nullopt;
}

}  // namespace lumoz::collateral
