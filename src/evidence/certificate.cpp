// SPDX-License-Identifier: Apache-2.0
// The strict reader of certificates; what it demands is the profile of specification tdx.md 3.
#include "crypto/sha2.hpp"
#include "evidence/der_profile.hpp"
#include "evidence/pck.hpp"

namespace lumoz::evidence {

namespace der = crypto::der;

namespace {

std::unexpected<Error> bad(std::string_view where, std::string detail = {}) {
    return fail(Errc::Refused, "E_CERT_PARSE", where, std::move(detail));
}

}  // namespace

class CertificateReader {
public:
    explicit CertificateReader(ByteView der) { cert_.der_ = to_bytes(der); }

    Result<Certificate> run() {
        const Status read = structure();
        if (!read) {
            const Error& e = read.error();
            if (e.rule != "E_DER") return std::unexpected(e);
            return bad("cert.der", profile::nested(e));
        }
        LUMOZ_CHECK_OK(required());
        return std::move(cert_);
    }

private:
    Status structure() {
        const ByteView all = cert_.der_;
        der::Cursor file(all);
        LUMOZ_TRY(const der::Element whole, file.expect(der::kSequence));
        LUMOZ_CHECK_OK(file.end());
        der::Cursor in(whole.content);
        LUMOZ_TRY(const der::Element tbs, in.expect(der::kSequence));
        cert_.tbs_ = profile::place(all, tbs.whole);
        cert_.digest_ = crypto::sha256(tbs.whole);
        LUMOZ_TRY(const der::Element algorithm, in.next());
        if (!equal(algorithm.whole, profile::kEcdsaSha256)) return bad("cert.signature_algorithm");
        LUMOZ_TRY(const ByteView bits, profile::read_signature_bits(in));
        LUMOZ_CHECK_OK(in.end());
        LUMOZ_TRY(cert_.signature, crypto::p256_signature_from_der(bits));
        return tbs_part(tbs.content);
    }

    Status tbs_part(ByteView tbs) {
        constexpr std::uint8_t kVersion3[] = {0xa0, 0x03, 0x02, 0x01, 0x02};
        constexpr std::uint8_t kExtensionsTag = 0xa3;
        const ByteView all = cert_.der_;
        der::Cursor in(tbs);
        LUMOZ_TRY(const der::Element version, in.next());
        if (!equal(version.whole, kVersion3)) return bad("cert.version");
        LUMOZ_TRY(const der::Element serial, in.expect(der::kInteger));
        LUMOZ_CHECK_OK(profile::check_integer(serial.content));
        cert_.serial_ = profile::place(all, serial.content);
        LUMOZ_TRY(const der::Element algorithm, in.next());
        if (!equal(algorithm.whole, profile::kEcdsaSha256)) return bad("cert.inner_algorithm");
        LUMOZ_TRY(const profile::Name issuer, profile::read_name(in));
        cert_.issuer_ = profile::place(all, issuer.whole);
        LUMOZ_TRY(const der::Element validity, in.expect(der::kSequence));
        LUMOZ_CHECK_OK(validity_part(validity.content));
        LUMOZ_TRY(const profile::Name subject, profile::read_name(in));
        cert_.subject_ = profile::place(all, subject.whole);
        cert_.common_name_ = subject.common_name;
        LUMOZ_TRY(const der::Element spki, in.next());
        LUMOZ_CHECK_OK(key_part(spki.whole));
        if (in.done()) return {};
        LUMOZ_TRY(const der::Element extensions, in.expect(kExtensionsTag));
        LUMOZ_CHECK_OK(in.end());
        return extensions_part(extensions.content);
    }

    Status validity_part(ByteView content) {
        der::Cursor in(content);
        LUMOZ_TRY(const der::Element before, in.next());
        LUMOZ_TRY(cert_.not_before, der::to_time(before));
        LUMOZ_TRY(const der::Element after, in.next());
        LUMOZ_TRY(cert_.not_after, der::to_time(after));
        return in.end();
    }

    Status key_part(ByteView spki) {
        constexpr std::size_t kPrefix = sizeof profile::kP256SpkiPrefix;
        if (spki.size() != kPrefix + kKeySize || !equal(spki.first(kPrefix), profile::kP256SpkiPrefix))
            return bad("cert.key");
        cert_.key = fixed_prefix<crypto::P256Public>(spki.subspan(kPrefix));
        if (!crypto::p256_check_point(cert_.key)) return bad("cert.key.point");
        cert_.spki_ = profile::place(cert_.der_, spki);
        cert_.spki_digest_ = crypto::sha256(spki);
        return {};
    }

    Status extensions_part(ByteView content) {
        LUMOZ_TRY(const std::vector<profile::Extension> extensions, profile::read_extensions(content));
        for (const profile::Extension& e : extensions) {
            LUMOZ_CHECK_OK(extension_part(e));
        }
        return {};
    }

    Status extension_part(const profile::Extension& e) {
        const ByteView all = cert_.der_;
        if (equal(e.oid, profile::kOidAuthorityKeyId)) {
            LUMOZ_TRY(const ByteView id, profile::read_authority_key_id(e.value));
            cert_.authority_key_id_ = profile::place(all, id);
            has_authority_ = true;
        } else if (equal(e.oid, profile::kOidSubjectKeyId)) {
            der::Cursor in(e.value);
            LUMOZ_TRY(const der::Element id, in.expect(der::kOctetString));
            LUMOZ_CHECK_OK(in.end());
            cert_.subject_key_id_ = profile::place(all, id.content);
            has_subject_ = true;
        } else if (equal(e.oid, profile::kOidCrlDistribution)) {
            der::Cursor in(e.value);
            LUMOZ_TRY(const der::Element points, in.expect(der::kSequence));
            LUMOZ_CHECK_OK(in.end());
            cert_.crl_url_ = profile::place(all, first_uri(points.content));
            has_distribution_ = true;
        } else if (equal(e.oid, profile::kOidKeyUsage)) {
            return key_usage_part(e.value);
        } else if (equal(e.oid, profile::kOidBasicConstraints)) {
            return basic_constraints_part(e.value);
        } else if (equal(e.oid, profile::kOidSgx)) {
            cert_.sgx_extension_ = profile::place(all, e.value);
        } else if (e.critical) {
            return bad("cert.extension.critical");
        }
        return {};
    }

    /// The URI of the first distribution point (fullName, one GeneralName). Only a hint where to look:
    /// another form gives nothing and is no error.
    static ByteView first_uri(ByteView points) {
        constexpr std::uint8_t kDistributionPoint = 0xa0, kFullName = 0xa0, kUri = 0x86;
        ByteView at = points;
        for (const std::uint8_t tag : {der::kSequence, kDistributionPoint, kFullName, kUri}) {
            der::Cursor in(at);
            const auto element = in.expect(tag);
            if (!element) return points.first(0);
            at = element->content;
        }
        return at;
    }

    Status key_usage_part(ByteView value) {
        der::Cursor in(value);
        LUMOZ_TRY(const der::Element bits, in.expect(der::kBitString));
        LUMOZ_CHECK_OK(in.end());
        if (bits.content.size() < 2 || bits.content.size() > 3 || bits.content[0] > 7)
            return bad("cert.key_usage");
        // DER: bits that are not used are zero.
        if ((bits.content.back() & ((1U << bits.content[0]) - 1)) != 0) return bad("cert.key_usage.unused");
        cert_.digital_signature = (bits.content[1] & 0x80) != 0;
        cert_.key_cert_sign = (bits.content[1] & 0x04) != 0;
        has_usage_ = true;
        return {};
    }

    Status basic_constraints_part(ByteView value) {
        der::Cursor outer(value);
        LUMOZ_TRY(const der::Element list, outer.expect(der::kSequence));
        LUMOZ_CHECK_OK(outer.end());
        der::Cursor in(list.content);
        if (in.peek() == der::kBoolean) {
            LUMOZ_TRY(const der::Element ca, in.next());
            if (ca.content.size() != 1 || ca.content[0] != 0xff) return bad("cert.basic_constraints.ca");
            cert_.ca = true;
        }
        if (in.peek() == der::kInteger) {
            LUMOZ_TRY(const der::Element length, in.next());
            LUMOZ_TRY([[maybe_unused]] const std::uint64_t path_length, der::to_uint(length.content));
        }
        has_constraints_ = true;
        return in.end();
    }

    Status required() const {
        const std::pair<bool, std::string_view> all[] = {{has_authority_, "authority key id"},
                                                         {has_subject_, "subject key id"},
                                                         {has_distribution_, "CRL distribution points"},
                                                         {has_usage_, "key usage"},
                                                         {has_constraints_, "basic constraints"}};
        for (const auto& [present, name] : all)
            if (!present)
                return fail(Errc::Refused, "E_CERT_EXTENSION", "cert.extensions",
                            "missing: " + std::string(name));
        return {};
    }

    Certificate cert_;
    bool has_authority_ = false, has_subject_ = false, has_distribution_ = false, has_usage_ = false,
         has_constraints_ = false;
};

Result<Certificate> Certificate::parse(ByteView der) {
    constexpr std::size_t kMost = 16384;
    if (der.size() > kMost) return bad("cert.size", std::to_string(der.size()) + " bytes");
    return CertificateReader(der).run();
}

Result<std::vector<Bytes>> split_certificates(std::string_view pem) {
    std::vector<Bytes> out;
    auto blocks = der::parse_pem(pem);
    if (!blocks) return bad("cert.pem", blocks.error().detail);
    for (der::PemBlock& block : *blocks) {
        if (block.label != "CERTIFICATE") return bad("cert.pem.label");
        out.push_back(std::move(block.der));
    }
    return out;
}

}  // namespace lumoz::evidence
