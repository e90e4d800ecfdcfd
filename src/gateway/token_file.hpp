// SPDX-License-Identifier: Apache-2.0
// The token file while the service runs: read again when it changed.
#pragma once

#include "gateway/auth.hpp"

namespace lumoz::gateway {

/// Not thread-safe: one thread looks after it.
class TokenFile {
public:
    explicit TokenFile(std::string path) : path_(std::move(path)) {}

    /// Reads the file whatever is known of it. `E_TOKEN_FILE`.
    Result<std::shared_ptr<const TokenTable>> load();
    /// The new table when the file's content is another than last time, null when it is not. A file that is
    /// gone or cannot be read as tokens is an error once for each of its states. Cheap while nothing changes:
    /// one `stat`. `E_TOKEN_FILE`.
    Result<std::shared_ptr<const TokenTable>> poll();

private:
    /// What `stat` says of a file; a rename over it changes the inode.
    struct Stamp {
        std::uint64_t device = 0, inode = 0, size = 0;
        std::int64_t changed_ns = 0, written_ns = 0;
        bool there = false;
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    [[nodiscard]] static Stamp stamp_of(const std::string& path);
    [[nodiscard]] static bool is_young(const Stamp& stamp);

    std::string path_;
    Stamp stamp_;
    bool settled_ = false;  ///< the file was old enough when it was read that its stamp tells a later write
    Digest256 content_{};
};

}  // namespace lumoz::gateway
