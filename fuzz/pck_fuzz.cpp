// SPDX-License-Identifier: Apache-2.0
// The reader of certificates against OpenSSL's: what ours accepts is a certificate for OpenSSL too, with the
// same names, serial, dates, key, signature and extensions. What it refuses has a named error. The same bytes
// as text go through the PEM reader.
#include "crypto/sha2.hpp"
#include "evidence/pck.hpp"
#include "openssl.hpp"

#include <openssl/x509.h>

namespace {

using lumoz::ByteView;
using lumoz::equal;
using lumoz::evidence::Certificate;
using lumoz::fuzz::bytes_of;
using lumoz::fuzz::hold;
using lumoz::fuzz::Owned;

void compare_extensions(const Certificate& ours, const X509* theirs) {
    const auto get = [&](int nid) {
        int found = 0;
        void* value = X509_get_ext_d2i(theirs, nid, &found, nullptr);
        // -2: twice.
        hold(found != -2);
        return value;
    };
    const Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> subject(
        static_cast<ASN1_OCTET_STRING*>(get(NID_subject_key_identifier)));
    hold(subject && equal(bytes_of(subject.get()), ours.subject_key_id()));
    const Owned<AUTHORITY_KEYID, AUTHORITY_KEYID_free> authority(
        static_cast<AUTHORITY_KEYID*>(get(NID_authority_key_identifier)));
    // The issuer's name, which nothing here reads, may be one that OpenSSL does not.
    if (authority && authority->keyid != nullptr)
        hold(equal(bytes_of(authority->keyid), ours.authority_key_id()));
    const Owned<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free> constraints(
        static_cast<BASIC_CONSTRAINTS*>(get(NID_basic_constraints)));
    hold(constraints && (constraints->ca != 0) == ours.ca);
    const Owned<ASN1_BIT_STRING, ASN1_BIT_STRING_free> usage(
        static_cast<ASN1_BIT_STRING*>(get(NID_key_usage)));
    constexpr int kDigitalSignature = 0, kKeyCertSign = 5;
    hold(usage && (ASN1_BIT_STRING_get_bit(usage.get(), kDigitalSignature) != 0) == ours.digital_signature);
    hold((ASN1_BIT_STRING_get_bit(usage.get(), kKeyCertSign) != 0) == ours.key_cert_sign);
    hold(X509_get_ext_by_NID(theirs, NID_crl_distribution_points, -1) >= 0);

    const Owned<ASN1_OBJECT, ASN1_OBJECT_free> sgx(OBJ_txt2obj("1.2.840.113741.1.13.1", 1));
    const int at = X509_get_ext_by_OBJ(theirs, sgx.get(), -1);
    if (at < 0) {
        hold(ours.sgx_extension().empty());
    } else {
        hold(equal(bytes_of(X509_EXTENSION_get_data(X509_get_ext(theirs, at))), ours.sgx_extension()));
        hold(X509_get_ext_by_OBJ(theirs, sgx.get(), at) < 0);
    }
}

void compare_with_openssl(const Certificate& ours) {
    const unsigned char* at = ours.der().data();
    const Owned<X509, X509_free> held(d2i_X509(nullptr, &at, static_cast<long>(ours.der().size())));
    X509* const theirs = held.get();
    hold(theirs != nullptr && at == ours.der().data() + ours.der().size());
    hold(X509_get_version(theirs) == 2);
    hold(equal(bytes_of(X509_get_subject_name(theirs)), ours.subject()));
    hold(equal(bytes_of(X509_get_issuer_name(theirs)), ours.issuer()));
    hold(lumoz::fuzz::same_integer(X509_get0_serialNumber(theirs), ours.serial()));
    hold(lumoz::fuzz::same_time(X509_get0_notBefore(theirs), ours.not_before));
    hold(lumoz::fuzz::same_time(X509_get0_notAfter(theirs), ours.not_after));
    hold(lumoz::fuzz::same_signed_part(theirs, i2d_re_X509_tbs, ours.tbs()));
    hold(lumoz::crypto::sha256(ours.tbs()) == ours.digest());
    hold(lumoz::fuzz::same_signed_part(X509_get_X509_PUBKEY(theirs), i2d_X509_PUBKEY, ours.spki()));
    hold(lumoz::crypto::sha256(ours.spki()) == ours.spki_digest());
    const unsigned char* point = nullptr;
    int length = 0;
    hold(X509_PUBKEY_get0_param(nullptr, &point, &length, nullptr, X509_get_X509_PUBKEY(theirs)) == 1);
    hold(length == 65 && equal(ours.key.view(), ByteView(point + 1, 64)));
    const ASN1_BIT_STRING* signature = nullptr;
    X509_get0_signature(&signature, nullptr, theirs);
    hold(equal(lumoz::crypto::p256_signature_to_der(ours.signature), bytes_of(signature)));
    hold(X509_get_signature_nid(theirs) == NID_ecdsa_with_SHA256);
    compare_extensions(ours, theirs);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace evidence = lumoz::evidence;
    const ByteView bytes(data, size);
    if (const auto certificate = Certificate::parse(bytes)) {
        compare_with_openssl(*certificate);
        const auto extension = evidence::parse_pck_extension(*certificate);
        hold(extension.has_value() || extension.error().rule == "E_PCK_EXTENSION");
    } else {
        hold(certificate.error().rule == "E_CERT_PARSE" || certificate.error().rule == "E_CERT_EXTENSION");
    }
    const auto chain = evidence::split_certificates(lumoz::as_text(bytes));
    hold(chain.has_value() || chain.error().rule == "E_CERT_PARSE");
    return 0;
}
