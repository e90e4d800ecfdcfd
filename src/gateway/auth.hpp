// SPDX-License-Identifier: Apache-2.0
// Bearer tokens. The file holds digests only, `name sha256:<hex of the token>` a line; receipts belong to the
// name, so that a changed token keeps them (design decision 13).
#pragma once

#include "base/bytes.hpp"

#include <memory>
#include <string>
#include <unordered_map>

namespace lumoz::gateway {

/// Digests are as good as random: some of their bytes are their hash.
struct DigestHash {
    std::size_t operator()(const Digest256& digest) const;
};

/// An immutable set of credentials; a reload makes a new one.
class TokenTable {
public:
    TokenTable();

    /// Lines of `name sha256:<64 hex>`; empty lines and lines that begin with `#` are skipped. Names are
    /// [A-Za-z0-9._-]{1,64} and may stand on several lines (old and new token side by side); a digest may
    /// stand once. At most 200,000 lines. `E_TOKEN_FILE` with the line number.
    static Result<TokenTable> parse(std::string_view text);
    /// Reads and parses a file of at most 32 MiB. `E_TOKEN_FILE`.
    static Result<TokenTable> load(const std::string& path);

    /// The name whose token has this SHA-256; empty when there is none. The time that it takes depends on a
    /// digest under a key of this table only, so that it tells nothing of the tokens in it.
    [[nodiscard]] std::string_view find(const Digest256& token_digest) const;
    [[nodiscard]] std::string_view find(std::string_view token) const;
    [[nodiscard]] std::size_t size() const { return names_.size(); }

private:
    /// SHA-256 of the key and the token's digest.
    [[nodiscard]] Digest256 blinded(const Digest256& token_digest) const;
    Digest256 key_;
    std::unordered_map<Digest256, std::string, DigestHash> names_;
};

/// The content of a token file of at most 32 MiB. `E_TOKEN_FILE`.
Result<std::string> read_token_file(const std::string& path);

/// What the Authorization header of a request says.
enum class AuthState : std::uint8_t { Open, Known, Missing };

struct Principal {
    AuthState state = AuthState::Missing;
    std::string name;       ///< empty when authentication is off
    bool external = false;  ///< vouched for by the service of `auth.check_url`
    [[nodiscard]] bool allowed() const { return state != AuthState::Missing; }
};

/// The token of `Authorization: Bearer T`; empty when there is none, or none of at most 4,096 bytes.
[[nodiscard]] std::string_view bearer_token(std::string_view authorization);
/// `authorization` is the header's value, empty when absent. A null table means that authentication is off.
[[nodiscard]] Principal authenticate(const TokenTable* table, std::string_view authorization);

}  // namespace lumoz::gateway
