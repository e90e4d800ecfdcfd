// SPDX-License-Identifier: Apache-2.0
#include "verify/verdict.hpp"

#include <charconv>

namespace lumoz::verify {

std::string_view to_text(Outcome outcome) {
    switch (outcome) {
        case Outcome::Pass:
            return "pass";
        case Outcome::Fail:
            return "fail";
        case Outcome::NotReached:
            return "not_reached";
    }
    return "";
}

std::string_view to_text(VerdictResult result) {
    switch (result) {
        case VerdictResult::Accept:
            return "accept";
        case VerdictResult::Reject:
            return "reject";
        case VerdictResult::Malformed:
            return "malformed";
        case VerdictResult::Unsupported:
            return "unsupported";
    }
    return "";
}

std::optional<std::uint64_t> byte_offset(const Error& error) {
    constexpr std::string_view kPrefix = "offset ";
    const std::string_view detail(error.detail);
    if (!detail.starts_with(kPrefix)) return std::nullopt;
    const std::string_view rest = detail.substr(kPrefix.size());
    std::uint64_t out = 0;
    const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), out);
    const std::string_view behind = rest.substr(static_cast<std::size_t>(end - rest.data()));
    if (code != std::errc() || !behind.starts_with(':')) return std::nullopt;
    return out;
}

std::string error_json(const Error& error) {
    json::Writer out;
    out.object();
    out.key("result").string("error");
    out.key("error").string(error.rule);
    out.key("where").string(error.where);
    out.key("detail").string(error.detail);
    if (const auto offset = byte_offset(error)) out.key("offset").integer(static_cast<std::int64_t>(*offset));
    out.end();
    return std::move(out).text();
}

void Verdict::pass(std::string_view id, std::string_view what, std::string detail) {
    rules_.push_back({id, what, Outcome::Pass, {}, std::move(detail)});
}

void Verdict::fail(std::string_view id, std::string_view what, Error error) {
    rules_.push_back({id, what, Outcome::Fail, error.rule, error.detail});
    decide(std::move(error));
}

void Verdict::decide(Error error) {
    const bool gives_way = failed_ && failed_->code == Errc::Unsupported && error.code != Errc::Unsupported;
    if (!failed_ || gives_way) failed_ = std::move(error);
}

void Verdict::not_reached(std::string_view id, std::string_view what) {
    rules_.push_back({id, what, Outcome::NotReached, {}, {}});
}

bool Verdict::check(std::string_view id, std::string_view what, const Status& status) {
    if (status) {
        pass(id, what);
    } else {
        fail(id, what, status.error());
    }
    return status.has_value();
}

void Verdict::not_checked(std::string_view code, std::string what) {
    for (const NotChecked& earlier : not_checked_)
        if (earlier.code == code && earlier.what == what) return;
    not_checked_.push_back({code, std::move(what)});
}

void Verdict::add_findings(std::vector<Finding> findings) {
    for (Finding& finding : findings)
        findings_.push_back(std::move(finding));
    std::ranges::sort(findings_, {}, &Finding::code);
}

void Verdict::reserve(std::size_t rules, std::size_t facts) {
    rules_.reserve(rules);
    facts_.reserve(facts);
}

void Verdict::establish(std::string_view name, std::string value) {
    const auto it =
        std::ranges::find(facts_, name, [](const auto& fact) { return std::string_view(fact.first); });
    if (it == facts_.end()) {
        facts_.emplace_back(name, std::move(value));
    } else {
        it->second = std::move(value);
    }
}

void Verdict::establish_text(std::string_view name, std::string_view text) {
    establish(name, json::quoted(text));
}

void Verdict::append(Verdict part) {
    for (Rule& rule : part.rules_)
        rules_.push_back(std::move(rule));
    add_findings(std::move(part.findings_));
    for (NotChecked& n : part.not_checked_)
        not_checked(n.code, std::move(n.what));
    for (auto& [name, value] : part.facts_)
        establish(name, std::move(value));
    if (part.failed_) decide(*std::move(part.failed_));
    simulated_ = simulated_ || part.simulated_;
}

VerdictResult Verdict::result() const {
    if (failed_) {
        if (failed_->code == Errc::Malformed) return VerdictResult::Malformed;
        if (failed_->code != Errc::Unsupported) return VerdictResult::Reject;
        return findings_.empty() ? VerdictResult::Unsupported : VerdictResult::Reject;
    }
    return findings_.empty() ? VerdictResult::Accept : VerdictResult::Reject;
}

int Verdict::exit_code() const {
    switch (result()) {
        case VerdictResult::Accept:
            return 0;
        case VerdictResult::Reject:
            return lumoz::exit_code(Errc::Refused);
        case VerdictResult::Malformed:
            return lumoz::exit_code(Errc::Malformed);
        case VerdictResult::Unsupported:
            return lumoz::exit_code(Errc::Unsupported);
    }
    return 1;
}

std::optional<Error> Verdict::error() const {
    if (failed_ && (failed_->code != Errc::Unsupported || findings_.empty())) return failed_;
    if (findings_.empty()) return std::nullopt;
    return Error{Errc::Refused, findings_.front().code, "policy", findings_.front().what};
}

std::optional<std::string_view> Verdict::established(std::string_view name) const {
    for (const auto& [known, value] : facts_)
        if (known == name) return value;
    return std::nullopt;
}

std::string Verdict::to_json() const {
    json::Writer out;
    out.object();
    out.key("result").string(to_text(result()));
    if (const auto e = error()) {
        out.key("error").string(e->rule);
        out.key("where").string(e->where);
        out.key("detail").string(e->detail);
        if (const auto offset = byte_offset(*e))
            out.key("offset").integer(static_cast<std::int64_t>(*offset));
    }
    out.key("simulated").boolean(simulated_);
    for (const auto& [name, value] : facts_)
        out.key(name).raw(value);
    out.key("findings").array();
    for (const Finding& finding : findings_)
        out.string(finding.code);
    out.end();
    out.key("objections").array();
    for (const Finding& finding : findings_) {
        out.object();
        out.key("code").string(finding.code);
        out.key("what").string(finding.what);
        out.end();
    }
    out.end();
    out.key("not_checked").array();
    for (const NotChecked& n : not_checked_) {
        out.object();
        out.key("code").string(n.code);
        out.key("what").string(n.what);
        out.end();
    }
    out.end();
    out.key("rules").array();
    for (const Rule& rule : rules_) {
        out.object();
        out.key("id").string(rule.id);
        out.key("what").string(rule.what);
        out.key("outcome").string(to_text(rule.outcome));
        if (!rule.error.empty()) out.key("error").string(rule.error);
        if (!rule.detail.empty()) out.key("detail").string(rule.detail);
        out.end();
    }
    out.end();
    out.end();
    return std::move(out).text();
}

}  // namespace lumoz::verify
