// SPDX-License-Identifier: Apache-2.0
#include "app/lumozd/tls_front.hpp"

namespace lumoz::app {
namespace {

std::optional<std::string> first_domain(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        const bool address =
            name.find(':') != std::string::npos || name.find_first_not_of("0123456789.") == std::string::npos;
        if (!address) return name;
    }
    return std::nullopt;
}

Result<TlsFace> make_face(std::shared_ptr<const crypto::P256Key> key, std::string certificate_pem,
                          const std::vector<std::string>& names) {
    std::string pem = key->private_pem_for_tls();
    Result<net::TlsContext> context = net::TlsContext::server(pem, certificate_pem);
    wipe(std::span(reinterpret_cast<std::uint8_t*>(pem.data()), pem.size()));
    if (!context) return std::unexpected(context.error());
    return TlsFace{std::move(key), std::move(certificate_pem), first_domain(names),
                   std::make_shared<const net::TlsContext>(std::move(*context))};
}

}  // namespace

Result<TlsFace> self_signed_face(std::shared_ptr<const crypto::P256Key> key,
                                 const std::vector<std::string>& names, UnixTime not_before,
                                 UnixTime not_after) {
    std::string pem = net::make_self_signed(*key, names, not_before, not_after);
    return make_face(std::move(key), std::move(pem), names);
}

}  // namespace lumoz::app
