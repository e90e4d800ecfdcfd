// SPDX-License-Identifier: Apache-2.0
// What was used, by model: names of our own table only, never by user.
#pragma once

#include "store/store.hpp"

#include <map>
#include <mutex>

namespace lumoz::gateway {

/// One writer thread; any thread may read.
class ModelUsage {
public:
    /// An answer of this model ended. `usage` is absent when the engine did not say what it cost.
    void add(std::string_view model, const std::optional<store::Usage>& usage);
    void add_to(ModelUsage& sum) const;
    /// `lumoz_answers_total`, `lumoz_answers_without_usage_total`, `lumoz_tokens_total`.
    void write(std::string& out) const;

private:
    /// Models that are loaded and unloaded for ever share the last name.
    static constexpr std::size_t kMaxModels = 1'024;
    struct Total {
        std::uint64_t answers = 0;
        std::uint64_t silent = 0;
        store::Usage usage;
    };
    Total& of(std::string_view model);

    mutable std::mutex mutex_;
    std::map<std::string, Total, std::less<>> totals_;
};

}  // namespace lumoz::gateway
