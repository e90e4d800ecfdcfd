#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the release programs hold: no simulation in lumozd, the hardening that the flags promise, no path of a builder."""

import os
import re
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("LUMOZ_RELEASE_BIN", os.path.join(ROOT, "build", "release", "bin"))
SHIPPED = ("lumozd", "lumoz", "liblumoz.so")
SIMULATION = re.compile(rb"simtee|simulat(?:ed|ion|or)", re.I)


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


def artifact(name):
    """Path of a program or, by its ending, of a library of the release."""
    path = os.path.join(BIN, "..", "lib", name) if name.endswith(".so") else os.path.join(BIN, name)
    if not os.path.exists(path):
        raise unittest.SkipTest(f"{path} is not built; run scripts/build")
    return path


def content(name):
    with open(artifact(name), "rb") as file:
        return file.read()


class ReleaseBinary(unittest.TestCase):
    def test_service_holds_no_simulator(self):
        found = sorted({m.group(0).decode() for m in SIMULATION.finditer(content("lumozd"))})
        self.assertEqual(found, [], "words of the simulator in lumozd")

    def test_the_same_search_finds_the_simulator_where_it_is(self):
        self.assertTrue(SIMULATION.search(content("lumoz-simtee")))

    def test_service_holds_no_symbol_of_the_simulator(self):
        names = output("nm", "--demangle", "--defined-only", artifact("lumozd")) + output(
            "nm", "--demangle", "--dynamic", artifact("lumozd"))
        self.assertNotIn(b"simtee", names)

    def test_programs_know_no_mutants(self):
        for name in ("lumozd", "lumoz", "lumoz-vectors", "lumoz-simtee"):
            with self.subTest(name):
                self.assertIsNone(re.search(rb"LUMOZ_MUTANT|lumoz8mutation", content(name)))

    def test_programs_are_hardened(self):
        for name in SHIPPED:
            with self.subTest(name):
                path = artifact(name)
                header = output("readelf", "--wide", "--file-header", "--program-headers", "--dynamic", path).decode()
                self.assertIn("DYN (Shared object" if name.endswith(".so") else "DYN (Position-Independent", header)
                self.assertIn("GNU_RELRO", header)
                self.assertRegex(header, r"FLAGS(_1)?\).*NOW")
                stack = next(line for line in header.splitlines() if "GNU_STACK" in line)
                self.assertNotIn("RWE", stack)
                symbols = output("nm", "--dynamic", path).decode()
                self.assertIn("__stack_chk_fail", symbols)

    def test_programs_name_no_folder_of_the_builder(self):
        for name in SHIPPED:
            with self.subTest(name):
                self.assertNotIn(ROOT.encode() + b"/", content(name))

    def test_programs_search_no_libraries_in_odd_places(self):
        for name in SHIPPED:
            with self.subTest(name):
                self.assertNotRegex(output("readelf", "--dynamic", artifact(name)).decode(), r"R(UN)?PATH")


if __name__ == "__main__":
    unittest.main()
