// SPDX-License-Identifier: Apache-2.0
// Parts that TCB info and QE identity share. Internal to evidence/.
#pragma once

#include "evidence/schema.hpp"
#include "evidence/tcb_info.hpp"

namespace lumoz::evidence {

/// Reads statuses; an unknown word is remembered, so that errors of form come first.
class StatusWords {
public:
    enum class Kind : std::uint8_t { Platform, Isv };
    Result<TcbStatus> read(const Schema& schema, const json::Value& level, Kind kind);
    /// `E_TCB_UNRECOGNIZED` when a word was unknown.
    [[nodiscard]] Status check(std::string_view where) const;

private:
    std::optional<std::string> unknown_;
};

Result<std::vector<std::string>> read_advisories(const Schema& schema, const json::Value& level);
/// A list of {tcb {isvsvn}, tcbDate, tcbStatus, advisoryIDs?}, highest isvsvn first; empty lists are an
/// error.
Result<std::vector<IsvLevel>> read_isv_levels(const Schema& schema, const json::Value& parent,
                                              std::int64_t most_svn, StatusWords& words);
/// Cuts unknown words to a length and to printable ASCII, for details of errors.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace lumoz::evidence
