// SPDX-License-Identifier: Apache-2.0
#include "gateway/metrics.hpp"

#include <charconv>

namespace lumoz::gateway {
namespace {

std::string text_of(double value) {
    std::array<char, 32> buffer{};
    const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    return {buffer.data(), end};
}

void type_line(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
    out.append("# HELP ").append(name).append(" ").append(help);
    out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void value_line(std::string& out, std::string_view name, std::string_view labels, std::uint64_t value) {
    out.append(name);
    if (!labels.empty()) out.append("{").append(labels).append("}");
    out.append(" ").append(std::to_string(value)).append("\n");
}

std::string_view page_label(std::size_t index) {
    return index < kPageCount ? page_name(static_cast<Page>(index)) : std::string_view("other");
}

std::size_t index_of(std::optional<Page> page) {
    return page ? static_cast<std::size_t>(*page) : Metrics::kPages - 1;
}

}  // namespace

void Histogram::observe(std::chrono::nanoseconds duration) {
    const double seconds = std::chrono::duration<double>(duration).count();
    std::size_t i = 0;
    while (i < kBounds.size() && seconds > kBounds[i])
        ++i;
    buckets_[i].add();
    sum_us_.add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count() / 1'000)));
}

void Histogram::add_to(Histogram& sum) const {
    for (std::size_t i = 0; i < buckets_.size(); ++i)
        sum.buckets_[i].add(buckets_[i].get());
    sum.sum_us_.add(sum_us_.get());
}

void Histogram::write(std::string& out, std::string_view name, std::string_view labels) const {
    std::uint64_t total = 0;
    const std::string prefix = labels.empty() ? std::string() : std::string(labels) + ",";
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        total += buckets_[i].get();
        const std::string bound = i < kBounds.size() ? text_of(kBounds[i]) : "+Inf";
        value_line(out, std::string(name) + "_bucket", prefix + "le=\"" + bound + "\"", total);
    }
    out.append(name).append("_sum");
    if (!labels.empty()) out.append("{").append(labels).append("}");
    out.append(" ").append(text_of(static_cast<double>(sum_us_.get()) / 1e6)).append("\n");
    value_line(out, std::string(name) + "_count", labels, total);
}

void Metrics::request_done(std::optional<Page> page, int status, std::chrono::nanoseconds took) {
    std::size_t s = 0;
    while (s + 1 < kStatuses.size() && kStatuses[s] != status)
        ++s;
    requests_[index_of(page)][s].add();
    durations_[index_of(page)].observe(took);
}

void Metrics::error(std::string_view static_type) {
    std::size_t i = 0;
    while (i + 1 < kErrorTypes.size() && kErrorTypes[i] != static_type)
        ++i;
    errors_[i].add();
}

void Metrics::add_to(Metrics& sum) const {
    constexpr std::array kSimple{
        &Metrics::active_requests, &Metrics::streaming_requests,  &Metrics::streams_total,
        &Metrics::receipts_issued, &Metrics::receipts_incomplete, &Metrics::receipts_failed,
        &Metrics::refusals_signed, &Metrics::signatures_ecdsa,    &Metrics::signatures_ed25519,
        &Metrics::inline_proofs,   &Metrics::request_bytes,       &Metrics::response_bytes};
    for (const auto member : kSimple)
        (sum.*member).add((this->*member).get());
    for (std::size_t i = 0; i < cut_answers.size(); ++i)
        sum.cut_answers[i].add(cut_answers[i].get());
    engine_head.add_to(sum.engine_head);
    receipt_wait.add_to(sum.receipt_wait);
    for (std::size_t p = 0; p < kPages; ++p) {
        for (std::size_t s = 0; s < kStatuses.size(); ++s)
            sum.requests_[p][s].add(requests_[p][s].get());
        durations_[p].add_to(sum.durations_[p]);
    }
    for (std::size_t i = 0; i < errors_.size(); ++i)
        sum.errors_[i].add(errors_[i].get());
}

void Metrics::write(std::string& out) const {
    type_line(out, "lumoz_http_requests_total", "counter", "Requests by route and status.");
    for (std::size_t p = 0; p < kPages; ++p) {
        for (std::size_t s = 0; s < kStatuses.size(); ++s) {
            if (requests_[p][s].get() == 0) continue;
            const std::string status = kStatuses[s] == 0 ? "other" : std::to_string(kStatuses[s]);
            value_line(out, "lumoz_http_requests_total",
                       "endpoint=\"" + std::string(page_label(p)) + "\",status=\"" + status + "\"",
                       requests_[p][s].get());
        }
    }
    type_line(out, "lumoz_http_request_duration_seconds", "histogram",
              "From the head of a request to the end of its answer.");
    for (std::size_t p = 0; p < kPages; ++p) {
        const bool any = std::ranges::any_of(requests_[p], [](const Counter& c) { return c.get() != 0; });
        if (any)
            durations_[p].write(out, "lumoz_http_request_duration_seconds",
                                "endpoint=\"" + std::string(page_label(p)) + "\"");
    }
    type_line(out, "lumoz_http_errors_total", "counter", "Errors by type.");
    for (std::size_t i = 0; i < errors_.size(); ++i)
        value_line(out, "lumoz_http_errors_total", "error_type=\"" + std::string(kErrorTypes[i]) + "\"",
                   errors_[i].get());
    type_line(out, "lumoz_answers_cut_total", "counter", "Answers that ended early, by who cut them.");
    for (std::size_t i = 0; i < cut_answers.size(); ++i)
        value_line(out, "lumoz_answers_cut_total", "cut_by=\"" + std::string(kCutBy[i]) + "\"",
                   cut_answers[i].get());
    type_line(out, "lumoz_signatures_generated_total", "counter", "Signatures over exchanges, by algorithm.");
    value_line(out, "lumoz_signatures_generated_total", "algorithm=\"ecdsa\"", signatures_ecdsa.get());
    value_line(out, "lumoz_signatures_generated_total", "algorithm=\"ed25519\"", signatures_ed25519.get());
    struct Simple {
        std::string_view name, type, help;
        const Counter& counter;
    };
    for (const Simple& s : {
             Simple{"lumoz_active_requests", "gauge", "Requests under way.", active_requests},
             Simple{"lumoz_streaming_requests", "gauge", "Streamed answers under way.", streaming_requests},
             Simple{"lumoz_streams_total", "counter", "Streamed answers begun.", streams_total},
             Simple{"lumoz_receipts_issued_total", "counter", "Receipts stored.", receipts_issued},
             Simple{"lumoz_receipts_incomplete_total", "counter", "Receipts of cut answers.",
                    receipts_incomplete},
             Simple{"lumoz_receipts_failed_total", "counter", "Receipts that could not be stored.",
                    receipts_failed},
             Simple{"lumoz_refusals_signed_total", "counter", "Refusals that have a receipt.",
                    refusals_signed},
             Simple{"lumoz_inline_proofs_total", "counter", "Proofs handed over with the answer.",
                    inline_proofs},
             Simple{"lumoz_request_bytes_total", "counter", "Bytes of request bodies.", request_bytes},
             Simple{"lumoz_response_bytes_total", "counter", "Bytes of answers.", response_bytes},
         }) {
        type_line(out, s.name, s.type, s.help);
        value_line(out, s.name, "", s.counter.get());
    }
    type_line(out, "lumoz_engine_head_seconds", "histogram",
              "From the request to the head of the engine's answer.");
    engine_head.write(out, "lumoz_engine_head_seconds", "");
    type_line(out, "lumoz_receipt_wait_seconds", "histogram",
              "How long an answer's last byte waited for its receipt.");
    receipt_wait.write(out, "lumoz_receipt_wait_seconds", "");
}

void write_metric(std::string& out, std::string_view name, std::string_view type, std::string_view help,
                  double value) {
    type_line(out, name, type, help);
    out.append(name).append(" ").append(text_of(value)).append("\n");
}

}  // namespace lumoz::gateway
