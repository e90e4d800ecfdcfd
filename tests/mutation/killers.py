# SPDX-License-Identifier: Apache-2.0
"""The tests that may kill a mutant: GoogleTest programs case by case, and the vector runner."""

import collections
import concurrent.futures
import os
import subprocess
import tempfile

LIMIT_S = 30
SLOW_S = 0.4


class Broken(Exception):
    """A test fails without any mutant, or a program is missing."""


class Cases:
    """The cases of one GoogleTest program, and which mutants each passes."""

    def __init__(self, program):
        self.program = program
        self.name = os.path.basename(program)
        self.reached = collections.defaultdict(list)  # mutant id: cases, the quickest first
        self.inert = set()
        self.seconds = {}

    def run(self, cases, mutant=""):
        """Exit code (None: out of time) and output."""
        env = dict(os.environ, LUMOZ_MUTANT=mutant, GTEST_FAIL_FAST="1", GTEST_BRIEF="1")
        try:
            done = subprocess.run([self.program, "--gtest_filter=" + ":".join(cases)], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, timeout=LIMIT_S, check=False)
        except subprocess.TimeoutExpired:
            return None, ""
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def measure(self, case, trace):
        """Exit code, output and seconds of processor time of one case: what else the machine does counts for nothing."""
        env = dict(os.environ, LUMOZ_MUTANT="", LUMOZ_MUTANT_TRACE=trace)
        with subprocess.Popen([self.program, "--gtest_filter=" + case], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, env=env) as process:
            output = process.stdout.read().decode("utf-8", "replace")
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, output, usage.ru_utime + usage.ru_stime

    def list(self):
        text = subprocess.run([self.program, "--gtest_list_tests"], stdout=subprocess.PIPE, check=True).stdout.decode()
        suite = ""
        for line in text.splitlines():
            if not line.startswith(" "):
                suite = line.split("#")[0].strip() if line.rstrip().endswith(".") or "." in line else suite
            else:
                yield suite + line.split("#")[0].strip()

    def trace(self):
        """Runs each case once, unmutated."""
        def one(case):
            with tempfile.NamedTemporaryFile(prefix="lumoz-mutants-") as file:
                code, output, seconds = self.measure(case, file.name)
                if code != 0:
                    raise Broken(f"{self.name} {case} fails without a mutant:\n{output[-2000:]}")
                return case, seconds, file.read().decode().splitlines()

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            runs = sorted(pool.map(one, self.list()), key=lambda run: run[1])
        for case, seconds, lines in runs:
            self.seconds[case] = seconds
            for line in lines:
                if line.startswith("inert "):
                    self.inert.add(line[6:])
                else:
                    self.reached[line].append(case)

    def kill(self, mutant, slow=False):
        """Name of the case that fails under the mutant, "" when all pass. The slow cases, or all others."""
        cases = [case for case in self.reached.get(mutant, []) if (self.seconds[case] >= SLOW_S) == slow]
        for group in [[case] for case in cases] if slow else [cases] * bool(cases):
            code, output = self.run(group, mutant)
            if code is None:
                return f"{self.name} (out of time)"
            if code != 0:
                failed = [line.split("]")[1].split()[0].rstrip(",") for line in output.splitlines() if "[  FAILED  ]" in line]
                return f"{self.name} {failed[0]}" if failed else f"{self.name} (crash)"
        return ""


class Vectors:
    """The cases of one manifest in the process that forks for each mutant."""

    def __init__(self, program, manifest, kinds):
        self.command = [program, manifest]
        self.kinds = kinds
        self.name = "lumoz-vectors"
        self.reached = set()
        self.process = None

    def trace(self):
        done = subprocess.run(self.command + ["--reach"] + self.kinds, stdout=subprocess.PIPE, check=False)
        lines = done.stdout.decode().splitlines()
        if done.returncode != 0:
            raise Broken("vectors fail without a mutant:\n" + "\n".join(line for line in lines if " fails " in line))
        self.reached = set(lines)

    def clone(self):
        other = Vectors(self.command[0], self.command[1], self.kinds)
        other.reached = self.reached
        return other

    def kill(self, mutant, slow=False):
        if slow or mutant not in self.reached:
            return ""
        if self.process is None:
            self.process = subprocess.Popen(self.command + self.kinds, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL, text=True)
        self.process.stdin.write(mutant + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split(" ", 2)
        if len(answer) < 2 or answer[0] != mutant:
            raise Broken("the vector runner ended")
        if answer[1].strip() == "survived":
            return ""
        case = answer[2].strip() if len(answer) > 2 else ""
        return f"{self.name} " + {"crash": "(crash)", "time": "(out of time)"}.get(case, case)

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
