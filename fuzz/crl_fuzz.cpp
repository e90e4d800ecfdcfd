// SPDX-License-Identifier: Apache-2.0
// The reader of revocation lists against OpenSSL's: what ours accepts is a list for OpenSSL too, with the
// same issuer, dates, key id, signature and serial numbers. The same bytes as text go through the decoder.
#include "crypto/sha2.hpp"
#include "evidence/crl.hpp"
#include "openssl.hpp"

#include <openssl/x509.h>

namespace {

using lumoz::ByteView;
using lumoz::equal;
using lumoz::evidence::Crl;
using lumoz::fuzz::bytes_of;
using lumoz::fuzz::hold;
using lumoz::fuzz::Owned;

/// Content bytes of a serial number in DER.
lumoz::Bytes content_of(const ASN1_INTEGER* serial) {
    const ByteView magnitude = bytes_of(serial);
    lumoz::Bytes out;
    if (magnitude.empty() || (magnitude[0] & 0x80) != 0) out.push_back(0);
    lumoz::append(out, magnitude);
    return out;
}

void compare_entries(const Crl& ours, X509_CRL* theirs) {
    STACK_OF(X509_REVOKED)* const entries = X509_CRL_get_REVOKED(theirs);
    const int count = entries == nullptr ? 0 : sk_X509_REVOKED_num(entries);
    hold(ours.revoked_count() == static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        const X509_REVOKED* const entry = sk_X509_REVOKED_value(entries, i);
        hold(ours.lists(content_of(X509_REVOKED_get0_serialNumber(entry))));
        std::tm date{};
        hold(ASN1_TIME_to_tm(X509_REVOKED_get0_revocationDate(entry), &date) == 1);
    }
    lumoz::Bytes longer{0x01};
    longer.resize(64, 0x5a);
    if (count == 0) hold(!ours.lists(longer));
}

void compare_with_openssl(const Crl& ours) {
    const unsigned char* at = ours.der().data();
    const Owned<X509_CRL, X509_CRL_free> held(
        d2i_X509_CRL(nullptr, &at, static_cast<long>(ours.der().size())));
    X509_CRL* const theirs = held.get();
    hold(theirs != nullptr && at == ours.der().data() + ours.der().size());
    hold(X509_CRL_get_version(theirs) == 1);
    hold(equal(bytes_of(X509_CRL_get_issuer(theirs)), ours.issuer()));
    hold(lumoz::fuzz::same_time(X509_CRL_get0_lastUpdate(theirs), ours.this_update));
    const ASN1_TIME* const next = X509_CRL_get0_nextUpdate(theirs);
    hold((next != nullptr) == ours.next_update.has_value());
    hold(next == nullptr || lumoz::fuzz::same_time(next, *ours.next_update));
    hold(lumoz::fuzz::same_signed_part(theirs, i2d_re_X509_CRL_tbs, ours.tbs()));
    hold(lumoz::crypto::sha256(ours.tbs()) == ours.digest());
    const ASN1_BIT_STRING* signature = nullptr;
    X509_CRL_get0_signature(theirs, &signature, nullptr);
    hold(equal(lumoz::crypto::p256_signature_to_der(ours.signature), bytes_of(signature)));
    hold((X509_CRL_get_ext_by_NID(theirs, NID_crl_number, -1) >= 0) == ours.has_number());
    const Owned<AUTHORITY_KEYID, AUTHORITY_KEYID_free> authority(static_cast<AUTHORITY_KEYID*>(
        X509_CRL_get_ext_d2i(theirs, NID_authority_key_identifier, nullptr, nullptr)));
    if (authority && authority->keyid != nullptr)
        hold(equal(bytes_of(authority->keyid), ours.authority_key_id()));
    compare_entries(ours, theirs);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace evidence = lumoz::evidence;
    const ByteView bytes(data, size);
    if (const auto crl = Crl::parse(bytes)) {
        compare_with_openssl(*crl);
    } else {
        hold(crl.error().rule == "E_CRL_PARSE");
    }
    const auto decoded = evidence::decode_crl(lumoz::as_text(bytes));
    hold(decoded.has_value() || decoded.error().rule == "E_CRL_PARSE");
    return 0;
}
