// SPDX-License-Identifier: Apache-2.0
// Collateral on disk, one bundle for each platform family and edition, written whole or not at all. What lies
// here is checked when it is read, like everything from outside.
#pragma once

#include "collateral/documents.hpp"
#include "verify/collateral_check.hpp"

#include <filesystem>

namespace lumoz::collateral {

/// A bundle that holds at the time it was asked for.
struct CachedCollateral {
    evidence::Collateral collateral;
    verify::CheckedCollateral checked;
};

class CollateralCache {
public:
    explicit CollateralCache(std::filesystem::path directory) : directory_(std::move(directory)) {}

    /// `<tee>-<fmspc>-<ca>-<edition>.json` in the directory.
    [[nodiscard]] std::filesystem::path file_of(const Platform& platform, const Edition& edition) const;
    /// Nothing when there is no file; `E_COLLATERAL_FILE` (cannot be read, over 4 MiB), `E_COLLATERAL_PARSE`,
    /// and the errors of check_collateral: expired data is never given out as good.
    [[nodiscard]] Result<std::optional<CachedCollateral>> load(const Platform& platform,
                                                               const Edition& edition,
                                                               const verify::RootPins& roots,
                                                               UnixTime now) const;
    /// Checks `fresh` and puts it in place of what is there. `E_COLLATERAL_OLDER` when what is there is good
    /// and newer (evaluation number, then issue date), `E_COLLATERAL_PLATFORM` when it is of another family,
    /// the errors of check_collateral, `E_COLLATERAL_FILE`.
    Result<verify::CheckedCollateral> store(const Platform& platform, const Edition& edition,
                                            const evidence::Collateral& fresh, const verify::RootPins& roots,
                                            UnixTime now) const;

private:
    std::filesystem::path directory_;
};

}  // namespace lumoz::collateral
