# SPDX-License-Identifier: Apache-2.0
"""A C++ file as tokens with matched brackets and function bodies: as much of the language as finding checks needs."""

import bisect
import re
from dataclasses import dataclass

TOKEN = re.compile(r"""
    (?P<space>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<directive>\#(?:\\\n|[^\n])*)
  | (?P<string>(?:u8|[uUL])?R"(?P<tag>[^()\\ ]*)\(.*?\)(?P=tag)"|(?:u8|[uUL])?"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')
  | (?P<number>\.?\d(?:'?[\w.]|(?<=[eEpP])[+-])*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<mark><=>|<<=|>>=|\.\.\.|->\*|::|->|\+\+|--|<<|&&|\|\||[-+*/%&|^=!<>]=|[^\s\w])
""", re.X | re.S)
OPEN, CLOSE = {"(": ")", "[": "]", "{": "}"}, {")", "]", "}"}
NOT_A_NAME = {"if", "for", "while", "switch", "catch", "return", "sizeof", "requires", "decltype", "noexcept"}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    begin: int
    end: int


@dataclass(frozen=True)
class Function:
    """A function with a body: name as qualified in the file, text of its type, token indexes of its braces."""

    name: str
    type: str
    begin: int
    end: int
    is_constexpr: bool


class Source:
    def __init__(self, text):
        self.text = text
        self.tokens = []
        at = 0
        while at < len(text):
            match = TOKEN.match(text, at)
            kind = "string" if match.group("string") else match.lastgroup
            if kind not in ("space", "directive"):
                self.tokens.append(Token(kind, match.group(), at, match.end()))
            at = match.end()
        self.pair = self._pairs()
        self.parent = self._parents()
        self.functions = list(self._functions())
        self.lambdas = [i for i in range(len(self.tokens)) if self.is_text(i, "{") and self._is_lambda(i)]
        self._starts = [f.begin for f in self.functions]

    def is_text(self, index, *texts):
        return 0 <= index < len(self.tokens) and self.tokens[index].text in texts

    def text_of(self, begin, end):
        """Tokens begin to end - 1 as text, one blank between two that touch as words: the same after reformatting."""
        out = ""
        for token in self.tokens[begin:end]:
            if out and (out[-1].isalnum() or out[-1] == "_") and (token.text[0].isalnum() or token.text[0] == "_"):
                out += " "
            out += token.text
        return out

    def line(self, index):
        return self.text.count("\n", 0, self.tokens[index].begin) + 1

    def _pairs(self):
        pair, stack = {}, []
        for i, token in enumerate(self.tokens):
            if token.kind != "mark":
                continue
            if token.text in OPEN:
                stack.append(i)
            elif token.text in CLOSE:
                pair[stack[-1]], pair[i] = i, stack[-1]
                if OPEN[self.tokens[stack.pop()].text] != token.text:
                    raise ValueError(f"brackets do not match at line {self.line(i)}")
        return pair

    def _parents(self):
        parent, stack = [], [-1]
        for i, token in enumerate(self.tokens):
            if token.kind == "mark" and token.text in CLOSE:
                stack.pop()
            parent.append(stack[-1])
            if token.kind == "mark" and token.text in OPEN:
                stack.append(i)
        return parent

    def _before_body(self, brace):
        """Index of the `)` of the parameter list when a function's or lambda's body may open here, else None."""
        i = brace - 1
        while i > 0 and (self.is_text(i, "const", "noexcept", "override", "final", "mutable") or self._in_arrow(i)):
            i = self._arrow(i) - 1 if self._in_arrow(i) else i - 1
        return i if self.is_text(i, ")") else None

    def _arrow(self, index):
        for i in range(index, max(index - 12, 0), -1):
            if self.is_text(i, "->"):
                return i
            if self.tokens[i].kind == "mark" and self.tokens[i].text not in ("::", "<", ">", "*", "&", ","):
                return None
        return None

    def _in_arrow(self, index):
        arrow = self._arrow(index)
        return arrow is not None and self.is_text(arrow - 1, ")")

    def _is_lambda(self, brace):
        if self.is_text(brace - 1, "]"):
            return True
        close = self._before_body(brace)
        return close is not None and self.is_text(self.pair[close] - 1, "]")

    def _functions(self):
        for brace, token in enumerate(self.tokens):
            if token.text != "{" or token.kind != "mark":
                continue
            close = self._before_body(brace)
            if close is None:
                continue
            name_end = self.pair[close] - 1
            if name_end < 0 or self.tokens[name_end].kind != "name" or self.tokens[name_end].text in NOT_A_NAME:
                continue
            name = name_end
            while self.is_text(name - 1, "::") and self.tokens[name - 2].kind == "name":
                name -= 2
            begin = name
            while begin > 0 and not (self.tokens[begin - 1].text in ("{", "}", ";", ":") or
                                     (self.is_text(begin - 1, ")") and self.parent[begin - 1] == self.parent[name])):
                begin -= 1
            type_text = self.text_of(begin, name)
            if not re.match(r"[A-Za-z_\[]", type_text) or "=" in type_text or self.tokens[begin].text in ("return", "else", "case"):
                continue
            is_constexpr = "constexpr" in type_text or "consteval" in type_text
            type_text = re.sub(r"\[\[.*?\]\]|\b(static|inline|constexpr|explicit|virtual|friend) ?|^template<[^>]*>", "",
                               type_text).strip()
            yield Function(self.text_of(name, name_end + 1), type_text, brace, self.pair[brace], is_constexpr)

    def function_of(self, index):
        """The innermost function around a token; None outside."""
        for i in range(bisect.bisect_left(self._starts, index) - 1, -1, -1):
            if self.functions[i].end > index:
                return self.functions[i]
        return None

    def in_lambda(self, index, function):
        return any(function.begin < brace < index < self.pair[brace] for brace in self.lambdas)
