#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The scripts and the checks themselves: that wrong hashes are refused, failures counted, offences found."""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIB = os.path.join(ROOT, "scripts", "lib")
sys.path.insert(0, LIB)
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import check_sources  # noqa: E402
import includes_test  # noqa: E402


def shell(text, **env):
    """Exit code and output of a shell text that has all libraries."""
    libraries = "".join(f". {LIB}/{name}.sh\n" for name in ("common", "packages", "npm", "background", "engine", "model", "service"))
    done = subprocess.run(["bash", "-c", libraries + text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=dict(os.environ, **env), check=False, timeout=60)
    return done.returncode, done.stdout.decode()


def deps(name):
    with open(os.path.join(ROOT, "deps", name), encoding="utf-8") as file:
        return [line.split() for line in file if line.strip() and not line.startswith("#")]


class Pins(unittest.TestCase):
    def test_every_debian_package_has_a_floor_and_a_group(self):
        for line in deps("debian.txt"):
            self.assertEqual(len(line), 3, line)
            self.assertIn(line[2], ("build", "test", "bench", "node"), line)
            self.assertRegex(line[1], r"^(\d+:)?\d[\w.+~-]*$")

    def test_every_npm_package_has_a_sha512(self):
        for line in deps("npm.txt"):
            self.assertEqual(len(line), 3, line)
            self.assertEqual(len(base64.b64decode(line[2].removeprefix("sha512-"), validate=True)), 64)

    def test_the_lock_of_the_npm_clients_has_hashes_and_no_addresses(self):
        with open(os.path.join(ROOT, "deps/clients/package-lock.json"), encoding="utf-8") as file:
            text = file.read()
        self.assertNotIn("://", text)
        packages = json.loads(text)["packages"]
        self.assertGreater(len(packages), 10)
        for name, package in packages.items():
            if name:
                self.assertRegex(package["integrity"], r"^sha512-[A-Za-z0-9+/]{86}==$", name)

    def test_every_pypi_package_has_a_version_and_a_sha256(self):
        for line in deps("pypi.txt"):
            self.assertRegex(" ".join(line), r"^[a-z0-9-]+==[\w.]+ --hash=sha256:[0-9a-f]{64}$")

    def test_tarball_with_another_hash_is_refused(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"package")
            file.flush()
            right = "sha512-" + base64.b64encode(hashlib.sha512(b"package").digest()).decode()
            wrong = "sha512-" + base64.b64encode(hashlib.sha512(b"packagf").digest()).decode()
            self.assertEqual(shell(f"npm_check {file.name} {right}")[0], 0)
            self.assertEqual(shell(f"npm_check {file.name} {wrong}")[0], 1)
            self.assertEqual(shell(f"npm_check {file.name} sha1-xxxx")[0], 1)

    def test_engine_key_follows_the_recipe(self):
        code, key = shell("engine_key")
        self.assertEqual((code, bool(re.fullmatch(r"[0-9a-f]{16}\n", key))), (0, True), key)

    def test_cache_lies_where_xdg_says(self):
        for function in ("engine_path", "model_path"):
            self.assertTrue(shell(function, XDG_CACHE_HOME="/elsewhere")[1].startswith("/elsewhere/lumoz-tee/"))


class Shell(unittest.TestCase):
    def test_scripts_explain_themselves_from_any_folder(self):
        for name in ("build", "test", "check", "bench", "demo"):
            with self.subTest(name):
                done = subprocess.run([os.path.join(ROOT, "scripts", name), "--help"], cwd="/", stdout=subprocess.PIPE, check=False)
                self.assertEqual((done.returncode, b"usage: scripts/" + name.encode() in done.stdout), (0, True))

    def test_unknown_option_is_refused(self):
        for name in ("test", "check", "bench", "demo"):
            with self.subTest(name):
                done = subprocess.run([os.path.join(ROOT, "scripts", name), "--nonsense"], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, check=False)
                self.assertEqual(done.returncode, 1)

    def test_lock_is_exclusive_and_keeps_the_exit_code(self):
        with tempfile.TemporaryDirectory() as folder:
            code, output = shell(f"""
                turn() {{ echo begin $1; sleep 0.3; echo end $1; }}
                with_lock {folder}/lock turn 1 & with_lock {folder}/lock turn 2 & wait
                fails() {{ return 7; }}
                with_lock {folder}/lock fails""")
            order = [line.split() for line in output.splitlines() if line.startswith(("begin", "end"))]
            self.assertEqual(code, 7, output)
            self.assertEqual([word for word, _ in order], ["begin", "end", "begin", "end"], output)

    def test_background_programs_end_with_the_script(self):
        with tempfile.TemporaryDirectory() as folder:
            code, output = shell(f"""
                both() {{ sleep 300 & echo $!; wait; }}
                background_trap
                background_start one {folder}/one.log both
                background_wait_for 5 one test -s {folder}/one.log
                cat {folder}/one.log
                exit 3""")
            self.assertEqual(code, 3, output)
            try:
                with open(f"/proc/{int(output)}/stat", encoding="utf-8") as file:
                    self.assertEqual(file.read().rsplit(")", 1)[1].split()[0], "Z")  # dead, not yet reaped
            except FileNotFoundError:
                pass

    def test_waiting_ends_when_the_program_ends(self):
        code, output = shell("background_start x /dev/null true\nbackground_wait_for 30 x false")
        self.assertEqual(code, 1, output)


    def test_address_is_read_from_the_log_of_the_service(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "lumozd.log"), "w", encoding="utf-8") as file:
                file.write('{"event":"keys","address":"http://x"}\n{"event":"listening","address":"https://127.0.0.1:1"}\n'
                           '{"ts":"","level":"info","event":"listening","address":"http://127.0.0.1:2"}\n')
            self.assertEqual(shell(f"service_folder={folder}; service_address"), (0, "http://127.0.0.1:2\n"))


class Results(unittest.TestCase):
    def run_results(self, kind, files):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name, text in files.items():
                path = os.path.join(folder, name)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
                os.chmod(path, 0o755)
                paths.append(path)
            results = os.path.join(folder, "results")
            command = [sys.executable, os.path.join(LIB, "results.py")]
            done = subprocess.run([*command, kind, "label", results, *paths], stdout=subprocess.PIPE, check=False)
            total = subprocess.run([*command, "total", results], stdout=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, total.returncode)
            return total.returncode, total.stdout.decode().splitlines()[-1]

    def test_programs_count_by_exit_code(self):
        files = {"a": "#!/bin/sh\nexit 0\n", "b": "#!/bin/sh\nexit 77\n", "c": "#!/bin/sh\nexit 3\n"}
        self.assertEqual(self.run_results("program", files), (1, "1 passed, 1 failed, 1 skipped"))

    def test_killed_test_program_is_a_failure(self):
        self.assertEqual(self.run_results("gtest", {"a_test": "#!/bin/sh\nkill -SEGV $$\n"}),
                         (1, "0 passed, 1 failed, 0 skipped"))

    def test_test_program_without_a_case_is_a_failure(self):
        self.assertEqual(self.run_results("gtest", {"a_test": "#!/bin/sh\nexit 0\n"}), (1, "0 passed, 1 failed, 0 skipped"))

    def test_module_that_cannot_be_read_is_a_failure(self):
        self.assertEqual(self.run_results("unittest", {"a_test.py": "import nothing_of_this_name\n"}),
                         (1, "0 passed, 1 failed, 0 skipped"))

    def test_unittest_cases_count_once(self):
        text = ("import unittest\nclass A(unittest.TestCase):\n"
                "    def test_a(self): pass\n"
                "    def test_b(self): self.skipTest('no')\n"
                "    def test_c(self):\n        for i in range(3):\n            with self.subTest(i): self.assertEqual(i, 9)\n")
        self.assertEqual(self.run_results("unittest", {"a_test.py": text}), (1, "1 passed, 1 failed, 1 skipped"))


class SourceRules(unittest.TestCase):
    def offences(self, name, text):
        found = []
        for rule in (check_sources.check_licence, check_sources.check_words, check_sources.check_code):
            found += [what for _, what in rule(name, text)]
        return found

    spdx = "// SPDX-License-Identifier: Apache-2.0\n"

    def test_clean_text_passes(self):
        self.assertEqual(self.offences("src/base/a.cpp", self.spdx + 'int a();  // does not throw\nauto s = "throw";\n'), [])

    def test_each_rule_finds_its_offence(self):
        for text in ("// " + "TO" + "DO later\n", "using namespace std;\n", "throw 1;\n", "auto t = __DATE__;\n", "// a st" + "ub\n",
                     "int i = atoi(s);\n", "co_await f([x] { return x; });\n"):
            with self.subTest(text):
                self.assertEqual(len(self.offences("src/base/a.cpp", self.spdx + text)), 1)

    def test_missing_licence_and_guard_are_found(self):
        self.assertEqual(len(self.offences("src/base/a.hpp", "int a();\n")), 2)

    def test_duplicate_lines_are_found_once(self):
        block = "".join(f"    call_number_{i}(argument);\n" for i in range(check_sources.DUPLICATE_LINES + 3))
        texts = {"src/base/a.cpp": block, "src/base/b.cpp": "int other_line_here;\n" + block}
        self.assertEqual(len(list(check_sources.check_duplicates(texts))), 1)


class IncludeRules(unittest.TestCase):
    def test_edges_outside_the_table_are_found(self):
        for folder, header in (("net", "boost/asio.hpp"), ("crypto", "openssl/evp.h"), ("app", "CLI/CLI.hpp"), ("store", "sqlite3.h")):
            self.assertIsNone(includes_test.system_offence(folder, f"src/{folder}/a.cpp", header))
            self.assertIsNotNone(includes_test.system_offence("verify", "src/verify/a.cpp", header))

    def test_unknown_third_party_header_is_found(self):
        self.assertIsNotNone(includes_test.system_offence("net", "src/net/a.cpp", "nlohmann/json.hpp"))

    def test_test_header_in_product_code_is_found(self):
        self.assertIsNotNone(includes_test.system_offence("net", "src/net/a.cpp", "gtest/gtest.h"))
        self.assertIsNone(includes_test.system_offence("net", "src/net/a_test.cpp", "gtest/gtest.h"))

    def test_files_and_sockets_in_the_core_are_found(self):
        for header in ("fstream", "sys/socket.h", "thread"):
            self.assertIsNotNone(includes_test.system_offence("verify", "src/verify/a.cpp", header))
        self.assertIsNone(includes_test.system_offence("verify", "src/verify/a.cpp", "string_view"))


if __name__ == "__main__":
    unittest.main()
