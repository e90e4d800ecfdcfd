// SPDX-License-Identifier: Apache-2.0
#include "store/usage_sum.hpp"

#include <algorithm>

namespace lumoz::store {
namespace {

constexpr std::int64_t kDaySeconds = 24 * 3600;

void add_bounded(std::uint64_t& sum, std::uint64_t more) {
    sum = std::min(sum + std::min(more, kMaxDayCount), kMaxDayCount);
}

}  // namespace

void UsageSum::add(const Record& record) {
    if (record.model.empty()) return;
    UsageCount& row = rows_[{record.owner, record.model, record.served_at / kDaySeconds}];
    add_bounded(row.requests, 1);
    if (!record.usage) return;
    add_bounded(row.usage.input_tokens, record.usage->input_tokens);
    add_bounded(row.usage.output_tokens, record.usage->output_tokens);
}

}  // namespace lumoz::store
