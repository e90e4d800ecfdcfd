// SPDX-License-Identifier: Apache-2.0
// The readers of certificates and their SGX extension: accepted or a named error, never more. What is
// accepted as a certificate is one for OpenSSL too, with the same key and serial.
#include "evidence/pck.hpp"
#include "fuzz.hpp"

#include <openssl/x509.h>

namespace {

using lumoz::fuzz::hold;

void compare_with_openssl(const lumoz::evidence::Certificate& ours) {
    const unsigned char* at = ours.der().data();
    X509* theirs = d2i_X509(nullptr, &at, static_cast<long>(ours.der().size()));
    hold(theirs != nullptr);
    const unsigned char* point = nullptr;
    int length = 0;
    hold(X509_PUBKEY_get0_param(nullptr, &point, &length, nullptr, X509_get_X509_PUBKEY(theirs)) == 1);
    hold(length == 65 && lumoz::equal(ours.key.view(), lumoz::ByteView(point + 1, 64)));
    const ASN1_INTEGER* serial = X509_get0_serialNumber(theirs);
    lumoz::ByteView stated = ours.serial();
    if (stated.size() > 1 && stated[0] == 0) stated = stated.subspan(1);
    hold(lumoz::equal(stated, lumoz::ByteView(ASN1_STRING_get0_data(serial),
                                              static_cast<std::size_t>(ASN1_STRING_length(serial)))));
    X509_free(theirs);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace evidence = lumoz::evidence;
    const lumoz::ByteView bytes(data, size);
    if (const auto certificate = evidence::Certificate::parse(bytes)) {
        compare_with_openssl(*certificate);
        const auto extension = evidence::parse_pck_extension(*certificate);
        hold(extension.has_value() || extension.error().rule == "E_PCK_EXTENSION");
    } else {
        hold(certificate.error().rule.starts_with("E_CERT_"));
    }
    const auto chain = evidence::split_certificates(lumoz::as_text(bytes));
    hold(chain.has_value() || chain.error().rule == "E_CERT_PARSE");
    return 0;
}
