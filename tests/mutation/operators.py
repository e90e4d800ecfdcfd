# SPDX-License-Identifier: Apache-2.0
"""Where a source can be mutated, and the same source with every mutant in it, each behind its own number."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from source import Source

COMPARISONS = {"==", "!=", "<", "<=", ">", ">="}
BOUNDARY = {"<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal"}
ASSIGNMENTS = {"=", "+=", "-=", "|=", "&=", "^=", "*=", "/=", "%=", "<<=", ">>="}
# What ends an operand of `&&`, `||` or a comparison on either side, on the same level of brackets.
ENDS = {";", ",", "?", ":", "{", "}", "return", "co_return", "else", "do", "case"} | ASSIGNMENTS
MAKES_AN_ERROR = {"bad", "fail", "unexpected", "no_level", "move"}
KEYWORDS = {"if", "for", "while", "switch", "return", "break", "continue", "else", "do", "case", "default", "using",
            "const", "constexpr", "static", "auto", "struct", "class", "enum", "static_assert", "template", "delete",
            "goto", "typename", "unsigned", "int", "bool", "void"}
ON = "::lumoz::mutation::on(0x{id}u)"


@dataclass
class Mutant:
    """One change. `key` (file, function, change, text, ordinal) survives reformatting and moves inside the file."""

    file: str
    function: str
    change: str
    text: str
    line: int
    ordinal: int = 0
    id: str = ""

    @property
    def key(self):
        return "\t".join((self.file, self.function, self.change, self.text, str(self.ordinal)))


@dataclass
class Edit:
    """Text put around tokens begin to end - 1; `rank` orders edits of one range, the lowest outermost."""

    begin: int
    end: int
    opening: str
    closing: str
    mutant: Mutant = None
    rank: int = 0


@dataclass
class Finder:
    file: str
    source: Source
    edits: list = field(default_factory=list)
    swaps: dict = field(default_factory=dict)
    ranges: dict = field(default_factory=dict)

    def run(self):
        for i, token in enumerate(self.source.tokens):
            function = self.source.function_of(i)
            if function is None or function.is_constexpr or self.in_constant(i):
                continue
            if token.kind == "name":
                self.keyword(i, token.text, function)
            self.statement(i, function)
            if token.kind == "mark":
                self.logical(i, token.text, function)
        # A comparison that is a whole condition or operand is mutated there already, but for its boundary.
        for i, token in enumerate(self.source.tokens):
            function = self.source.function_of(i)
            if function is None or function.is_constexpr or self.in_constant(i):
                continue
            if token.text in COMPARISONS and token.kind == "mark" and self.is_comparison(i):
                self.comparison(i, function)
        for function in self.source.functions:
            self.body(function)
        self.number()
        return self

    # What is mutated.

    def keyword(self, i, word, function):
        source = self.source
        if word in ("if", "while") and source.is_text(i + 1, "("):
            begin, end = self.condition(i + 2, source.pair[i + 1])
            if begin is not None:
                self.boolean(begin, end, function, ("false", "not") if word == "if" else ("false",))
        elif word == "for" and source.is_text(i + 1, "("):
            self.loop(i, function)
        elif word == "return" and not source.in_lambda(i, function):
            self.result(i, function)
        elif word in ("LUMOZ_CHECK_OK", "LUMOZ_TRY"):
            close = source.pair[i + 1]
            begin = i + 2 if word == "LUMOZ_CHECK_OK" else self.next_on_level(i + 2, close, ",") + 1
            self.ignore(begin, close, function)
        elif word == "bool" and source.tokens[i + 1].kind == "name" and source.is_text(i + 2, "="):
            self.boolean(i + 3, self.right(i + 3, {";", ","}), function, ("true", "false"))

    def condition(self, begin, end):
        """The part of a header that decides: after the last `;`, no declaration."""
        semicolon = self.next_on_level(begin, end, ";")
        begin = begin if semicolon == end else semicolon + 1
        if begin >= end or self.next_on_level(begin, end, "=") != end:
            return None, None
        return begin, end

    def loop(self, i, function):
        source, close = self.source, self.source.pair[i + 1]
        first = self.next_on_level(i + 2, close, ";")
        if first != close:
            second = self.next_on_level(first + 1, close, ";")
            if second > first + 1:
                self.boolean(first + 1, second, function, ("false",))
        elif source.is_text(i - 1, ";", "{", "}"):
            mutant = self.mutant(function, "skip loop", i, close + 1)
            self.edits.append(Edit(i, close + 1, "if (!@) ", "", mutant))

    def result(self, i, function):
        end = self.next_on_level(i + 1, len(self.source.tokens), ";")
        if end - i < 2:
            return
        if function.type == "bool":
            if end - i > 2 or self.source.tokens[i + 1].text not in ("true", "false"):
                self.boolean(i + 1, end, function, ("true", "false"))
        elif function.type.startswith(("Status", "Result<")):
            callee = self.call(i + 1, end)
            if callee and callee not in MAKES_AN_ERROR:
                self.ignore(i + 1, end, function)

    def call(self, begin, end):
        """Name of the function when the range is one call such as `a.b(c)` or `ns::f(x)`."""
        close = end - 1
        if not self.source.is_text(close, ")") or self.source.pair[close] <= begin:
            return None
        name = self.source.pair[close] - 1
        chain = self.chain(begin, name + 1)
        return self.source.tokens[name].text if chain and self.source.tokens[name].kind == "name" else None

    def chain(self, begin, end):
        """Is the range names, member accesses, indexes and calls only?"""
        i, previous = begin, None
        while i < end:
            token = self.source.tokens[i]
            if token.kind == "name":
                if token.text in KEYWORDS or (previous is not None and previous not in (".", "->", "::", "*")):
                    return False
            elif token.text in ("(", "["):
                if self.source.pair[i] >= end:
                    return False
                i = self.source.pair[i]
            elif token.text not in (".", "->", "::") and not (token.text == "*" and previous is None):
                return False
            previous = self.source.tokens[i].text if token.kind != "name" else "name"
            i += 1
        return True

    def statement(self, i, function):
        """Statements that only have an effect are deleted."""
        source = self.source
        if not source.is_text(source.parent[i], "{") or not self.starts(i):
            return
        end = self.next_on_level(i, len(source.tokens), ";")
        if end == len(source.tokens) or source.tokens[i].text in KEYWORDS or source.tokens[i].text.startswith("LUMOZ_"):
            return
        assigned = next((k for k in self.on_level(i, end) if source.tokens[k].text in ASSIGNMENTS), None)
        steps = source.is_text(i, "++", "--") or source.is_text(end - 1, "++", "--")
        if steps or (self.chain(i, assigned) if assigned else self.call(i, end)):
            mutant = self.mutant(function, "delete", i, end)
            self.edits.append(Edit(i, end + 1, "{ if (!@) ", " }", mutant))

    def starts(self, i):
        """Does a statement begin here?"""
        source = self.source
        if source.is_text(i - 1, ";", "{", "}", "else", "do"):
            return True
        if source.is_text(i - 1, ":"):
            k = i - 1
            while k > 0 and not source.is_text(k, ";", "{", "}", "?"):
                if source.is_text(k, "case", "default"):
                    return True
                k -= 1
            return False
        return source.is_text(i - 1, ")") and self.source.is_text(source.pair[i - 1] - 1, "if", "for", "while")

    def logical(self, i, mark, function):
        if mark == "?":
            self.boolean(self.left(i, ENDS), i, function, ("true", "false"))
        if mark not in ("&&", "||") or not self.spaced(i):
            return
        neutral = "true" if mark == "&&" else "false"
        stops = ENDS | {"||"} | ({"&&"} if mark == "&&" else set())
        for begin, end in ((self.left(i, stops), i), (i + 1, self.right(i + 1, stops))):
            self.boolean(begin, end, function, (neutral,))

    def comparison(self, i, function):
        stops = ENDS | {"&&", "||"}
        begin, end = self.left(i, stops), self.right(i + 1, stops)
        if (begin, end) not in self.ranges:
            self.boolean(begin, end, function, ("true", "false"))
        word = BOUNDARY.get(self.source.tokens[i].text)
        if word:
            # An ordering is comparable with a literal 0 only, so that one is not passed on as a value.
            zero = end == i + 2 and self.source.is_text(i + 1, "0")
            mutant = self.mutant(function, "boundary", begin, end)
            name = f"::lumoz::mutation::{word}{'_zero' if zero else ''}"
            self.edits.append(Edit(begin, end, name + "(0x%u, (", "))", mutant, rank=9))
            self.swaps[i] = "" if zero else "), ("
            if zero:
                self.swaps[i + 1] = ""

    def boolean(self, begin, end, function, changes):
        if end <= begin or self.source.is_text(begin, "true", "false") and end - begin == 1:
            return
        for change in changes:
            seen = self.ranges.setdefault((begin, end), set())
            if change in seen:
                continue
            seen.add(change)
            mutant = self.mutant(function, change, begin, end)
            if change == "not":
                edit = Edit(begin, end, "(@ != static_cast<bool>(", "))", mutant, rank=len(seen))
            else:
                edit = Edit(begin, end, f"(@ ? {change} : static_cast<bool>(", "))", mutant, rank=len(seen))
            self.edits.append(edit)

    def ignore(self, begin, end, function):
        mutant = self.mutant(function, "ignore error", begin, end)
        self.edits.append(Edit(begin, end, "::lumoz::mutation::ignore(0x%u, (", "))", mutant))

    def body(self, function):
        if function.is_constexpr:
            return
        values = {"bool": ("true", "false"), "void": ("",), "Status": ("{}",)}.get(function.type, ())
        if function.type.startswith(("std::vector<", "std::optional<")):
            values = ("{}",)
        for value in values:
            mutant = self.mutant(function, f"body {value}".strip(), function.begin, function.begin)
            self.edits.append(Edit(function.begin, function.begin + 1, "", f" if (@) return {value};", mutant))

    # Helpers on tokens.

    def mutant(self, function, change, begin, end):
        return Mutant(self.file, function.name, change, self.source.text_of(begin, end), self.source.line(begin))

    def in_constant(self, i):
        """Inside a constant expression, where nothing can be chosen at run time."""
        source, k = self.source, i
        while k > 0 and not source.is_text(k - 1, ";", "}"):
            k -= 1
            if source.is_text(k, "constexpr", "static_assert"):
                return not source.is_text(source.parent[i], "{") or source.parent[i] <= k
            if source.is_text(k, "{") and source.pair[k] > i and not source.is_text(k - 1, "=", ","):
                return False
        return False

    def is_comparison(self, i):
        return len(self.source.tokens[i].text) == 2 or self.spaced(i)

    def spaced(self, i):
        """An operator between blanks: no bracket of a template, no reference."""
        text, token = self.source.text, self.source.tokens[i]
        return text[token.begin - 1].isspace() and text[token.end].isspace()

    def on_level(self, begin, end):
        i = begin
        while i < end:
            yield i
            i = self.source.pair[i] if self.source.is_text(i, "(", "[", "{") else i
            i += 1

    def next_on_level(self, begin, end, text):
        for i in self.on_level(begin, end):
            if self.source.tokens[i].text in (")", "]", "}"):
                return end
            if self.source.tokens[i].text == text:
                return i
        return end

    def left(self, i, stops):
        source = self.source
        while i > 0:
            before = i - 1
            text = source.tokens[before].text
            if source.tokens[before].kind != "string":
                if text in stops or text in ("(", "["):
                    return i
                if text == ")" and source.is_text(source.pair[before] - 1, "if", "for", "while"):
                    return i
                if text in (")", "]"):
                    before = source.pair[before]
            i = before
        return i

    def right(self, i, stops):
        source = self.source
        while i < len(source.tokens):
            token = source.tokens[i]
            if token.kind != "string":
                if token.text == "{":
                    pass
                elif token.text in stops or token.text in (")", "]"):
                    return i
                if token.text in ("(", "[", "{"):
                    i = source.pair[i]
            i += 1
        return i

    def number(self):
        """Ids are hashes of keys, so that one edit of a source renames few mutants."""
        count = Counter()
        for edit in self.edits:
            mutant = edit.mutant
            mutant.text = mutant.text[:160]
            same = (mutant.function, mutant.change, mutant.text)
            mutant.ordinal = count[same]
            count[same] += 1
            mutant.id = hashlib.sha256(mutant.key.encode()).hexdigest()[:8]

    @property
    def mutants(self):
        return [edit.mutant for edit in self.edits]

    def mutated(self):
        """The source with every mutant in it."""
        tokens, opens, closes = self.source.tokens, {}, {}
        for edit in self.edits:
            on = ON.format(id=edit.mutant.id)
            opening = edit.opening.replace("@", on).replace("%", edit.mutant.id)
            closing = edit.closing.replace("@", on)
            opens.setdefault(edit.begin, []).append((-edit.end, edit.rank, opening))
            closes.setdefault(edit.end - 1, []).append((-edit.begin, -edit.rank, closing))
        out, at = [], 0
        for i, token in enumerate(tokens):
            out.append(self.source.text[at:token.begin])
            out.extend(text for _, _, text in sorted(opens.get(i, [])))
            out.append(self.swaps.get(i, token.text))
            out.extend(text for _, _, text in sorted(closes.get(i, [])))
            at = token.end
        return "".join(out) + self.source.text[at:]
