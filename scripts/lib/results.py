#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs test programs and notes each case in a results file, one line `pass|fail|skip NAME`.

    results.py gtest LABEL FILE PROGRAM…        GoogleTest programs, several at once
    results.py program LABEL FILE PROGRAM…      programs that are one test each: exit code 0 pass, 77 skip, else fail
    results.py unittest LABEL FILE MODULE.py…   Python unittest modules
    results.py ctest LABEL FILE FOLDER…         what ctest knows of a build folder and the other kinds do not run
    results.py replay LABEL FILE CORPUS PROGRAM…  fuzz targets that replay CORPUS/<name without _fuzz>
    results.py total FILE                       prints `N passed, N failed, N skipped`; exit code 1 if one failed

The exit code is 0 if no case failed.
"""

import concurrent.futures
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree

PROGRAM_LIMIT_S = int(os.environ.get("LUMOZ_TEST_LIMIT", "1200"))
TAIL_BYTES = 20000


class Results:
    """Collects verdicts; a line of the file is written when the verdict is known, so that a crash loses nothing."""

    def __init__(self, label, path):
        self.label = label
        self.file = open(path, "a", encoding="utf-8")
        self.failed = 0

    def add(self, verdict, name):
        self.failed += verdict == "fail"
        self.file.write(f"{verdict} {self.label}:{name}\n")
        self.file.flush()


def say(text):
    print(text, flush=True)


def run(command, extra_env=None):
    """Exit code, output, seconds. Exit code None: it ran past the limit and was killed."""
    start = time.monotonic()
    env = dict(os.environ, **(extra_env or {}))
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env,
                              timeout=PROGRAM_LIMIT_S, check=False, stdin=subprocess.DEVNULL)
        code, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired as error:
        code, output = None, error.stdout or b""
    return code, output.decode("utf-8", "replace")[-TAIL_BYTES:], time.monotonic() - start


def how_it_ended(code):
    if code is None:
        return f"ran past {PROGRAM_LIMIT_S} s"
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def gtest_cases(report):
    """(verdict, name, message) of each case of a GoogleTest JSON report."""
    for suite in report.get("testsuites", []):
        for case in suite.get("testsuite", []):
            name = f"{suite['name']}.{case['name']}"
            if case.get("failures"):
                yield "fail", name, "\n".join(f["failure"] for f in case["failures"])
            elif case.get("result") == "SKIPPED" or case.get("status") == "NOTRUN":
                yield "skip", name, ""
            else:
                yield "pass", name, ""


def run_gtest(program):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "report.json")
        code, output, seconds = run([program, "--gtest_brief=1", f"--gtest_output=json:{path}"])
        report = None
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                report = json.load(file)
    return program, code, output, seconds, report


def gtest(results, programs):
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("LUMOZ_JOBS", os.cpu_count() or 1))) as pool:
        for program, code, output, seconds, report in pool.map(run_gtest, programs):
            name = os.path.basename(program)
            counts = {"pass": 0, "fail": 0, "skip": 0}
            for verdict, case, message in gtest_cases(report or {}):
                results.add(verdict, case)
                counts[verdict] += 1
                if verdict == "fail":
                    say(f"FAIL {case}\n{message}")
            # A sanitizer or a crash can end the program with every case passed, or before there is a report.
            if code != 0 and counts["fail"] == 0:
                results.add("fail", name)
                counts["fail"] += 1
                say(f"FAIL {name}: {how_it_ended(code)}\n{output}")
            elif sum(counts.values()) == 0:
                results.add("fail", name)
                say(f"FAIL {name}: it has no case")
            say(f"  {name}: {counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped ({seconds:.1f} s)")


def one_program(results, name, command):
    code, output, seconds = run(command)
    verdict = {0: "pass", 77: "skip"}.get(code, "fail")
    results.add(verdict, name)
    if verdict == "fail":
        say(f"FAIL {name}: {how_it_ended(code)}\n{output}")
    else:
        last = output.strip().splitlines()[-1:] if verdict == "skip" else []
        say(f"  {verdict} {name} ({seconds:.1f} s) {' '.join(last)}".rstrip())


def program(results, programs):
    for path in programs:
        one_program(results, os.path.basename(path), [path])


def ctest(results, folders):
    for folder in folders:
        with tempfile.TemporaryDirectory() as scratch:
            report = os.path.join(scratch, "report.xml")
            code, output, _ = run(["ctest", "--test-dir", folder, "--exclude-regex", "(_test|_corpus)$", "--no-tests=ignore",
                                   "--parallel", str(os.cpu_count()), "--timeout", str(PROGRAM_LIMIT_S), "--output-junit", report])
            cases = xml.etree.ElementTree.parse(report).getroot().iter("testcase") if os.path.exists(report) else []
            failed_before = results.failed
            for case in cases:
                verdict = {"run": "pass", "disabled": "skip"}.get(case.get("status"), "fail")
                why = case.find("skipped")
                # "notrun" is a test that skipped itself, or a program that is not there.
                if case.get("status") == "notrun" and why is not None and why.get("message", "").startswith("SKIP_"):
                    verdict = "skip"
                results.add(verdict, case.get("name"))
                say(f"  {verdict.upper() if verdict == 'fail' else verdict} {case.get('name')} ({float(case.get('time', 0)):.1f} s)")
                if verdict == "fail":
                    say((case.findtext("system-out") or "")[-TAIL_BYTES:])
            if code != 0 and results.failed == failed_before:
                results.add("fail", "ctest")
                say(f"FAIL ctest: {how_it_ended(code)}\n{output}")


def replay(results, corpus_and_programs):
    corpus, *programs = corpus_and_programs
    for path in programs:
        name = os.path.basename(path).removesuffix("_fuzz")
        folder = os.path.join(corpus, name)
        if not os.path.isdir(folder):
            results.add("fail", f"{name}_corpus")
            say(f"FAIL {name}_corpus: there is no folder {folder}")
            continue
        one_program(results, f"{name}_corpus", [path, folder])


class LineResult(unittest.TestResult):
    """One line per case, written when the case ends."""

    def __init__(self, results):
        super().__init__()
        self.results = results
        self.start = 0.0
        self.verdicts = {}

    def startTest(self, test):
        super().startTest(test)
        self.start = time.monotonic()
        self.verdicts[test] = ("pass", "")

    def stopTest(self, test):
        super().stopTest(test)
        self.write(test, *self.verdicts[test])

    def write(self, test, verdict, text):
        name = test.id().split(".", 1)[-1]
        self.results.add(verdict, name)
        seconds = time.monotonic() - self.start
        say(f"  {verdict.upper() if verdict == 'fail' else verdict} {name} ({seconds:.1f} s)" + (f" {text}" if text else ""))

    def note(self, test, verdict, text):
        # A class or module that cannot be set up is reported for a holder that never starts.
        if test in self.verdicts:
            self.verdicts[test] = (verdict, text)
        else:
            self.start = time.monotonic()
            self.write(test, verdict, text)

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "fail", "\n" + self._exc_info_to_string(err, test))

    addFailure = addError

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note(test, "fail", f"{subtest}\n" + self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skip", reason)


def unittest_modules(results, paths):
    for path in paths:
        name = os.path.basename(path).removesuffix(".py")
        sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
        try:
            spec = importlib.util.spec_from_file_location(name, path)
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            spec.loader.exec_module(module)
            suite = unittest.defaultTestLoader.loadTestsFromModule(module)
        except Exception as error:  # a module that cannot be read is one failed test, not the end of the run
            results.add("fail", name)
            say(f"FAIL {name}: {type(error).__name__}: {error}")
            continue
        suite.run(LineResult(results))


def total(path):
    counts = {"pass": 0, "fail": 0, "skip": 0}
    failed = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            verdict, name = line.rstrip("\n").split(" ", 1)
            counts[verdict] += 1
            if verdict == "fail":
                failed.append(name)
    for name in failed:
        say(f"failed: {name}")
    say(f"{counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped")
    return 1 if failed else 0


def main(arguments):
    if arguments[:1] == ["total"]:
        return total(arguments[1])
    kinds = {"gtest": gtest, "program": program, "ctest": ctest, "unittest": unittest_modules, "replay": replay}
    if len(arguments) < 4 or arguments[0] not in kinds:
        print(__doc__, file=sys.stderr)
        return 2
    results = Results(arguments[1], arguments[2])
    kinds[arguments[0]](results, arguments[3:])
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
