# SPDX-License-Identifier: Apache-2.0
"""Writes mutants of C++ checks as schemata: one source that holds all of them, the chosen one by LUMOZ_MUTANT.

What is mutated, each place alone:
  if-delete     `if (C) …`                 C is false: the check is not there
  if-invert     `if (C) …`                 C is inverted
  operand       one operand of || or && in such a condition is left out
  check-delete  `LUMOZ_CHECK_OK(E);`       E is not asked
  status-good   `return E;` of a Status    everything is good
  bool-true, bool-false  `return E;` of a bool
"""

import dataclasses
import re

PRELUDE = """#include <cstdlib>
namespace lumoz_mutation {
/// Whether mutant `number` is the chosen one.
inline bool is(int number) {
    static const int kChosen = [] {
        const char* text = std::getenv("LUMOZ_MUTANT");
        return text == nullptr ? -1 : std::atoi(text);
    }();
    return kChosen == number;
}
}  // namespace lumoz_mutation
"""


@dataclasses.dataclass
class Mutant:
    number: int
    file: str
    line: int
    kind: str
    text: str
    key: str = ""


def blanked(source):
    """The source with comments and literals replaced by spaces of the same length: only code is left to match."""
    out = []
    pattern = re.compile(r'R"(\w*)\((?:.|\n)*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*(?:.|\n)*?\*/')
    at = 0
    for match in pattern.finditer(source):
        if match.group(0).startswith("'") and at and re.search(r"[0-9a-fA-F]$", source[: match.start()]):
            continue  # a digit separator
        out.append(source[at : match.start()])
        out.append(re.sub(r"[^\n]", " ", match.group(0)))
        at = match.end()
    out.append(source[at:])
    return "".join(out)


def closing(code, at):
    """Index of the bracket that closes the one at `at`."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    depth = []
    for index in range(at, len(code)):
        char = code[index]
        if char in pairs:
            depth.append(pairs[char])
        elif depth and char == depth[-1]:
            depth.pop()
            if not depth:
                return index
    raise ValueError("unbalanced")


def operands(code, begin, end):
    """Top-level operands of a condition and what joins them; nothing when it is no plain list of && or ||."""
    spans, joins, depth, start, index = [], set(), 0, begin, begin
    while index < end:
        char = code[index]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif depth == 0 and code[index : index + 2] in ("&&", "||"):
            spans.append((start, index))
            joins.add(code[index : index + 2])
            start = index + 2
            index += 1
        elif depth == 0 and char == "?":
            return [], ""
        index += 1
    spans.append((start, end))
    return (spans, joins.pop()) if len(joins) == 1 else ([], "")


def top_level(code, char):
    """Index of the first `char` outside brackets, or -1."""
    depth = 0
    for index, here in enumerate(code):
        depth += here in "([{"
        depth -= here in ")]}"
        if depth == 0 and here == char:
            return index
    return -1


FUNCTION = re.compile(r"^[ \t]*(?:static |inline |constexpr |\[\[nodiscard\]\] )*(?P<type>Status|bool)\s+(?:\w+::)*(?P<name>\w+|operator\(\))\s*\(", re.M)
LAMBDA = re.compile(r"\[[\w\s,&=*.]*\]\s*(\([^()]*(?:\([^()]*\)[^()]*)*\))?\s*(mutable\s*)?(noexcept\s*)?(->\s*[\w:<>]+\s*)?\{")


class File:
    def __init__(self, name, source, number):
        self.name, self.source, self.code = name, source, blanked(source)
        self.edits, self.mutants, self.next, self.seen = [], [], number, {}
        self.lambdas = [(m.end() - 1, closing(self.code, m.end() - 1)) for m in LAMBDA.finditer(self.code)]

    def add(self, kind, at, text):
        text = " ".join(text.split())
        plain = f"{self.name}|{kind}|{text}"
        self.seen[plain] = self.seen.get(plain, 0) + 1
        key = plain + (f"|{self.seen[plain]}" if self.seen[plain] > 1 else "")
        mutant = Mutant(self.next, self.name, self.source.count("\n", 0, at) + 1, kind, text, key)
        self.next += 1
        self.mutants.append(mutant)
        return f"::lumoz_mutation::is({mutant.number})"

    def condition(self, begin, end):
        """The condition with its mutants."""
        text = self.source[begin:end]
        delete, invert = self.add("if-delete", begin, text), self.add("if-invert", begin, text)
        spans, join = operands(self.code, begin, end)
        pieces, at = [], begin
        for first, last in spans:
            pieces.append(self.source[at:first])
            operand = self.source[first:last]
            neutral = "true" if join == "&&" else "false"
            pieces.append(f" ({self.add('operand', first, operand + ' of ' + text)} ? {neutral} : static_cast<bool>({operand.strip()})) ")
            at = last
        pieces.append(self.source[at:end])
        return f"{delete} ? false : {invert} != static_cast<bool>({''.join(pieces)})"

    def conditions(self):
        for match in re.finditer(r"\bif \(", self.code):
            begin, end = match.end(), closing(self.code, match.end() - 1)
            depth_free = self.code[begin:end]
            init = top_level(depth_free, ";")
            if init >= 0:  # an init-statement stands before the condition
                begin += init + 1
            elif re.match(r"\s*(const )?(auto|[\w:]+(<[^=]*>)?)\s*[&*]?\s*(const )?\w+ = ", depth_free):
                continue  # the condition is a declaration
            self.edits.append((begin, end, self.condition(begin, end)))

    def checks(self):
        for match in re.finditer(r"\bLUMOZ_CHECK_OK\(", self.code):
            begin, end = match.end(), closing(self.code, match.end() - 1)
            text = self.source[begin:end]
            self.edits.append((begin, end, f"{self.add('check-delete', begin, text)} ? ::lumoz::Status{{}} : ::lumoz::Status({text})"))

    def returns(self):
        for match in FUNCTION.finditer(self.code):
            close = closing(self.code, match.end() - 1)
            body = re.match(r"\s*(const)?\s*(noexcept)?\s*\{", self.code[close + 1 :])
            if not body:
                continue
            first = close + 1 + body.end() - 1
            last = closing(self.code, first)
            for found in re.finditer(r"\breturn ([^;]*);", self.code[first:last]):
                begin, end = first + found.start(1), first + found.end(1)
                if any(a < begin < b and a > first for a, b in self.lambdas) or "[" in self.code[begin:end] and "](" in self.code[begin:end]:
                    continue
                text = self.source[begin:end]
                if match["type"] == "Status":
                    if text.strip() in ("{}",) or text.lstrip().startswith(("bad(", "fail(", "schema", "kSchema", "std::unexpected", "wrong_")) or self.refuses(begin):
                        continue
                    self.edits.append((begin, end, f"{self.add('status-good', begin, text)} ? ::lumoz::Status{{}} : ::lumoz::Status({text})"))
                elif text.strip() not in ("true", "false"):
                    true, false = self.add("bool-true", begin, text), self.add("bool-false", begin, text)
                    self.edits.append((begin, end, f"{true} ? true : {false} ? false : static_cast<bool>({text})"))

    def refuses(self, at):
        """A return under an if that refuses: the condition's own mutants delete it."""
        line = self.source[self.source.rfind("\n", 0, at) + 1 : at]
        return bool(re.search(r"\bif \(.*\)\s*return $", line))

    def mutated(self):
        self.conditions()
        self.checks()
        self.returns()
        out, at = [], 0
        for begin, end, text in sorted(self.edits):
            if begin < at:  # inside another edit: its mutants are not in the text
                numbers = {int(n) for n in re.findall(r"lumoz_mutation::is\((\d+)\)", text)}
                self.mutants = [m for m in self.mutants if m.number not in numbers]
                continue
            out.append(self.source[at:begin] + text)
            at = end
        out.append(self.source[at:])
        return PRELUDE + "".join(out)
