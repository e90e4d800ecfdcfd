// SPDX-License-Identifier: Apache-2.0
// The identity of a model: its root digest as OpenSSF Model Signing defines it (specs/standards.md 5.1).
// Refused: symbolic links, sockets and the like, names that are not UTF-8 (E_OMS_FILE_KIND), and nothing to
// hash (E_OMS_EMPTY).
#pragma once

#include "base/bytes.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <vector>

namespace lumoz::engine {

struct ModelRootOptions {
    /// 0: method `files`. N: method `file-shard-N`, pieces of N bytes.
    std::uint64_t shard_size = 0;
    /// Relative path of a signature file that is left out; empty: none.
    std::string signature{};
    /// Exact relative paths that are left out with all below them.
    std::vector<std::string> ignore_paths{};
    /// Threads that hash; 0: number of cores.
    unsigned threads = 0;
    /// Called from one thread at a time with bytes hashed and bytes in all.
    std::function<void(std::uint64_t, std::uint64_t)> progress{};
    /// Set from any thread: give up with `E_STOPPED` (Closed).
    const std::atomic<bool>* stop = nullptr;
};

/// One file, or one piece of it when shards are hashed (`path:shard-i`).
struct ModelResource {
    std::string name;
    Digest256 digest;
};

struct ModelIdentity {
    Digest256 root;             ///< resources in code-point order of their names: what we write
    Digest256 root_components;  ///< in the order of path components: what the reference implementation writes
    std::string method;         ///< "files" or "file-shard-N"
    std::vector<ModelResource> resources;  ///< in code-point order
    std::uint64_t bytes = 0;

    /// `sha256:` and the hex of `root`.
    [[nodiscard]] std::string model_root() const;
};

/// Of a folder or of one file. `E_OMS_FILE_KIND`, `E_OMS_EMPTY`, `E_OMS_READ` (Io; also a file that changed
/// its size meanwhile).
Result<ModelIdentity> model_identity(const std::string& path, const ModelRootOptions& options);

}  // namespace lumoz::engine
