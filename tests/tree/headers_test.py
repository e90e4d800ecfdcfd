#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header compiles alone: it includes what it needs. Those of the auditable core do so with both compilers."""

import concurrent.futures
import os
import shutil
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CORE = ("base", "crypto", "evidence", "verify", "receipt")
OPTIONS = ["-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{ROOT}/src", f"-I{ROOT}", "-x", "c++", "-"]


def headers():
    """(include path, folder) of each header of the product and of the simulator."""
    for top in ("src", "simtee"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith(".hpp"):
                    path = os.path.relpath(os.path.join(folder, name), os.path.join(ROOT, "src") if top == "src" else ROOT)
                    yield path, path.split(os.sep)[0]


def compile_alone(compiler, path):
    done = subprocess.run([compiler, *OPTIONS], input=f'#include "{path}"\n'.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return "" if done.returncode == 0 else f"{path} ({compiler}):\n" + done.stdout.decode("utf-8", "replace")[:1500]


class Headers(unittest.TestCase):
    def check(self, compiler, paths):
        if shutil.which(compiler) is None:
            self.skipTest(f"{compiler} is not installed")
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            failures = [text for text in pool.map(lambda path: compile_alone(compiler, path), paths) if text]
        self.assertEqual(failures, [], "\n" + "\n".join(failures))

    def test_each_header_compiles_alone(self):
        self.check("clang++-19", [path for path, _ in headers()])

    def test_each_header_of_the_core_compiles_alone_with_gcc(self):
        self.check("g++", [path for path, folder in headers() if folder in CORE])


if __name__ == "__main__":
    unittest.main()
