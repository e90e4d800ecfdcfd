// SPDX-License-Identifier: Apache-2.0
// What new TLS connections see: key and certificate. Self-signed, each life of keys has a TLS key of its own.
// With `listen.tls.chain_file` a public authority certifies the key, which then goes on over lives until the
// chain of its successor is there: that one is asked for in `listen.tls.request_file` (docs/keys.md).
#pragma once

#include "crypto/p256.hpp"
#include "gateway/config.hpp"
#include "net/tls.hpp"
#include "net/tls_chain.hpp"

namespace lumoz::app {

using SharedTlsKey = std::shared_ptr<const crypto::P256Key>;

/// Key and certificate of one life.
struct TlsFace {
    SharedTlsKey key;
    std::string certificate_pem;              ///< chain, leaf first
    std::optional<std::string> domain;        ///< for the keyset: the first name that is no address
    std::optional<UnixTime> chain_not_after;  ///< absent: self-signed
    std::shared_ptr<const net::TlsContext> context;
};
using SharedFace = std::shared_ptr<const TlsFace>;

/// Used by the main thread only.
class TlsFront {
public:
    /// Writes the first certificate request where one is wanted. `E_TLS_REQUEST`. Requires: a TLS listener is
    /// configured.
    static Result<std::unique_ptr<TlsFront>> open(const gateway::Config& config, const Clock& clock);

    /// The face of a life that begins now and lasts so many seconds. Errors of `net::TlsContext::server`.
    Result<SharedFace> next(UnixTime lifetime) const;
    /// That face is seen by new connections from now on.
    void in_force(SharedFace face);
    [[nodiscard]] const SharedFace& face() const { return face_; }

    /// Looks at the chain file, if it changed or `again`, and at the clock. True when `next` would be another
    /// face than the one in force, so that keys should be renewed. A chain that is not good is logged once
    /// and changes nothing.
    bool poll(bool again = false);
    /// For `/ready`: what of certificates an operator should look at.
    [[nodiscard]] std::string warning(std::chrono::seconds warn_before) const;

private:
    struct Chain {
        std::string pem;
        SharedTlsKey key;
        UnixTime not_after = 0;
    };
    TlsFront(const gateway::Config& config, const Clock& clock);
    [[nodiscard]] bool is_public() const { return !chain_file_.empty(); }
    Status request();
    Result<Chain> read_chain() const;
    [[nodiscard]] bool chain_is_good() const { return chain_ && clock_.now() < chain_->not_after; }
    [[nodiscard]] bool file_changed();

    const std::vector<std::string> names_;
    const std::string chain_file_;
    const std::string request_file_;
    const Clock& clock_;
    SharedTlsKey requested_;      ///< the key of the request file; null without chain file
    std::optional<Chain> chain_;  ///< the last good one
    Status trouble_;              ///< of the chain file as it is now, or of the request file
    std::string file_state_;      ///< of the chain file when it was last read
    SharedFace face_;
};

}  // namespace lumoz::app
