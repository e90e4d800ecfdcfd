// SPDX-License-Identifier: Apache-2.0
// The running service that live suites ask. Named by the caller, or started here on first use: simulator,
// scripted engine, `lumozd`, each a program of its own beside this one; ended with this object.
#pragma once

#include "app/cli/service.hpp"

#include <map>
#include <memory>

namespace lumoz::app::vectors {

struct LiveOptions {
    std::string url;         ///< empty: start one
    std::string token_file;  ///< credential for `url`
    std::string programs;    ///< folder of the programs; empty: that of this program
};

class Live {
public:
    explicit Live(LiveOptions options);
    ~Live();
    Live(const Live&) = delete;
    Live& operator=(const Live&) = delete;

    /// Without credential of its own: a request carries exactly the headers that it is given.
    /// `E_SPAWN`, `E_CHILD_ENDED`, `E_CHILD_TIMEOUT` or a network error, the same each time.
    Result<net::Response> request(std::string_view method, std::string_view target,
                                  const net::Headers& headers, ByteView body);
    /// Replaces `{token}`, `{ecdsa_address}`, `{ecdsa_address_upper_hex}`, `{ed25519_public_key}`,
    /// `{chat_id}` and
    /// `{receipt_id}` by what this service has.
    Result<std::string> fill_in(std::string text);

private:
    struct Started;
    Status ready();
    Status start();
    Status learn();
    Status learn_keys();
    Status learn_exchange();

    LiveOptions options_;
    std::optional<Status> state_;
    std::unique_ptr<Started> started_;
    std::optional<net::Url> url_;
    net::BlockingOptions net_;
    std::map<std::string, std::string> names_;
};

}  // namespace lumoz::app::vectors
