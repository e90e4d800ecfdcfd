// SPDX-License-Identifier: Apache-2.0
// Bearer tokens. The file holds digests only, `name sha256:<hex of the token>` a line; receipts belong to the
// name, so that a changed token keeps them (design decision 13).
#pragma once

#include "base/bytes.hpp"

#include <memory>
#include <string>
#include <vector>

namespace lumoz::gateway {

/// An immutable set of credentials; a reload makes a new one.
class TokenTable {
public:
    /// Lines of `name sha256:<64 hex>`; empty lines and lines that begin with `#` are skipped. Names are
    /// [A-Za-z0-9._-]{1,64} and may stand on several lines (old and new token side by side); a digest may
    /// stand once. At most 10,000 lines. `E_TOKEN_FILE` with the line number.
    static Result<TokenTable> parse(std::string_view text);
    /// Reads and parses a file of at most 2 MiB. `E_TOKEN_FILE`.
    static Result<TokenTable> load(const std::string& path);

    /// The name whose token this is. Takes the same time whichever entry matches, or none. Empty: no match.
    [[nodiscard]] std::string_view find(std::string_view token) const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        std::string name;
        Digest256 digest;
    };
    std::vector<Entry> entries_;
};

/// What the Authorization header of a request says.
enum class AuthState : std::uint8_t { Open, Known, Missing };

struct Principal {
    AuthState state = AuthState::Missing;
    std::string name;  ///< empty when authentication is off
    [[nodiscard]] bool allowed() const { return state != AuthState::Missing; }
};

/// `authorization` is the header's value, empty when absent. A null table means that authentication is off.
[[nodiscard]] Principal authenticate(const TokenTable* table, std::string_view authorization);

}  // namespace lumoz::gateway
