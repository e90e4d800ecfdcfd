// SPDX-License-Identifier: Apache-2.0
// What the records of one batch cost, added up before it is written: one row per owner, model and day,
// however many records of the batch share them.
#pragma once

#include "store/store.hpp"

#include <map>

namespace lumoz::store {

/// The most that one row of a day counts; what is above is not told apart. A sum over two thousand years of
/// such days still fits the databases' numbers, whatever an engine says that it used.
inline constexpr std::uint64_t kMaxDayCount = std::uint64_t{1} << 43;

struct UsageKey {
    std::string owner;
    std::string model;
    std::int64_t day = 0;  ///< days since 1970-01-01, UTC
    auto operator<=>(const UsageKey&) const = default;
};
struct UsageCount {
    std::uint64_t requests = 0;
    Usage usage;
};

/// Not thread-safe.
class UsageSum {
public:
    /// A refusal (no model) costs nothing. An answer whose engine said nothing counts as a request alone.
    void add(const Record& record);
    /// In the order of keys, so that two writers take the rows of a database in the same order.
    [[nodiscard]] const std::map<UsageKey, UsageCount>& rows() const { return rows_; }

private:
    std::map<UsageKey, UsageCount> rows_;
};

}  // namespace lumoz::store
