#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/config.md is what lumozd prints about its own keys."""

import os
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class ConfigReference(unittest.TestCase):
    def test_page_is_generated_from_the_code(self):
        lumozd = os.path.join(ROOT, "build", "release", "bin", "lumozd")
        if not os.path.exists(lumozd):
            self.skipTest("build/release/bin/lumozd is not built; run scripts/build")
        printed = subprocess.run([lumozd, "--print-config-reference"], capture_output=True, text=True, check=True).stdout
        with open(os.path.join(ROOT, "docs", "config.md"), encoding="utf-8") as page:
            self.assertEqual(page.read(), printed, "run: build/release/bin/lumozd --print-config-reference > docs/config.md")


if __name__ == "__main__":
    unittest.main()
