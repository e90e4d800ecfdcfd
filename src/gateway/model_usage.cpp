// SPDX-License-Identifier: Apache-2.0
#include "gateway/model_usage.hpp"

#include "gateway/metrics.hpp"

namespace lumoz::gateway {

ModelUsage::Total& ModelUsage::of(std::string_view model) {
    const auto known = totals_.find(model);
    if (known != totals_.end()) return known->second;
    return totals_[totals_.size() < kMaxModels ? std::string(model) : "other"];
}

void ModelUsage::add(std::string_view model, const std::optional<store::Usage>& usage) {
    const std::scoped_lock lock(mutex_);
    Total& total = of(model);
    ++total.answers;
    if (!usage) {
        ++total.silent;
        return;
    }
    total.usage.input_tokens += usage->input_tokens;
    total.usage.output_tokens += usage->output_tokens;
}

void ModelUsage::add_to(ModelUsage& sum) const {
    const std::scoped_lock lock(mutex_, sum.mutex_);
    for (const auto& [model, total] : totals_) {
        Total& into = sum.of(model);
        into.answers += total.answers;
        into.silent += total.silent;
        into.usage.input_tokens += total.usage.input_tokens;
        into.usage.output_tokens += total.usage.output_tokens;
    }
}

void ModelUsage::write(std::string& out) const {
    const std::scoped_lock lock(mutex_);
    write_type(out, "lumoz_answers_total", "counter", "Answers of a model, cut ones too.");
    for (const auto& [model, total] : totals_)
        write_value(out, "lumoz_answers_total", label("model", model), total.answers);
    write_type(out, "lumoz_answers_without_usage_total", "counter",
               "Answers whose engine did not say what they cost.");
    for (const auto& [model, total] : totals_)
        write_value(out, "lumoz_answers_without_usage_total", label("model", model), total.silent);
    write_type(out, "lumoz_tokens_total", "counter", "Tokens in the engines' own count.");
    for (const auto& [model, total] : totals_) {
        const std::string name = label("model", model);
        write_value(out, "lumoz_tokens_total", name + ",kind=\"input\"", total.usage.input_tokens);
        write_value(out, "lumoz_tokens_total", name + ",kind=\"output\"", total.usage.output_tokens);
    }
}

}  // namespace lumoz::gateway
