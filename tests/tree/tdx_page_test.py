#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/spec/tdx.md says what the code does: its rules, field tables and codes are held to the sources."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/spec/tdx.md").read_text(encoding="utf-8")
FAMILIES = ("E_QUOTE_", "E_CERT_", "E_CHAIN_", "E_CRL_", "E_TCB", "E_QEID_", "E_QE_", "E_PCK_", "E_TDX_", "E_ATT_KEY", "E_EVENTLOG_", "E_EVENT_", "E_RTMR_",
            "E_COLLATERAL_PARSE")
OF_OTHER_PAGES = ("E_QUERY_",)


class TdxPage(unittest.TestCase):
    def test_every_rule_stands_with_its_words(self):
        source = (ROOT / "src/verify/tdx.cpp").read_text(encoding="utf-8")
        rules = re.findall(r'\{"(tdx\.\d+)",\s*"([^"]+)"', source)
        self.assertEqual([rule for rule, _ in rules], [f"tdx.{n}" for n in range(1, 25)])
        for rule, words in rules:
            self.assertIn(f"| `{rule}` | {words} | ", PAGE)
        self.assertEqual(len(re.findall(r"^\| `tdx\.\d+` \|", PAGE, re.M)), len(rules))

    def test_every_field_stands_at_its_offset(self):
        source = (ROOT / "src/evidence/tdx_layout.cpp").read_text(encoding="utf-8")
        fields = re.findall(r'\{"([a-z]\w*)", (\d+), (\d+)(?:, true)?\}', source)
        self.assertGreater(len(fields), 40)
        for name, offset, size in fields:
            self.assertIn(f"| {offset} | {size} | `{name}`", PAGE)

    def test_every_code_of_the_subject_stands_and_exists(self):
        known = [line.split("\t")[0] for line in (ROOT / "scripts/lib/errors.tsv").read_text(encoding="utf-8").splitlines()]
        missing = [code for code in known if code.startswith(FAMILIES) and not code.startswith(OF_OTHER_PAGES) and code not in PAGE]
        self.assertEqual(missing, [])
        named = set(re.findall(r"`([EP]_[A-Z0-9_]*[A-Z0-9])`", PAGE))
        self.assertEqual(sorted(named - set(known)), [])


if __name__ == "__main__":
    unittest.main()
