// SPDX-License-Identifier: Apache-2.0
// Revocation lists: accepted or E_CRL_PARSE. What is accepted is a list for OpenSSL too, with the same dates,
// signature and entries.
#include "crypto/p256.hpp"
#include "evidence/crl.hpp"
#include "fuzz.hpp"

#include <openssl/x509.h>

namespace {

using lumoz::fuzz::hold;

void compare_with_openssl(const lumoz::evidence::Crl& ours) {
    const unsigned char* at = ours.der().data();
    X509_CRL* theirs = d2i_X509_CRL(nullptr, &at, static_cast<long>(ours.der().size()));
    hold(theirs != nullptr && at == ours.der().data() + ours.der().size());
    hold((X509_CRL_get0_nextUpdate(theirs) != nullptr) == ours.next_update.has_value());
    tm time{};
    hold(ASN1_TIME_to_tm(X509_CRL_get0_lastUpdate(theirs), &time) == 1 && timegm(&time) == ours.this_update);
    const ASN1_BIT_STRING* signature = nullptr;
    X509_CRL_get0_signature(theirs, &signature, nullptr);
    const lumoz::ByteView der(ASN1_STRING_get0_data(signature),
                              static_cast<std::size_t>(ASN1_STRING_length(signature)));
    const auto raw = lumoz::crypto::p256_signature_from_der(der);
    hold(raw.has_value() && *raw == ours.signature);
    STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(theirs);
    const int count = entries == nullptr ? 0 : sk_X509_REVOKED_num(entries);
    hold(static_cast<std::size_t>(count) == ours.revoked_count());
    for (int i = 0; i < count; ++i) {
        const ASN1_INTEGER* serial = X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, i));
        lumoz::Bytes content(ASN1_STRING_get0_data(serial),
                             ASN1_STRING_get0_data(serial) + ASN1_STRING_length(serial));
        // OpenSSL keeps the magnitude; DER puts a zero before a leading one bit.
        if (content.empty() || (content[0] & 0x80) != 0) content.insert(content.begin(), 0);
        hold(ours.lists(content));
    }
    X509_CRL_free(theirs);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const lumoz::ByteView bytes(data, size);
    if (const auto crl = lumoz::evidence::Crl::parse(bytes)) {
        compare_with_openssl(*crl);
    } else {
        hold(crl.error().rule == "E_CRL_PARSE");
    }
    const auto decoded = lumoz::evidence::decode_crl(lumoz::as_text(bytes));
    hold(decoded.has_value() || decoded.error().rule == "E_CRL_PARSE");
    return 0;
}
