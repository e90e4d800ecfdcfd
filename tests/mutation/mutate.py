#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation testing of src/verify and src/evidence: each check deleted or inverted, one at a time; a test must notice.

    mutate.py prepare            writes the mutated sources; the build `mutants` compiles them
    mutate.py run [--seconds N] [--slow] [--jobs N] [--survivors] [--file PART] [--report FILE] [--open]

`run` needs the build. Without options it runs all mutants; --seconds draws a sample that depends on the sources alone
and stops in time; --slow lets tests that take seconds look at what the others leave; --survivors takes those that survived the last run; --report writes the report. Exit code 1: a mutant
survives that neither equivalent.tsv nor open.tsv lists, or a whole run finds a listed one killed. --open writes open.tsv.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import overlay  # noqa: E402
import report  # noqa: E402
from killers import Broken, Cases, Vectors  # noqa: E402

BUILD = os.path.join(overlay.ROOT, "build", "mutants")
RESULTS = os.path.join(BUILD, "mutants.json")
VECTORS = os.environ.get("LUMOZ_VECTORS", os.path.join(overlay.ROOT, "..", "shared", "vectors"))
KINDS = ["verify", "policy", "parse", "eventlog-json", "eventlog-ccel"]
LOCK = threading.Lock()
UNREACHED, SURVIVED, INERT = "not reached", "survived", "inert"


class Bench:
    """Everything that can kill."""

    def __init__(self, slow):
        self.slow = slow
        os.environ["LUMOZ_VECTORS"] = os.path.abspath(VECTORS)
        self.evidence = Cases(os.path.join(BUILD, "tests", "evidence_test"))
        self.verify = Cases(os.path.join(BUILD, "tests", "verify_test"))
        self.vectors = Vectors(os.path.join(BUILD, "bin", "mutation_vectors"),
                               os.path.join(VECTORS, "tdx", "MANIFEST.json"), KINDS)
        self.all = [self.evidence, self.vectors, self.verify]
        self.local = threading.local()
        self.runners = []

    def trace(self):
        for killer in self.all:
            killer.trace()
        self.inert = self.evidence.inert | self.verify.inert

    def own_vectors(self):
        if not hasattr(self.local, "vectors"):
            self.local.vectors = self.vectors.clone()
            self.runners.append(self.local.vectors)
        return self.local.vectors

    def judge(self, mutant):
        """The quickest tests first."""
        if mutant.id in self.inert:
            return INERT
        if not any(mutant.id in killer.reached for killer in self.all):
            return UNREACHED
        for slow in (False, True)[:1 + self.slow]:
            for killer in (self.evidence, self.own_vectors(), self.verify):
                by = killer.kill(mutant.id, slow)
                if by:
                    return by
        return SURVIVED

    def close(self):
        for runner in self.runners:
            runner.close()


def prepare():
    mutants = overlay.write(os.path.join(BUILD, "overlay"))
    print(f"{len(mutants)} mutants in {len({m.file for m in mutants})} files")


def load():
    if not os.path.exists(RESULTS):
        return {}
    with open(RESULTS, encoding="utf-8") as file:
        return json.load(file)


def save(verdicts):
    """Into the results of earlier runs."""
    with LOCK:
        known = {**load(), **verdicts}
        with open(RESULTS, "w", encoding="utf-8") as file:
            json.dump(known, file, indent=0, sort_keys=True)


def in_sample_order(mutants):
    """An order drawn by the sources: the same tree draws the same sample, each change another."""
    seed = hashlib.sha256("".join(sorted(m.id for m in mutants)).encode()).hexdigest()
    return sorted(mutants, key=lambda m: hashlib.sha256((seed + m.id).encode()).digest())


def judge_all(bench, mutants, deadline, jobs):
    """Verdicts by id, for as many as the time allows."""
    verdicts = {}

    def one(mutant):
        if deadline is None or time.monotonic() < deadline:
            verdicts[mutant.id] = bench.judge(mutant)
            if len(verdicts) % 250 == 0:
                print(f"  {len(verdicts)} of {len(mutants)}", flush=True)
                save(verdicts)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, mutants))
    return verdicts


def run(options):
    start = time.monotonic()
    mutants = [m for m in overlay.all_mutants() if options.file in m.file]
    last = load()
    if options.survivors:
        mutants = [m for m in mutants if last.get(m.id, SURVIVED) in (SURVIVED, UNREACHED)]
    bench = Bench(options.slow)
    bench.trace()
    print(f"tests traced in {time.monotonic() - start:.0f} s", flush=True)
    deadline = time.monotonic() + options.seconds if options.seconds else None
    verdicts = judge_all(bench, in_sample_order(mutants), deadline, options.jobs)
    bench.close()
    save(verdicts)
    if options.survivors:
        mutants, verdicts = overlay.all_mutants(), load()
    judged = [m for m in mutants if m.id in verdicts]
    whole = not (options.seconds or options.file)
    outcome = report.Outcome(judged, verdicts, report.load_equivalents(), report.load_open())
    if options.report:
        with open(options.report, "w", encoding="utf-8") as file:
            file.write(report.text(outcome))
    if options.open:
        with open(report.OPEN, "w", encoding="utf-8") as file:
            file.writelines(key + "\n" for key in sorted(m.key for m in outcome.survivors))
    outcome.print(whole)
    print(f"{len(judged)} of {len(mutants)} mutants in {time.monotonic() - start:.0f} s: {outcome.summary()}")
    return 1 if outcome.wrong(whole) else 0


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("command", choices=("prepare", "run"))
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--survivors", action="store_true")
    parser.add_argument("--file", default="")
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--open", action="store_true")
    parser.add_argument("--report", default="")
    options = parser.parse_args()
    if options.command == "prepare":
        return prepare()
    try:
        return run(options)
    except Broken as broken:
        print(broken)
        return 1


if __name__ == "__main__":
    sys.exit(main())
