// SPDX-License-Identifier: Apache-2.0
// What new TLS connections see: key and certificate, self-signed or imported.
#pragma once

#include "base/time.hpp"
#include "net/tls.hpp"

#include <optional>

namespace lumoz::app {

/// Key and certificate of one life.
struct TlsFace {
    std::shared_ptr<const crypto::P256Key> key;
    std::string certificate_pem;        ///< chain, leaf first
    std::optional<std::string> domain;  ///< for the keyset: the first name that is no address
    std::shared_ptr<const net::TlsContext> context;
};

/// A face whose certificate is signed by its own key. Errors of `net::TlsContext::server`.
Result<TlsFace> self_signed_face(std::shared_ptr<const crypto::P256Key> key,
                                 const std::vector<std::string>& names, UnixTime not_before,
                                 UnixTime not_after);

}  // namespace lumoz::app
