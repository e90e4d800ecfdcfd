// SPDX-License-Identifier: Apache-2.0
// Verdict: what a verification answers. It lists every rule in its order with its outcome, what was
// established, what the policy objects to, and what a reader could take for shown and is not (surface.md 2).
#pragma once

#include "base/json.hpp"

namespace lumoz::verify {

enum class Outcome : std::uint8_t { Pass, Fail, NotReached };
/// `pass`, `fail`, `not_reached`.
[[nodiscard]] std::string_view to_text(Outcome outcome);

/// One rule of a verification.
struct Rule {
    std::string_view id;    ///< stable, e.g. `tdx.22`; static text
    std::string_view what;  ///< plain words; static text
    Outcome outcome = Outcome::NotReached;
    std::string_view error;  ///< stable code when it failed; static text
    std::string detail;
};

/// An objection of the policy: the evidence is proven, but not wanted.
struct Finding {
    std::string_view code;  ///< `P_…`; static text
    std::string what;
};

/// Something that was not checked.
struct NotChecked {
    std::string_view code;  ///< `N_…`; static text
    std::string what;
};

enum class VerdictResult : std::uint8_t { Accept, Reject, Malformed, Unsupported };
/// `accept`, `reject`, `malformed`, `unsupported`.
[[nodiscard]] std::string_view to_text(VerdictResult result);

/// The byte that an error names: details of malformed input begin with `offset N: `. Nothing otherwise.
[[nodiscard]] std::optional<std::uint64_t> byte_offset(const Error& error);
/// `{"result":"error","error","where","detail","offset"?}`: for calls that could not come to a verdict.
[[nodiscard]] std::string error_json(const Error& error);

class Verdict {
public:
    void pass(std::string_view id, std::string_view what, std::string detail = {});
    /// Adds a failed rule; the first one decides the result, but what is only unsupported gives way to a rule
    /// that says no, and to a finding.
    void fail(std::string_view id, std::string_view what, Error error);
    void not_reached(std::string_view id, std::string_view what);
    /// `pass` or `fail` by the status; true when it passed.
    bool check(std::string_view id, std::string_view what, const Status& status);
    void not_checked(std::string_view code, std::string what);
    void add_findings(std::vector<Finding> findings);
    /// Room for so many rules and facts; saves time, changes nothing.
    void reserve(std::size_t rules, std::size_t facts);
    /// States a fact. `value` is JSON; a later value of the same name replaces the earlier one.
    void establish(std::string_view name, std::string value);
    void establish_text(std::string_view name, std::string_view text);
    /// Takes over everything of `part`, behind what is here.
    void append(Verdict part);
    void set_simulated(bool simulated) { simulated_ = simulated; }

    [[nodiscard]] VerdictResult result() const;
    [[nodiscard]] bool accepted() const { return result() == VerdictResult::Accept; }
    /// 0, 10, 20 or 30.
    [[nodiscard]] int exit_code() const;
    /// The first failing rule's error, or the first finding as one; nothing when accepted.
    [[nodiscard]] std::optional<Error> error() const;
    /// True when no rule failed; findings do not count.
    [[nodiscard]] bool proven() const { return !failed_; }
    [[nodiscard]] bool simulated() const { return simulated_; }
    [[nodiscard]] const std::vector<Rule>& rules() const { return rules_; }
    [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
    [[nodiscard]] const std::vector<NotChecked>& not_checked() const { return not_checked_; }
    /// JSON of an established fact; nothing when it was not established.
    [[nodiscard]] std::optional<std::string_view> established(std::string_view name) const;
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& facts() const { return facts_; }

    /// `{"result","error"?,"where"?,"detail"?,"offset"?,"simulated",facts…,"findings","objections","not_checked","rules"}`:
    /// `findings` are the policy's codes, `objections` the same with their words.
    [[nodiscard]] std::string to_json() const;

private:
    void decide(Error error);
    std::vector<Rule> rules_;
    std::vector<Finding> findings_;
    std::vector<NotChecked> not_checked_;
    std::vector<std::pair<std::string, std::string>> facts_;
    std::optional<Error> failed_;
    bool simulated_ = false;
};

}  // namespace lumoz::verify
