// SPDX-License-Identifier: Apache-2.0
// Genuine evidence of the shared vectors: each real quote with the collateral that takes it furthest.
#pragma once

#include "evidence/collateral.hpp"
#include "verify/roots.hpp"
#include "verify/tdx.hpp"

#include <filesystem>

namespace lumoz::flips {

/// Collateral as published, with a time at which it was good.
struct Bundle {
    std::string name;
    evidence::Collateral collateral;
    verify::RootPins roots;
    UnixTime now = 0;
};

/// How far a verification went.
struct Outcome {
    bool accepted = false;
    std::size_t passed = 0;      ///< rules that held
    std::string_view rule = {};  ///< of the first that did not; empty when accepted
};
[[nodiscard]] Outcome outcome_of(const verify::TdxVerdict& verdict);

/// A quote and the bundle that takes it furthest.
struct Base {
    std::string name;
    Bytes quote;
    const Bundle* bundle = nullptr;
    Outcome outcome;
};

struct Evidence {
    std::vector<std::unique_ptr<Bundle>> bundles;
    std::vector<Base> quotes;
};

/// Reads `dir`/MANIFEST.json (shared vectors of tdx.md 13) and what it names. Empty when it cannot be read.
[[nodiscard]] Evidence read_evidence(const std::filesystem::path& dir);

}  // namespace lumoz::flips
