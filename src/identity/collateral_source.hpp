// SPDX-License-Identifier: Apache-2.0
// Where the collateral that is stapled to reports comes from: a file that somebody renews, or a service that
// is asked. Whoever makes reports needs no more than this.
#pragma once

#include "base/bytes.hpp"
#include "base/time.hpp"

#include <memory>
#include <string>

namespace lumoz::identity {

/// One good state.
struct StapledCollateral {
    std::string json;         ///< written anew from what was read (tdx.md 4.1)
    UnixTime expires_at = 0;  ///< earliest end of what is in it
};

struct CollateralCounters {
    std::uint64_t renewals = 0;  ///< attempts that brought everything that was wanted
    std::uint64_t failures = 0;  ///< attempts that did not
};

/// Thread-safe.
class CollateralSource {
public:
    virtual ~CollateralSource() = default;
    /// A quote of this machine, made before the first report: it tells whose collateral is wanted. May wait
    /// some seconds for it, once.
    virtual void learn(ByteView quote) = 0;
    /// Looks for something newer if that costs no waiting. The error says why the newer was not taken.
    virtual Status poll() = 0;
    /// What is to be stapled; null when there is none.
    [[nodiscard]] virtual std::shared_ptr<const StapledCollateral> current() const = 0;
    /// Good while there is unexpired collateral, or none is configured.
    [[nodiscard]] virtual Status status() const = 0;
    /// Why the last attempt to renew failed; what was there before is still served.
    [[nodiscard]] virtual Status trouble() const = 0;
    [[nodiscard]] virtual CollateralCounters counters() const = 0;
};

}  // namespace lumoz::identity
