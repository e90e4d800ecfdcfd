// SPDX-License-Identifier: Apache-2.0
// Event logs, replayed and compared with the registers of a quote.
#include "app/output/files.hpp"
#include "app/vectors/check.hpp"
#include "app/vectors/suites.hpp"
#include "base/hex.hpp"
#include "evidence/event_log.hpp"

namespace lumoz::app::vectors {
namespace {

std::string rtmrs_json(const evidence::Rtmrs& rtmrs) {
    json::Writer w;
    w.array();
    for (const Digest384& r : rtmrs)
        w.string(to_hex(r.view()));
    w.end();
    return std::move(w).text();
}

template <class Range>
std::string numbers_json(const Range& numbers) {
    json::Writer w;
    w.array();
    for (const auto n : numbers)
        w.integer(static_cast<std::int64_t>(n));
    w.end();
    return std::move(w).text();
}

std::string runtime_json(const std::vector<evidence::Event>& events) {
    json::Writer w;
    w.array();
    for (const evidence::Event& e : events) {
        if (e.runtime()) w.array().string(e.name).string(to_hex(e.payload)).end();
    }
    w.end();
    return std::move(w).text();
}

/// What a log shows, as JSON by the names of the vectors.
using Facts = std::map<std::string, std::string, std::less<>>;

Status compare(const Case& c, const json::Value& expect, const Result<Facts>& have,
               const evidence::Rtmrs& replay) {
    if (const auto error = maybe_text(expect, "error")) {
        return same("error", *error, have ? "accept" : std::string(have.error().rule));
    }
    if (!have) return unexpected_error(have.error());
    for (const json::Value::Member& m : expect.members()) {
        if (m.name == "result") continue;
        std::string value;
        if (m.name == "mismatch") {
            LUMOZ_TRY(const std::string path, text(c.value, "quote"));
            LUMOZ_TRY(const Bytes bytes, read_input((c.folder / path).string()));
            LUMOZ_TRY(const evidence::Quote quote, evidence::Quote::parse(bytes));
            value = numbers_json(evidence::rtmr_mismatches(replay, quote));
        } else if (const auto fact = have->find(m.name); fact != have->end()) {
            value = fact->second;
        } else {
            return mismatch("the vector expects an unknown member " + m.name);
        }
        LUMOZ_TRY(const std::string canonical, json::canonical(value));
        LUMOZ_CHECK_OK(same(m.name, json::canonical(m.value), canonical));
    }
    return {};
}

Status run_json(const Case& c) {
    LUMOZ_TRY(const json::Value expect, member(c.value, "expect"));
    LUMOZ_TRY(const std::string path, text(c.value, "log"));
    LUMOZ_TRY(const std::string content, read_text((c.folder / path).string()));
    const Result<evidence::EventLog> log = evidence::parse_event_list(content);
    if (!log) return compare(c, expect, std::unexpected(log.error()), {});
    const Facts facts = {{"rtmr", rtmrs_json(log->rtmr)},
                         {"extends", numbers_json(log->extends)},
                         {"events", std::to_string(log->events.size())},
                         {"runtime", runtime_json(log->events)}};
    return compare(c, expect, facts, log->rtmr);
}

Status run_cc(const Case& c) {
    LUMOZ_TRY(const json::Value expect, member(c.value, "expect"));
    LUMOZ_TRY(const std::string path, text(c.value, "log"));
    LUMOZ_TRY(const Bytes content, read_input((c.folder / path).string()));
    const Result<evidence::CcLog> log = evidence::parse_cc_log(content);
    if (!log) return compare(c, expect, std::unexpected(log.error()), {});
    const Facts facts = {{"rtmr", rtmrs_json(log->rtmr)},
                         {"extends", numbers_json(log->extends)},
                         {"events", std::to_string(log->events)},
                         {"end", json::quoted(log->end)},
                         {"end_offset", std::to_string(log->end_offset)}};
    return compare(c, expect, facts, log->rtmr);
}

}  // namespace

void add_event_logs(Handlers& handlers) {
    handlers["eventlog-json"] = run_json;
    handlers["eventlog-ccel"] = run_cc;
}

}  // namespace lumoz::app::vectors
