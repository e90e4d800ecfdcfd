// SPDX-License-Identifier: Apache-2.0
// Bends targets on several threads and counts what is still accepted.
#pragma once

#include "targets.hpp"

#include <map>

namespace lumoz::flips {

struct Options {
    bool whole = false;  ///< all eight bits, every cut and extension; else one bit of each byte and a sample
    std::size_t every = 1;  ///< bends only every n-th byte
    unsigned threads = 1;
};

/// One way to bend, over one kind of document.
struct Count {
    std::size_t tried = 0, accepted = 0;
};

struct Row {
    std::size_t documents = 0, bytes = 0;
    Count flips, cuts, extensions;
    std::size_t padded = 0;  ///< quotes cut inside their padding or padded further: same verdict demanded
    std::map<std::string_view, std::size_t> errors;  ///< refusals by rule
};

struct Summary {
    std::map<std::string_view, Row> rows;  ///< by kind
    std::vector<std::string> faults;       ///< what was accepted, or refused otherwise than demanded
};

/// Flips: accepted by none. Cuts of a quote below the end of its signature section: `E_QUOTE_TRUNCATED`,
/// inside its padding the genuine verdict. Extensions of a quote: by zeros the genuine verdict up to 65,536
/// bytes, then `E_QUOTE_TOO_LARGE`; by anything else `E_QUOTE_TRAILING`. Cut or extended documents are
/// refused.
[[nodiscard]] Summary run_campaign(const std::vector<Target>& targets, const Options& options);

}  // namespace lumoz::flips
