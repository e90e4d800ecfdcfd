// SPDX-License-Identifier: Apache-2.0
// The vendor's collateral from a file that somebody else renews (`[collateral] file`). It is read again when
// it changed, checked before it is used, and the last good one stays when the new one is not good.
#pragma once

#include "base/time.hpp"
#include "evidence/collateral.hpp"

#include <filesystem>
#include <memory>

namespace lumoz::identity {

/// One good state of the file.
struct StapledCollateral {
    std::string json;         ///< written anew from what was read (tdx.md 4.1)
    UnixTime expires_at = 0;  ///< earliest `nextUpdate` of the documents in it
};

/// Thread-safe.
class CollateralFile {
public:
    /// An empty path means that none is configured: `current` gives nothing and `status` is good.
    CollateralFile(std::filesystem::path path, const Clock& clock);
    ~CollateralFile();
    CollateralFile(const CollateralFile&) = delete;
    CollateralFile& operator=(const CollateralFile&) = delete;

    /// Looks at the file and reads it when size, time or inode changed. Errors name why the new content was
    /// not taken: `E_COLLATERAL_FILE` (cannot be read, over 4 MiB), `E_COLLATERAL_PARSE`.
    Status poll();
    /// The last good content; null when there was none.
    [[nodiscard]] std::shared_ptr<const StapledCollateral> current() const;
    /// `E_COLLATERAL_EXPIRED` when the good content is out of date, else the error of the last poll.
    [[nodiscard]] Status status() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace lumoz::identity
