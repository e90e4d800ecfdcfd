#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tool that makes mutants: what it changes, that formatting does not matter, that each change can be switched alone."""

import os
import re
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "mutation"))
import overlay  # noqa: E402
import report  # noqa: E402
from operators import Finder  # noqa: E402
from source import Source  # noqa: E402


def find(text):
    return Finder("a.cpp", Source(text)).run()


def changes(text):
    return sorted((m.change, m.text) for m in find(text).mutants)


class Mutants(unittest.TestCase):
    def test_a_refusal_is_deleted_and_inverted_and_its_boundary_moved(self):
        self.assertEqual(changes("Status f(int a) { if (a < 3) return bad(1); return {}; }"),
                         [("body {}", ""), ("boundary", "a<3"), ("false", "a<3"), ("not", "a<3")])

    def test_each_operand_of_a_condition_is_left_out(self):
        got = changes("int f(int a, int b) { if (a == 1 || (b != 2 && !a)) return 1; return 0; }")
        for want in (("false", "a==1"), ("false", "(b!=2&&!a)"), ("true", "b!=2"), ("true", "!a")):
            self.assertIn(want, got)

    def test_macros_lose_their_error(self):
        got = changes("Status f() { LUMOZ_TRY(const auto x, g(1, 2)); LUMOZ_CHECK_OK(h(x)); return k(x); }")
        self.assertEqual([text for change, text in got if change == "ignore error"], ["g(1,2)", "h(x)", "k(x)"])

    def test_statements_with_an_effect_are_deleted_and_declarations_are_not(self):
        got = changes("void f(A& a) { Cursor in(a); auto b = a.x(); a.flag = true; a.add(b); ++a.n; *b = 1; }")
        self.assertEqual([text for change, text in got if change == "delete"], ["*b=1", "++a.n", "a.add(b)", "a.flag=true"])

    def test_constants_templates_and_text_are_left_alone(self):
        self.assertEqual(changes('int f() { constexpr int k = 3 < 4; std::vector<int> v; auto t = "a && b"; return k; }'), [])

    def test_a_loop_over_a_range_is_skipped(self):
        self.assertIn(("skip loop", "for(int x:all)"), changes("int f() { for (int x : all) g(x); return 1; }"))

    def test_keys_do_not_depend_on_formatting_or_place(self):
        loose = find("\n\nbool f(int a)\n{\n    // why\n    return a == 1 &&\n        g( a );\n}\n").mutants
        self.assertEqual([m.key for m in find("bool f(int a) { return a == 1 && g(a); }").mutants], [m.key for m in loose])

    def test_without_its_changes_the_text_is_the_source(self):
        for name in overlay.sources():
            with self.subTest(name):
                finder = overlay.find(name)
                self.assertTrue(name.endswith("layout.cpp") or finder.mutants)
                with open(os.path.join(ROOT, "src", name), encoding="utf-8") as file:
                    original = file.read()
                for edit in finder.edits:
                    edit.opening = edit.closing = ""
                finder.swaps = {}
                self.assertEqual(finder.mutated(), original)

    def test_every_mutant_has_an_id_of_its_own(self):
        mutants = overlay.all_mutants()
        self.assertEqual(len({m.id for m in mutants}), len(mutants))
        self.assertTrue(all(re.fullmatch("[0-9a-f]{8}", m.id) for m in mutants))

    def test_the_list_of_equivalent_mutants_names_mutants(self):
        equivalents = report.load_equivalents()
        for mutant in overlay.all_mutants():
            equivalents.reason(mutant)
        self.assertEqual([row[:5] for row, used in zip(equivalents.rows, equivalents.used) if not used], [])


if __name__ == "__main__":
    unittest.main()
