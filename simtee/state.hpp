// SPDX-License-Identifier: Apache-2.0
// The simulator's state directory: the seed of its keys, and the files that verifiers read.
#pragma once

#include "base/time.hpp"
#include "simtee/machine.hpp"

#include <filesystem>

namespace lumoz::simtee {

/// Reads DIR/root.seed, or makes it (mode 0600) and the directory at the first start. `E_STATE`.
Result<Digest256> load_or_make_seed(const std::filesystem::path& dir);

/// Writes beside and renames: a reader sees the old text or the new one. `E_STATE`.
Status write_atomically(const std::filesystem::path& path, std::string_view text);

/// Keeps DIR/collateral.json fresh and DIR/policy.json true. Thread-safe for write_policy.
class PublishedFiles {
public:
    PublishedFiles(std::filesystem::path dir, const Machine& machine)
        : dir_(std::move(dir)), machine_(machine) {}
    /// Issues new collateral when there is none yet, a third of its life is over, or the clock went back
    /// behind its issue. True when it wrote.
    Result<bool> renew_collateral(UnixTime now);
    Status write_policy();

private:
    std::filesystem::path dir_;
    const Machine& machine_;
    std::optional<UnixTime> written_;
    std::mutex mutex_;  ///< one writer of policy.json at a time
};

}  // namespace lumoz::simtee
