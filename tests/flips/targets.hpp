// SPDX-License-Identifier: Apache-2.0
// What is bent: quote bytes, decoded DER, decoded signatures, exact JSON texts (decision 36); and how a bent
// one is judged.
#pragma once

#include "evidence.hpp"

#include <functional>

namespace lumoz::flips {

/// One document of one quote or bundle.
struct Target {
    std::string_view kind;  ///< row of the table; static text
    std::string name;
    Bytes bytes;
    std::size_t end = 0;  ///< bytes from here on are padding, which may be cut
    Outcome genuine;      ///< of the unbent bytes
    std::function<Outcome(ByteView bent)> judge;

    [[nodiscard]] bool is_quote() const { return kind == "quote"; }
    /// What no bent input may get: acceptance; where only the TCB level is missing, so that every signature
    /// of the genuine quote was checked, a refusal as late as the genuine one's.
    [[nodiscard]] bool survives(const Outcome& got) const {
        return got.accepted || (genuine.rule.starts_with("E_TCB_") && got.passed >= genuine.passed);
    }
};

/// Every document once: the same bytes in two bundles are one target. `broken` gets the name of each target
/// whose unbent bytes, decoded and written again, are not judged as the genuine ones.
[[nodiscard]] std::vector<Target> make_targets(const Evidence& evidence, std::vector<std::string>& broken);

}  // namespace lumoz::flips
