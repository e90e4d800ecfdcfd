// SPDX-License-Identifier: Apache-2.0
// The vendor's collateral from a file that somebody else renews (`[collateral] file`). It is read again when
// it changed, checked before it is used, and the last good one stays when the new one is not good.
#pragma once

#include "evidence/collateral.hpp"
#include "identity/collateral_source.hpp"

#include <filesystem>

namespace lumoz::identity {

/// Thread-safe.
class CollateralFile final : public CollateralSource {
public:
    /// An empty path means that none is configured: `current` gives nothing and `status` is good.
    CollateralFile(std::filesystem::path path, const Clock& clock);
    ~CollateralFile() override;
    CollateralFile(const CollateralFile&) = delete;
    CollateralFile& operator=(const CollateralFile&) = delete;

    void learn(ByteView quote) override { (void)quote; }
    /// Looks at the file and reads it when size, time or inode changed. Errors name why the new content was
    /// not taken: `E_COLLATERAL_FILE` (cannot be read, over 4 MiB), `E_COLLATERAL_PARSE`.
    Status poll() override;
    /// The last good content; null when there was none.
    [[nodiscard]] std::shared_ptr<const StapledCollateral> current() const override;
    /// `E_COLLATERAL_EXPIRED` when the good content is out of date; the error of the last poll when there is
    /// no good content.
    [[nodiscard]] Status status() const override;
    [[nodiscard]] Status trouble() const override;
    /// New contents that were taken, and that were not.
    [[nodiscard]] CollateralCounters counters() const override;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace lumoz::identity
