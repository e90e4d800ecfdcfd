# SPDX-License-Identifier: Apache-2.0
"""liblumoz.so as its users meet it: both examples, C99 and C++ compilers, exported symbols, threads, bad arguments."""

import concurrent.futures
import ctypes
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import harness

sys.path.insert(0, str(harness.ROOT / "examples/python"))
from lumoz import Bytes, Lumoz, Text, Trust  # noqa: E402

LIBRARY = harness.BIN.parent / "lib/liblumoz.so"
HEADER = harness.ROOT / "src/capi"
VECTORS = pathlib.Path(os.environ.get("LUMOZ_VECTORS", "")) / "tdx"
QUOTE = VECTORS / "quotes/real/cbdb5b2f.bin"
COLLATERAL = VECTORS / "collateral/real/C_tdx_90C06F_2026-02.json"
DAY = 1772707803  # 2026-03-05T10:50:03Z


class Interface(unittest.TestCase):
    def test_only_the_listed_symbols_leave_the_library(self):
        lines = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], capture_output=True, text=True, check=True).stdout.splitlines()
        names = sorted(line.split()[-1].split("@")[0] for line in lines if " A " not in line)
        self.assertEqual(names, (HEADER / "exports.txt").read_text().split())

    def test_the_header_is_c99_and_cxx(self):
        for compiler, language in ((["gcc", "-std=c99"], "c"), (["g++", "-std=c++11"], "c++")):
            done = subprocess.run([*compiler, "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-x", language, "-"], input=f'#include "{HEADER}/lumoz.h"\n',
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_wrong_use_is_told_and_never_a_crash(self):
        lumoz = Lumoz(LIBRARY)
        call = lumoz.library.lumoz_verify_quote
        nothing, out = Bytes(), Text()
        for trust in (None, Trust(), Trust(8, DAY), Trust(ctypes.sizeof(Trust), 0), Trust(ctypes.sizeof(Trust), DAY, Bytes(), None, 3)):
            self.assertEqual(call(ctypes.byref(trust) if trust else None, nothing, nothing, nothing, ctypes.byref(out)), 1)
            self.assertEqual(json.loads(ctypes.string_at(out.data, out.size))["error"], "E_USAGE")
            lumoz.library.lumoz_text_free(ctypes.byref(out))
            self.assertIsNone(out.data)
        lumoz.library.lumoz_text_free(None)
        self.assertEqual(lumoz.verify_quote(b"", b"", now=DAY, policy={"no_such_key": 1})[0], 1)

    def test_empty_input_is_malformed(self):
        lumoz = Lumoz(LIBRARY)
        for status, document in (lumoz.verify_quote(b"", b"", now=DAY), lumoz.verify_report(b"", now=DAY), lumoz.verify_answer(b"", b"", b"", now=DAY)):
            self.assertEqual(status, 30, document)


@unittest.skipUnless(QUOTE.exists(), "no shared vectors")
class Quotes(unittest.TestCase):
    def setUp(self):
        self.lumoz = Lumoz(LIBRARY)
        self.quote, self.collateral = QUOTE.read_bytes(), COLLATERAL.read_bytes()

    def command(self, *more):
        done = subprocess.run([harness.BIN / "lumoz", "verify", "quote", QUOTE, "--collateral", COLLATERAL, "--at", "2026-03-05T10:50:03Z", "--json", *more],
                              capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)

    def test_the_document_is_that_of_the_command(self):
        self.assertEqual(self.lumoz.verify_quote(self.quote, self.collateral, now=DAY), self.command())
        log = VECTORS / "logs/quote-report-event-removed.json"
        self.assertEqual(self.lumoz.verify_quote(self.quote, self.collateral, log.read_bytes(), now=DAY), self.command("--event-log", log))

    def test_a_changed_quote_is_refused(self):
        changed = bytearray(self.quote)
        changed[600] ^= 1
        status, document = self.lumoz.verify_quote(bytes(changed), self.collateral, now=DAY)
        self.assertEqual((status, document["error"]), (10, "E_QUOTE_SIGNATURE"))

    def test_a_policy_objects(self):
        status, document = self.lumoz.verify_quote(self.quote, self.collateral, now=DAY, policy={"mr_td": ["00" * 48]})
        self.assertEqual((status, document["result"]), (10, "reject"))
        self.assertTrue(document["findings"])

    def test_many_threads_get_the_same_verdict(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(lambda _: self.lumoz.verify_quote(self.quote, self.collateral, now=DAY)[0], range(64)))
        self.assertEqual(set(statuses), {0})

    def test_the_c_example_verifies(self):
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder) / "verify_quote"
            subprocess.run(["gcc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsanitize=address,undefined", f"-I{HEADER}", harness.ROOT / "examples/c/verify_quote.c",
                            f"-L{LIBRARY.parent}", f"-Wl,-rpath,{LIBRARY.parent}", "-llumoz", "-o", program], check=True)
            done = subprocess.run([program, QUOTE, COLLATERAL, str(DAY)], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["tcb_status"], "UpToDate")
            self.assertEqual(subprocess.run([program, COLLATERAL, COLLATERAL, str(DAY)], capture_output=True, check=False).returncode, 20)
            self.assertEqual(subprocess.run([program], capture_output=True, check=False).returncode, 1)

    def test_the_python_example_verifies(self):
        done = subprocess.run([sys.executable, harness.ROOT / "examples/python/lumoz.py", LIBRARY, QUOTE, COLLATERAL, str(DAY)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["result"], "accept")


class Service(unittest.TestCase):
    """Reports and answers of a running service, by the library and by the command: the same documents."""

    @classmethod
    def setUpClass(cls):
        cls.engine = harness.ScriptedEngine()
        cls.service = harness.Service(cls.engine.url)
        cls.lumoz = Lumoz(LIBRARY)
        cls.trust = {"policy": json.loads(pathlib.Path(cls.service.policy).read_text()), "roots": [bytes.fromhex(cls.service.root)]}

    @classmethod
    def tearDownClass(cls):
        cls.service.close()
        cls.engine.close()

    def at(self):
        """The time now, for the library and for the command."""
        now = int(time.time())
        return now, ("--at", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)))

    def command(self, *arguments):
        code, out, err = self.service.lumoz(*arguments, "--policy", self.service.policy, "--root-spki", self.service.root, "--json")
        self.assertTrue(out, err)
        return code, json.loads(out)

    def test_a_report(self):
        nonce = bytes(range(32))
        report = self.service.get(f"/v1/attestation/report?binding=lumoz&nonce={nonce.hex()}").body
        path = self.service.folder / "library-report.json"
        path.write_bytes(report)
        now, at = self.at()
        status, document = self.lumoz.verify_report(report, nonce, now=now, **self.trust)
        self.assertEqual((status, document["result"], document["simulated"]), (0, "accept", True))
        self.assertEqual((status, document), self.command("verify", "report", path, "--nonce", nonce.hex(), *at))
        status, document = self.lumoz.verify_report(report, bytes(32), now=now, **self.trust)
        self.assertEqual((status, document["error"]), (10, "E_NONCE_MISMATCH"))
        status, document = self.lumoz.verify_report(report, now=now, **self.trust)
        self.assertIn("N_NONCE", [item["code"] for item in document["not_checked"]])
        status, document = self.lumoz.verify_report(report, nonce, now=now, policy=self.trust["policy"])
        self.assertEqual((status, document["error"]), (10, "E_CHAIN_ROOT_UNTRUSTED"))

    def test_an_answer(self):
        request = json.dumps({"model": harness.MODEL, "messages": []}).encode()
        answer = harness.call(self.service.address, "POST", harness.CHAT, request)
        proof = self.service.proof(answer.json()["id"])
        evidence = self.service.get(f"/v1/evidence/{proof['keyset_digest']}").body
        path = self.service.folder / "library-evidence.json"
        path.write_bytes(evidence)
        given = (request, answer.body, json.dumps(proof).encode(), evidence)
        status, document = self.lumoz.verify_answer(*given, **self.trust)
        self.assertEqual((status, document), self.service.verify_answer(request, answer.body, proof, "--report", path))
        self.assertEqual((status, document["result"]), (0, "accept"), document)
        status, document = self.lumoz.verify_answer(request, answer.body + b" ", *given[2:], **self.trust)
        self.assertEqual((status, document["error"]), (10, "E_RESPONSE_HASH"))
        status, document = self.lumoz.verify_answer(*given[:3], **self.trust)
        self.assertEqual((status, document["error"]), (10, "P_MEASUREMENT"))


if __name__ == "__main__":
    unittest.main()
