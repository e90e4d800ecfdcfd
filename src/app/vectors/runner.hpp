// SPDX-License-Identifier: Apache-2.0
// Runs the cases of a vector manifest and counts. A kind without a handler fails, unless it was asked to be
// skipped: a suite that nobody runs must not look like one that passed.
#pragma once

#include "base/json.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace lumoz::app::vectors {

/// One case as its handler sees it; valid only during the call.
struct Case {
    std::string id;
    std::string kind;
    json::Value value;  ///< the case
    json::Value
        document;  ///< the file it stands in (for kinds whose cases stand in the manifest: the manifest)
    std::filesystem::path folder;  ///< what relative paths of the manifest start from
};

/// Success, or what differs. An Error with code Unavailable counts as skipped.
using Handler = std::function<Status(const Case&)>;
/// Handlers by suite or kind.
using Handlers = std::map<std::string, Handler, std::less<>>;

struct Options {
    std::filesystem::path manifest;
    std::vector<std::string> kinds;  ///< suites or kinds to run; empty: all
    std::string case_id;             ///< empty: all
    bool skip_unknown = false;
};

enum class State : std::uint8_t { Passed, Failed, Skipped };

/// What became of one case, or of a file that could not be read.
struct Outcome {
    std::string kind;
    std::string id;
    State state;
    std::string detail;  ///< empty for passed cases
};

struct Summary {
    std::vector<Outcome> outcomes;
    std::size_t passed = 0, failed = 0, skipped = 0;
};

/// `E_MANIFEST` when the manifest cannot be read or holds neither files nor cases, `E_NO_CASE` when the
/// options select nothing.
Result<Summary> run(const Options& options, const Handlers& handlers);

/// A line per mismatch and per skipped kind, then `N passed, N failed, N skipped`.
[[nodiscard]] std::string to_text(const Summary& summary);
/// One JSON document: `{"result","passed","failed","skipped","mismatches":[{"kind","case","detail"}]}`.
[[nodiscard]] std::string to_json(const Summary& summary);

}  // namespace lumoz::app::vectors
