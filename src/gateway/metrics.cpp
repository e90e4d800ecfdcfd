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

std::size_t index_of(std::optional<Page> page) {
    return page ? static_cast<std::size_t>(*page) : Metrics::kPages - 1;
}

std::string endpoint_label(std::size_t page) {
    return label("endpoint", page_name(page));
}

}  // namespace

std::string_view page_name(std::size_t index) {
    return index < kPageCount ? page_name(static_cast<Page>(index)) : std::string_view("other");
}

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
        write_value(out, std::string(name) + "_bucket", prefix + "le=\"" + bound + "\"", total);
    }
    out.append(name).append("_sum");
    if (!labels.empty()) out.append("{").append(labels).append("}");
    out.append(" ").append(text_of(static_cast<double>(sum_us_.get()) / 1e6)).append("\n");
    write_value(out, std::string(name) + "_count", labels, total);
}

void Metrics::request_done(std::optional<Page> page, int status, std::chrono::nanoseconds took) {
    std::size_t s = 0;
    while (s + 1 < kStatuses.size() && kStatuses[s] != status)
        ++s;
    requests_[index_of(page)][s].add();
    durations_[index_of(page)].observe(took);
}

bool Metrics::any_request(std::size_t page) const {
    return std::ranges::any_of(requests_[page], [](const Counter& c) { return c.get() != 0; });
}

void Metrics::error(std::string_view static_type) {
    std::size_t i = 0;
    while (i + 1 < kErrorTypes.size() && kErrorTypes[i] != static_type)
        ++i;
    errors_[i].add();
}

void Metrics::add_to(Metrics& sum) const {
    constexpr std::array kSimple{
        &Metrics::active_requests,  &Metrics::streaming_requests,    &Metrics::streams_total,
        &Metrics::receipts_issued,  &Metrics::receipts_incomplete,   &Metrics::receipts_failed,
        &Metrics::refusals_signed,  &Metrics::signatures_ecdsa,      &Metrics::signatures_ed25519,
        &Metrics::inline_proofs,    &Metrics::request_bytes,         &Metrics::response_bytes,
        &Metrics::key_check_cached, &Metrics::usage_reports_dropped, &Metrics::usage_reports_pending};
    for (const auto member : kSimple)
        (sum.*member).add((this->*member).get());
    for (std::size_t i = 0; i < cut_answers.size(); ++i)
        sum.cut_answers[i].add(cut_answers[i].get());
    engine_head.add_to(sum.engine_head);
    receipt_wait.add_to(sum.receipt_wait);
    model_usage.add_to(sum.model_usage);
    traffic.add_to(sum.traffic);
    for (std::size_t i = 0; i < kCloudOutcomes; ++i) {
        sum.key_checks[i].add(key_checks[i].get());
        sum.usage_reports[i].add(usage_reports[i].get());
    }
    for (std::size_t p = 0; p < kPages; ++p) {
        for (std::size_t s = 0; s < kStatuses.size(); ++s)
            sum.requests_[p][s].add(requests_[p][s].get());
        durations_[p].add_to(sum.durations_[p]);
        engine_head_of[p].add_to(sum.engine_head_of[p]);
    }
    for (std::size_t i = 0; i < errors_.size(); ++i)
        sum.errors_[i].add(errors_[i].get());
}

void Metrics::write_http(std::string& out, const std::string& prefix, LabelsOfPage labels) const {
    const std::string requests = prefix + "http_requests_total";
    write_type(out, requests, "counter", "Requests by route and status.");
    for (std::size_t p = 0; p < kPages; ++p) {
        for (std::size_t s = 0; s < kStatuses.size(); ++s) {
            if (requests_[p][s].get() == 0) continue;
            const std::string status = kStatuses[s] == 0 ? "other" : std::to_string(kStatuses[s]);
            write_value(out, requests, labels(p) + "," + label("status", status), requests_[p][s].get());
        }
    }
    const std::string durations = prefix + "http_request_duration_seconds";
    write_type(out, durations, "histogram", "From the head of a request to the end of its answer.");
    for (std::size_t p = 0; p < kPages; ++p)
        if (any_request(p)) durations_[p].write(out, durations, labels(p));
    const std::string errors = prefix + "http_errors_total";
    write_type(out, errors, "counter", "Errors by type.");
    for (std::size_t i = 0; i < errors_.size(); ++i)
        write_value(out, errors, label("error_type", kErrorTypes[i]), errors_[i].get());
    const std::string signatures = prefix + "signatures_generated_total";
    write_type(out, signatures, "counter", "Signatures over exchanges, by algorithm.");
    write_value(out, signatures, label("algorithm", "ecdsa"), signatures_ecdsa.get());
    write_value(out, signatures, label("algorithm", "ed25519"), signatures_ed25519.get());
}

void Metrics::write(std::string& out) const {
    write_http(out, "lumoz_", endpoint_label);
    write_type(out, "lumoz_answers_cut_total", "counter", "Answers that ended early, by who cut them.");
    for (std::size_t i = 0; i < cut_answers.size(); ++i)
        write_value(out, "lumoz_answers_cut_total", "cut_by=\"" + std::string(kCutBy[i]) + "\"",
                    cut_answers[i].get());
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
        write_type(out, s.name, s.type, s.help);
        write_value(out, s.name, "", s.counter.get());
    }
    write_type(out, "lumoz_engine_head_seconds", "histogram",
               "From the request to the head of the engine's answer.");
    engine_head.write(out, "lumoz_engine_head_seconds", "");
    write_type(out, "lumoz_receipt_wait_seconds", "histogram",
               "How long an answer's last byte waited for its receipt.");
    receipt_wait.write(out, "lumoz_receipt_wait_seconds", "");
    model_usage.write(out);
    write_cloud(out);
}

void write_outcomes(std::string& out, std::string_view name, std::string_view help,
                    const CloudCounters& counters) {
    write_type(out, name, "counter", help);
    for (std::size_t i = 0; i < kCloudOutcomes; ++i)
        write_value(out, name,
                    label("outcome", kCloudLabels[i].outcome) + "," + label("kind", kCloudLabels[i].kind),
                    counters[i].get());
}

void Metrics::write_cloud(std::string& out) const {
    write_outcomes(out, "lumoz_key_checks_total", "Questions to the service of auth.check_url, by outcome.",
                   key_checks);
    write_type(out, "lumoz_key_checks_cached_total", "counter", "Tokens whose answer was remembered.");
    write_value(out, "lumoz_key_checks_cached_total", "", key_check_cached.get());
    write_outcomes(out, "lumoz_usage_reports_total", "Reports of usage to that service, by outcome.",
                   usage_reports);
    write_type(out, "lumoz_usage_reports_dropped_total", "counter", "Reports for which the queue was full.");
    write_value(out, "lumoz_usage_reports_dropped_total", "", usage_reports_dropped.get());
    write_type(out, "lumoz_usage_reports_pending", "gauge", "Reports that wait or are on their way.");
    write_value(out, "lumoz_usage_reports_pending", "", usage_reports_pending.get());
}

void write_type(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
    out.append("# HELP ").append(name).append(" ").append(help);
    out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void write_value(std::string& out, std::string_view name, std::string_view labels, std::uint64_t value) {
    out.append(name);
    if (!labels.empty()) out.append("{").append(labels).append("}");
    out.append(" ").append(std::to_string(value)).append("\n");
}

std::string label(std::string_view name, std::string_view value) {
    std::string out(name);
    out += "=\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') out.push_back('\\');
        if (c == '\n') {
            out += "\\n";
        } else {
            out.push_back(c);
        }
    }
    return out + "\"";
}

void write_metric(std::string& out, std::string_view name, std::string_view type, std::string_view help,
                  double value) {
    write_type(out, name, type, help);
    out.append(name).append(" ").append(text_of(value)).append("\n");
}

}  // namespace lumoz::gateway
