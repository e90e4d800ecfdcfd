#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules on the text of the tree: licence lines, words, hosts, length of files, duplicate code, forbidden constructs.

Prints one line per offence, `file:line: what`. Exit code 1 if there is one. The patterns are written so that this
file does not offend against them itself.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CODE = (".cpp", ".hpp", ".h")
SPDX = "SPDX-License-Identifier: Apache-2.0"
NEEDS_SPDX = CODE + (".py", ".sh", ".cmake", ".js", ".mjs", ".ts", ".sol", ".lua", "CMakeLists.txt")
MAX_LINES = 600
DUPLICATE_LINES = 14
DUPLICATE_TEST_LINES = 30

# (pattern, what to do instead, which files)
EVERYWHERE = [
    (re.compile(r"\b(TO[D]O|FIX[M]E|XX[X])\b"), "unfinished work: finish it or file an issue"),
    (re.compile(r"registry\.npm[j]s|py[p]i\.org|pythonhoste[d]\.org|(deb|security|ftp)\.d[e]bian\.org|npmmirro[r]"),
     "host of a package registry: packages are fetched by their clients"),
    (re.compile(r"(?<![\w.])/(wor[k]|roo[t]|hom[e]/[a-z]+)/[\w.]"), "path of one machine"),
]
IN_SOURCES = [
    (re.compile(r"\b([Ss]tu[b]|[Pp]laceholde[r]|not [i]mplemented|[Hh]ac[k])\b"), "nothing half-done is committed"),
    (re.compile(r"\b(blacklis[t]|whitelis[t])", re.I), "say deny-list or allow-list"),
]
IN_CODE = [
    (re.compile(r"__DATE__|__TIME__|__TIMESTAMP__"), "the build is reproducible: no time of compilation"),
    (re.compile(r"\bthrow\b(?! CLI::)"), "errors are values: Result<T>"),
]
IN_PRODUCT = [
    (re.compile(r"^\s*using namespace\b(?! std::(\w+::)*\w*literals;)"), "no `using namespace`"),
    (re.compile(r"\b(strcpy|strcat|sprintf|gets|system|popen|rand|atoi|atol|strtok)\s*\("), "unsafe or ambiguous function"),
]
CO_AWAIT = re.compile(r"\bco_await\b(?P<rest>[^;]*);", re.S)
CAPTURE = re.compile(r"(?<![\w\])])\[(?!\[)[^\]\[]+\]\s*(\(|\{|mutable)")


def tracked():
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    for name in sorted(out.decode().split("\0")):
        if name and os.path.isfile(os.path.join(ROOT, name)):
            yield name


def read(name):
    try:
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            return file.read()
    except UnicodeDecodeError:
        return None


def is_data(name):
    return name.startswith(("tests/vectors/", "fuzz/corpus/")) or name == "LICENSE" or "/testdata/" in name


def without_comments_and_strings(text):
    """Blanks comments and string literals, keeping line breaks."""
    pattern = re.compile(r'R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def check_licence(name, text):
    script = text.startswith("#!")
    if not (name.endswith(NEEDS_SPDX) or script):
        return
    head = text.split("\n", 3)[:3]
    if not any(SPDX in line for line in head):
        yield 1, f"first line must be: {SPDX}"


def check_words(name, text):
    rules = list(EVERYWHERE)
    if not name.endswith(".md"):
        rules += IN_SOURCES
    for number, line in enumerate(text.split("\n"), 1):
        for pattern, what in rules:
            if pattern.search(line):
                yield number, what


def check_code(name, text):
    if not name.endswith(CODE):
        return
    lines = text.count("\n")
    if lines > MAX_LINES and not name.endswith("_test.cpp"):
        yield lines, f"longer than {MAX_LINES} lines: find the second noun"
    bare = without_comments_and_strings(text)
    rules = IN_CODE + (IN_PRODUCT if name.startswith("src/") and not name.endswith("_test.cpp") else [])
    for number, line in enumerate(bare.split("\n"), 1):
        for pattern, what in rules:
            if pattern.search(line):
                yield number, what
    for match in CO_AWAIT.finditer(bare):
        if CAPTURE.search(match.group("rest")):
            yield bare.count("\n", 0, match.start()) + 1, "capturing lambda inside a co_await expression (g++ 12): name it first"
    if name.endswith((".hpp", ".h")) and "#pragma once" not in text and not name.endswith("lumoz.h"):
        yield 1, "header without #pragma once"


def significant(text):
    """(line number, line) without white space of the lines that carry code of their own."""
    for number, line in enumerate(without_comments_and_strings(text).split("\n"), 1):
        squeezed = re.sub(r"\s+", "", line)
        if len(squeezed) > 3 and not squeezed.startswith(("#", "using", "namespace", "//")):
            yield number, squeezed


def check_duplicates(texts):
    """The same run of lines at two places: (file, line, what), once per pair of runs."""
    for tests, length in ((False, DUPLICATE_LINES), (True, DUPLICATE_TEST_LINES)):
        seen = {}
        for name, text in texts.items():
            if not name.endswith(CODE) or not name.startswith(("src/", "simtee/", "fuzz/", "bench/", "tests/")):
                continue
            if name.endswith("_test.cpp") != tests:
                continue
            lines = list(significant(text))
            last_reported = -1
            for i in range(len(lines) - length + 1):
                key = "\n".join(line for _, line in lines[i:i + length])
                where = (name, lines[i][0])
                first = seen.setdefault(key, where)
                if first != where and i > last_reported:
                    last_reported = i + length
                    yield name, lines[i][0], f"same {length} lines as {first[0]}:{first[1]}"


def main():
    offences = []
    texts = {}
    for name in tracked():
        if is_data(name):
            continue
        text = read(name)
        if text is None:
            continue
        texts[name] = text
        for rule in (check_licence, check_words, check_code):
            offences += [(name, line, what) for line, what in rule(name, text)]
    offences += list(check_duplicates(texts))
    for name, line, what in offences:
        print(f"{name}:{line}: {what}")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
