// SPDX-License-Identifier: Apache-2.0
// How a command answers (surface.md 2): the verdict on the first line, the rules, what was established, what
// the policy objects to, what was not checked; or exactly one JSON document.
#pragma once

#include "app/output/style.hpp"
#include "verify/verdict.hpp"

namespace lumoz::app {

struct OutputOptions {
    bool json = false;
    bool explain = false;  ///< one line per rule even where a command folds them
    bool brief = false;    ///< fold rules per group even where a command lists them
};

/// The text form. `subject` is what was verified, in a few words; with `fold` rules that hold are counted per
/// group, those that fail always stand alone. `sections` is put before what was not checked.
[[nodiscard]] std::string verdict_text(const verify::Verdict& verdict, std::string_view subject, bool fold,
                                       const Style& style, std::string_view sections = {});
/// The first line alone, without its end: result, SIMULATED, subject or the failing rule.
[[nodiscard]] std::string headline(const verify::Verdict& verdict, std::string_view subject,
                                   const Style& style);

/// For commands that show and do not judge: the subject, the facts, what was not checked.
[[nodiscard]] std::string facts_text(const verify::Verdict& facts, std::string_view subject,
                                     const Style& style);
/// `{"result":"ok",facts…,"not_checked"}` and a newline.
[[nodiscard]] std::string facts_json(const verify::Verdict& facts);

/// `{"result":"error","error","where","detail","offset"?}` and a newline.
[[nodiscard]] std::string error_json(const Error& error);
/// `lumoz: what happened (CODE at place)` and a newline.
[[nodiscard]] std::string error_text(const Error& error, const Style& style);

}  // namespace lumoz::app
