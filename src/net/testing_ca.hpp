// SPDX-License-Identifier: Apache-2.0
// An authority for tests: it writes certificates as it is told, good and bad ones.
#pragma once

#include "crypto/der.hpp"
#include "crypto/p256.hpp"

#include <string>
#include <vector>

namespace lumoz::net::testing {

struct CaRequest {
    std::string subject;
    crypto::P256Public key;
    std::vector<std::string> names = {};  ///< DNS names for subjectAltName
    bool authority = false;
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    std::string_view usage = "1.3.6.1.5.5.7.3.1";  ///< extendedKeyUsage of a leaf: serverAuth
};

inline Bytes name_of(const std::string& text) {
    namespace der = crypto::der;
    return der::sequence({der::set({der::sequence({der::oid("2.5.4.3"), der::utf8(text)})})});
}

/// PEM, signed by `signer` in the name of `issuer`.
inline std::string issue(const CaRequest& request, const std::string& issuer, const crypto::P256Key& signer) {
    namespace der = crypto::der;
    const Bytes algorithm = der::sequence({der::oid("1.2.840.10045.4.3.2")});
    Bytes extensions = der::sequence(
        {der::oid("2.5.29.19"), der::boolean(true),
         der::octet_string(request.authority ? der::sequence({der::boolean(true)}) : der::sequence({}))});
    if (!request.authority) {
        Bytes names;
        for (const std::string& name : request.names)
            append(names, der::element(0x82, as_bytes(name)));
        append(extensions, der::sequence({der::oid("2.5.29.17"),
                                          der::octet_string(der::element(der::kSequence, names))}));
        append(extensions, der::sequence({der::oid("2.5.29.37"),
                                          der::octet_string(der::sequence({der::oid(request.usage)}))}));
    }
    const Bytes tbs = der::sequence(
        {der::context(0, der::integer(std::uint64_t{2})), der::integer(std::uint64_t{77}), algorithm,
         name_of(issuer), der::sequence({der::time(request.not_before), der::time(request.not_after)}),
         name_of(request.subject), crypto::p256_spki(request.key),
         der::context(3, der::element(der::kSequence, extensions))});
    const Bytes signature = crypto::p256_signature_to_der(signer.sign(tbs));
    return der::to_pem("CERTIFICATE", der::sequence({tbs, algorithm, der::bit_string(signature)}));
}

/// A root, an intermediate that it signed, and leaves of that.
struct TestCa {
    crypto::P256Key root_key = crypto::P256Key::generate();
    crypto::P256Key middle_key = crypto::P256Key::generate();
    std::int64_t from = 0;
    std::int64_t until = 4'000'000'000;

    [[nodiscard]] std::string root() const { return under_root("root", root_key); }
    [[nodiscard]] std::string middle(bool authority = true) const {
        return under_root("middle", middle_key, authority);
    }
    [[nodiscard]] std::string leaf(const CaRequest& request) const {
        return issue(request, "middle", middle_key);
    }
    /// Leaf and intermediate.
    [[nodiscard]] std::string chain(const crypto::P256Public& key, std::vector<std::string> names,
                                    std::int64_t not_before, std::int64_t not_after) const {
        return leaf({.subject = "leaf",
                     .key = key,
                     .names = std::move(names),
                     .not_before = not_before,
                     .not_after = not_after}) +
               middle();
    }

private:
    [[nodiscard]] std::string under_root(const std::string& subject, const crypto::P256Key& key,
                                         bool authority = true) const {
        return issue({.subject = subject,
                      .key = key.public_key(),
                      .authority = authority,
                      .not_before = from,
                      .not_after = until},
                     "root", root_key);
    }
};

}  // namespace lumoz::net::testing
