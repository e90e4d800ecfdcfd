// SPDX-License-Identifier: Apache-2.0
#include "gateway/traffic.hpp"

#include "gateway/metrics.hpp"

namespace lumoz::gateway {
namespace {

std::string labels_of(std::string_view endpoint, bool stream) {
    return label("endpoint", endpoint) + (stream ? ",mode=\"stream\"" : ",mode=\"buffered\"");
}

}  // namespace

void Traffic::add(const Exchanged& exchanged) {
    const std::scoped_lock lock(mutex_);
    Key key{exchanged.endpoint, std::string(exchanged.model), exchanged.stream};
    if (cells_.size() >= kMaxModels && !cells_.contains(key)) key.model = "other";
    Cell& cell = cells_[std::move(key)];
    ++cell.requests;
    if (exchanged.receipt) ++cell.receipts;
    if (exchanged.engine_status > 0) {
        ++cell.responses[std::min<std::size_t>(static_cast<std::size_t>(exchanged.engine_status) / 100,
                                               kClasses - 1)];
    }
    if (!exchanged.cut_by.empty()) ++cuts_[{exchanged.endpoint, exchanged.cut_by}];
}

void Traffic::add_to(Traffic& sum) const {
    const std::scoped_lock lock(mutex_, sum.mutex_);
    for (const auto& [key, cell] : cells_) {
        Cell& into = sum.cells_[key];
        into.requests += cell.requests;
        into.receipts += cell.receipts;
        for (std::size_t i = 0; i < kClasses; ++i)
            into.responses[i] += cell.responses[i];
    }
    for (const auto& [key, count] : cuts_)
        sum.cuts_[key] += count;
}

void Traffic::write_compatible(std::string& out) const {
    const std::scoped_lock lock(mutex_);
    std::map<std::pair<std::string_view, bool>, std::uint64_t> requests;
    for (const auto& [key, cell] : cells_)
        requests[{key.endpoint, key.stream}] += cell.requests;
    write_type(out, "private_ai_gateway_requests_total", "counter", "Inference requests.");
    for (const auto& [key, count] : requests)
        write_value(out, "private_ai_gateway_requests_total",
                    labels_of(key.first, key.second) + ",e2ee=\"none\"", count);
    write_type(out, "private_ai_gateway_upstream_responses_total", "counter",
               "Answers of engines by class of status.");
    for (const auto& [key, cell] : cells_) {
        for (std::size_t i = 0; i < kClasses; ++i) {
            if (cell.responses[i] == 0) continue;
            write_value(out, "private_ai_gateway_upstream_responses_total",
                        labels_of(key.endpoint, key.stream) + ",status_class=\"" + std::to_string(i) +
                            "xx\"," + label("model_id", key.model),
                        cell.responses[i]);
        }
    }
    write_type(out, "private_ai_gateway_receipts_issued_total", "counter", "Receipts signed and stored.");
    for (const auto& [key, cell] : cells_)
        write_value(out, "private_ai_gateway_receipts_issued_total",
                    labels_of(key.endpoint, key.stream) + "," + label("model_id", key.model), cell.receipts);
    write_type(out, "private_ai_gateway_stream_errors_total", "counter", "Answers that ended early.");
    for (const auto& [key, count] : cuts_)
        write_value(out, "private_ai_gateway_stream_errors_total",
                    label("endpoint", key.first) + "," + label("kind", key.second), count);
}

}  // namespace lumoz::gateway
