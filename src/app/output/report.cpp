// SPDX-License-Identifier: Apache-2.0
#include "app/output/report.hpp"

#include "base/time.hpp"

#include <algorithm>
#include <array>

namespace lumoz::app {
namespace {

using verify::Outcome;
using verify::Rule;
using verify::Verdict;
using verify::VerdictResult;

struct GroupTitle {
    std::string_view prefix;
    std::string_view title;
};
constexpr std::array<GroupTitle, 13> kTitles = {{
    {"tdx", "CPU quote and its collateral"},
    {"report", "report and what it binds"},
    {"evidence", "stored evidence and what it binds"},
    {"statement", "statement of the service"},
    {"keyset", "keyset of the service"},
    {"tls", "TLS key of the connection"},
    {"answer", "answer and its signer"},
    {"signature", "signatures over the answer"},
    {"receipt", "receipt of the answer"},
    {"eventlog", "event log"},
    {"policy", "policy"},
    {"service", "service and connection"},
    {"proof", "proof file"},
}};

std::string_view group_of(std::string_view id) {
    return id.substr(0, id.find('.'));
}

std::string_view title_of(std::string_view group) {
    const auto found = std::ranges::find(kTitles, group, &GroupTitle::prefix);
    return found == kTitles.end() ? group : found->title;
}

std::string padded(std::string_view text, std::size_t width) {
    std::string out(text);
    if (out.size() < width) out.append(width - out.size(), ' ');
    return out;
}

std::string plural(std::size_t n, std::string_view one, std::string_view many) {
    return std::to_string(n) + " " + std::string(n == 1 ? one : many);
}

std::string mark(Outcome outcome, const Style& style) {
    switch (outcome) {
        case Outcome::Pass:
            return style.good("ok  ");
        case Outcome::Fail:
            return style.bad("FAIL");
        case Outcome::NotReached:
            return style.dim("-   ");
    }
    return {};
}

std::string rule_line(const Rule& rule, const Style& style) {
    std::string line =
        "  " + mark(rule.outcome, style) + "  " + padded(rule.id, 22) + " " + printable_line(rule.what);
    if (rule.outcome == Outcome::Fail) {
        line += "\n        " + style.bad(rule.error);
        if (!rule.detail.empty()) line += ": " + printable_line(rule.detail);
    } else if (!rule.detail.empty()) {
        line += " " + style.dim("(" + printable_line(rule.detail) + ")");
    }
    return line + "\n";
}

struct Group {
    std::string_view name;
    std::size_t passed = 0, not_reached = 0;
    std::vector<const Rule*> failed;
};

std::vector<Group> grouped(const std::vector<Rule>& rules) {
    std::vector<Group> groups;
    for (const Rule& rule : rules) {
        const std::string_view name = group_of(rule.id);
        auto found = std::ranges::find(groups, name, &Group::name);
        if (found == groups.end()) found = groups.insert(groups.end(), Group{.name = name, .failed = {}});
        if (rule.outcome == Outcome::Pass) ++found->passed;
        if (rule.outcome == Outcome::NotReached) ++found->not_reached;
        if (rule.outcome == Outcome::Fail) found->failed.push_back(&rule);
    }
    return groups;
}

std::string folded(const std::vector<Rule>& rules, const Style& style) {
    std::string out;
    for (const Group& group : grouped(rules)) {
        const Outcome outcome = !group.failed.empty() ? Outcome::Fail
                                : group.passed > 0    ? Outcome::Pass
                                                      : Outcome::NotReached;
        out += "  " + mark(outcome, style) + "  " + padded(title_of(group.name), 36) + " ";
        out += plural(group.passed, "rule holds", "rules hold");
        if (!group.failed.empty()) out += ", " + std::to_string(group.failed.size()) + " refused";
        if (group.not_reached > 0) out += ", " + std::to_string(group.not_reached) + " not reached";
        out += "\n";
        for (const Rule* rule : group.failed)
            out += rule_line(*rule, style);
    }
    return out;
}

/// Facts about the platform that a screen can spare; `--explain` and `--json` have them.
constexpr std::array<std::string_view, 19> kDetails = {
    "current_tcb_status", "platform", "module",   "qe",    "tcb_date",  "current_tcb_date",
    "tcb_eval",           "fmspc",    "ppid",     "pceid", "pcesvn",    "cpusvn",
    "components",         "piid",     "sgx_type", "nonce", "ecdsa_key", "url",
    "configuration"};

/// Facts that are Unix times.
constexpr std::array<std::string_view, 2> kTimes = {"keyset_not_after", "served_at"};

/// Facts whose JSON has a section of its own in the text, or is for programs only.
constexpr std::array<std::string_view, 5> kForPrograms = {"quote", "shortfall", "current_shortfall",
                                                          "explanation", "event_log"};

/// The texts inside a list of texts or objects, in order: `[{"model_root":…,"name":…}]` becomes `root name`.
std::string flattened(const json::Value& list) {
    std::string out;
    for (const json::Value& element : list.elements()) {
        if (!out.empty()) out += ", ";
        if (!element.is_object()) out += element.as_string().value_or(std::string(element.raw()));
        bool first = true;
        for (const json::Value::Member& m : element.members()) {
            if (!first) out += ' ';
            first = false;
            out += m.value.as_string().value_or(std::string(m.value.raw()));
        }
    }
    return out;
}

/// `name value, name value`.
std::string members_text(const json::Value& object) {
    std::string out;
    for (const json::Value::Member& m : object.members())
        out += (out.empty() ? "" : ", ") + m.name + " " +
               m.value.as_string().value_or(std::string(m.value.raw()));
    return out;
}

/// A fact's JSON as a person reads it: texts without quotes, long values cut.
std::string fact_text(std::string_view name, std::string_view value, bool whole) {
    std::string out(value);
    const auto document = json::Document::parse(value);
    if (document && document->root().is_string()) {
        out = document->root().as_string().value_or("");
    } else if (document && document->root().is_array()) {
        out = flattened(document->root());
    } else if (document && document->root().is_object()) {
        out = members_text(document->root());
    } else if (document && std::ranges::find(kTimes, name) != kTimes.end()) {
        const auto time = document->root().as_int();
        if (time) out = to_rfc3339(*time);
    }
    constexpr std::size_t kShown = 112;
    if (!whole && out.size() > kShown) out = out.substr(0, kShown) + "…";
    return printable_line(out);
}

bool is_time(std::string_view name) {
    return name.ends_with("_ms");
}

/// Facts that are durations, side by side with what took them.
std::string times_text(const Verdict& verdict, const Style& style) {
    std::string out;
    for (const auto& [name, value] : verdict.facts()) {
        if (!is_time(name)) continue;
        std::string words = name.substr(0, name.size() - 3);
        std::ranges::replace(words, '_', ' ');
        const std::string pad(value.size() < 10 ? 10 - value.size() : 0, ' ');
        out += "  " + pad + value + " ms  " + words + "\n";
    }
    return out.empty() ? out : "\n" + style.strong("time") + "\n" + out;
}

bool shown(std::string_view name, std::string_view value, bool fold) {
    if (value == "null" || value == "[]" || is_time(name)) return false;
    if (std::ranges::find(kForPrograms, name) != kForPrograms.end()) return false;
    return !fold || std::ranges::find(kDetails, name) == kDetails.end();
}

std::string fact_lines(const Verdict& verdict, bool fold, bool whole, const Style& style) {
    std::size_t width = 0;
    for (const auto& [name, value] : verdict.facts()) {
        if (shown(name, value, fold)) width = std::max(width, name.size());
    }
    std::string out;
    for (const auto& [name, value] : verdict.facts()) {
        if (!shown(name, value, fold)) continue;
        out += "  " + style.dim(padded(name, width)) + "  " + fact_text(name, value, whole) + "\n";
    }
    return out;
}

/// Coded remarks, wrapped so that a line stays readable.
template <class Items>
std::string remarks(std::string_view title, const Items& items, const Style& style) {
    if (items.empty()) return {};
    std::string out = "\n" + style.strong(title) + "\n";
    for (const auto& item : items) {
        out += "  " + style.warn(padded(item.code, 18)) + " ";
        std::size_t column = 21;
        std::string_view rest(item.what);
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find(' '), rest.size());
            if (column + end > 108 && column > 21) {
                out.pop_back();
                out += "\n" + std::string(21, ' ');
                column = 21;
            }
            out += printable_line(rest.substr(0, end)) + " ";
            column += end + 1;
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        out.back() = '\n';
    }
    return out;
}

struct Explanation {
    std::string_view rule;
    std::string_view words;
};
/// Trouble that a person meets and that a code alone does not explain.
constexpr std::array<Explanation, 9> kExplanations = {{
    {"E_URL", "that is no URL of the form http://host:port, https://host or unix:/path.sock"},
    {"E_NET_REFUSED", "nobody listens there"},
    {"E_NET_RESOLVE", "that name is not known"},
    {"E_NET_TIMEOUT", "no answer in time"},
    {"E_NET_CLOSED", "the service closed the connection"},
    {"E_TLS_PIN", "the TLS key is not the one that the evidence proves"},
    {"E_TLS_HANDSHAKE", "TLS 1.3 could not be agreed on"},
    {"E_HTTP_RESPONSE", "what answers there does not speak HTTP"},
    {"E_OMS_READ", "it cannot be read"},
}};

std::string_view word_of(VerdictResult result) {
    switch (result) {
        case VerdictResult::Accept:
            return "VERIFIED";
        case VerdictResult::Reject:
            return "REFUSED";
        case VerdictResult::Malformed:
            return "MALFORMED";
        case VerdictResult::Unsupported:
            return "UNSUPPORTED";
    }
    return {};
}

}  // namespace

std::string headline(const Verdict& verdict, std::string_view subject, const Style& style) {
    const std::string_view word = word_of(verdict.result());
    std::string out = verdict.accepted() ? style.good(word) : style.bad(word);
    if (verdict.simulated()) {
        out += " " + style.warn("SIMULATED") + " (the trust root is a simulator's: no hardware is proven)";
    }
    if (!subject.empty()) out += "  " + printable_line(subject);
    if (const auto error = verdict.error()) out += "  " + std::string(error->rule);
    return out;
}

std::string verdict_text(const Verdict& verdict, std::string_view subject, bool fold, const Style& style,
                         std::string_view sections) {
    std::string out = headline(verdict, subject, style) + "\n\n";
    if (fold) {
        out += folded(verdict.rules(), style);
    } else {
        for (const Rule& rule : verdict.rules())
            out += rule_line(rule, style);
    }
    out += remarks("the policy objects", verdict.findings(), style);
    const std::string facts = fact_lines(verdict, fold, false, style);
    if (!facts.empty()) out += "\n" + style.strong("established") + "\n" + facts;
    out += times_text(verdict, style);
    out += sections;
    out += remarks("not checked", verdict.not_checked(), style);
    return out;
}

std::string facts_text(const Verdict& facts, std::string_view subject, const Style& style) {
    return style.strong(printable_line(subject)) + "\n\n" + fact_lines(facts, false, true, style) +
           remarks("not checked", facts.not_checked(), style);
}

std::string facts_json(const Verdict& facts) {
    json::Writer w;
    w.object();
    w.key("result").string("ok");
    for (const auto& [name, value] : facts.facts())
        w.key(name).raw(value);
    w.key("not_checked").array();
    for (const verify::NotChecked& item : facts.not_checked()) {
        w.object();
        w.key("code").string(item.code);
        w.key("what").string(item.what);
        w.end();
    }
    w.end().end();
    return std::move(w).text() + "\n";
}

std::string error_json(const Error& error) {
    return verify::error_json(error) + "\n";
}

namespace {

/// The detail on one line. A list of places that were looked at, which names nothing of an outsider's, keeps
/// its lines.
std::string detail_text(const Error& error) {
    if (error.rule != "E_TEE_NONE") return printable_line(error.detail);
    std::string out;
    for (std::string_view rest = error.detail;;) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        out += printable_line(rest.substr(0, end));
        if (end == rest.size()) return out;
        out += '\n';
        rest.remove_prefix(end + 1);
    }
}

}  // namespace

std::string error_text(const Error& error, const Style& style) {
    std::string out = style.bad("lumoz: ");
    if (!error.detail.empty()) out += detail_text(error) + " ";
    const auto known = std::ranges::find(kExplanations, error.rule, &Explanation::rule);
    if (known != kExplanations.end())
        out += std::string(error.detail.empty() ? "" : "— ") + std::string(known->words) + " ";
    return out + style.dim("(" + std::string(error.rule) + " at " + std::string(error.where) + ")") + "\n";
}

}  // namespace lumoz::app
