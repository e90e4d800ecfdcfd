# SPDX-License-Identifier: Apache-2.0
"""What `lumoz` promises to people and scripts: exit codes, one JSON document, the first line, colour, `-`, `--at`."""

import hashlib
import json
import os
import pty
import subprocess
import unittest

from harness import MODEL, ScriptedEngine, Service, program


def run(*arguments, stdin=None, env=None):
    done = subprocess.run([program("lumoz"), *map(str, arguments)], input=stdin, capture_output=True, timeout=120, check=False,
                          env={**os.environ, **(env or {})})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def run_on_terminal(*arguments, env=None):
    """Exit code and what a terminal was sent."""
    master, slave = pty.openpty()
    process = subprocess.Popen([program("lumoz"), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                               env={**os.environ, "TERM": "xterm", **(env or {})})
    os.close(slave)
    output = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        output += piece
    os.close(master)
    return process.wait(timeout=60), output.decode()


class Usage(unittest.TestCase):
    def test_wrong_usage_is_1(self):
        for arguments in ((), ("verify",), ("nonsense",), ("verify", "report"), ("model", "root"), ("ask", "http://127.0.0.1:1")):
            code, out, err = run(*arguments)
            self.assertEqual((code, out), (1, ""), arguments)
            self.assertIn("E_USAGE", err)

    def test_json_is_one_document_also_for_trouble(self):
        for arguments in (("verify", "--json"), ("model", "root", "/nonexistent", "--json"), ("receipt", "show", "/nonexistent", "--json"),
                          ("verify", "http://127.0.0.1:1", "--json"), ("verify", "gopher://x", "--json"),
                          ("verify", "http://127.0.0.1:1", "--root-spki", "ff", "--json"), ("verify", "http://127.0.0.1:1", "--at", "now", "--json")):
            code, out, _ = run(*arguments)
            self.assertEqual(json.loads(out)["result"], "error", arguments)
            self.assertTrue(json.loads(out)["error"], arguments)
            self.assertIn(code, (1, 30), arguments)

    def test_help_is_0(self):
        for arguments in (("--help",), ("verify", "--help"), ("verify", "answer", "--help"), ("ask", "--help"), ("--version",), ("version",)):
            code, out, _ = run(*arguments)
            self.assertEqual(code, 0, arguments)
            self.assertTrue(out)

    def test_a_prompt_leaves_by_https_only(self):
        code, _, err = run("ask", "http://192.0.2.1:8080", "secret question")
        self.assertEqual(code, 1)
        self.assertIn("E_PLAIN_HTTP", err)
        self.assertNotIn("secret question", err)


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = ScriptedEngine()
        cls.service = Service(cls.engine.url)
        cls.saved = cls.service.folder / "saved"
        code, out, err = run("ask", cls.service.url, "two and two?", "--model", MODEL, "--stream", "--save", cls.saved, *cls.options())
        if code != 0:
            raise AssertionError(out + err)

    @classmethod
    def tearDownClass(cls):
        cls.service.close()
        cls.engine.close()

    @classmethod
    def options(cls, *more):
        return ["--policy", cls.service.policy, "--root-spki", cls.service.root, *more]

    def answer(self, *more, response=None):
        return run("verify", "answer", "--request", self.saved / "request.bin", "--response", response or self.saved / "response.bin",
                   "--proof", self.saved / "proof.json", *more)

    def test_saved_answer_verifies_offline(self):
        for evidence in (("--report", self.saved / "report.json"), ("--url", self.service.url)):
            code, out, err = self.answer(*evidence, *self.options())
            self.assertEqual(code, 0, out + err)
            self.assertTrue(out.startswith("VERIFIED SIMULATED"), out)
        self.assertEqual(json.loads((self.saved / "verdict.json").read_text())["result"], "accept")

    def test_stored_evidence_from_a_file(self):
        digest = json.loads((self.saved / "proof.json").read_text())["keyset_digest"]
        path = self.service.folder / "evidence.json"
        path.write_bytes(self.service.get(f"/v1/evidence/{digest}").body)
        code, out, err = self.answer("--report", path, *self.options("--json"))
        self.assertEqual(code, 0, out + err)

    def test_one_byte_of_the_answer(self):
        response = (self.saved / "response.bin").read_bytes()
        path = self.service.folder / "forged.bin"
        for at in (0, len(response) // 2, len(response) - 1):
            path.write_bytes(response[:at] + bytes([response[at] ^ 1]) + response[at + 1:])
            code, out, _ = self.answer("--report", self.saved / "report.json", *self.options("--json"), response=path)
            self.assertEqual((code, json.loads(out)["error"]), (10, "E_RESPONSE_HASH"))
        path.write_bytes(response[:-1])
        code, out, _ = self.answer("--report", self.saved / "report.json", *self.options("--json"), response=path)
        self.assertEqual((code, json.loads(out)["error"]), (10, "E_RESPONSE_HASH"))

    def test_an_answer_without_evidence_is_refused(self):
        code, out, _ = self.answer("--json")
        self.assertEqual((code, json.loads(out)["error"]), (10, "P_MEASUREMENT"))
        self.assertIn("N_SIGNER", out)

    def test_at_stands_for_the_clock(self):
        for time, code in (("2020-01-01T00:00:00Z", 10), ("2099-01-01T00:00:00Z", 10)):
            self.assertEqual(self.answer("--report", self.saved / "report.json", *self.options("--at", time))[0], code, time)

    def test_a_service_that_is_not_verified_gets_no_prompt(self):
        before = self.service.get("/v1/models").status
        code, out, _ = run("ask", self.service.url, "MARKER-77", "--model", MODEL, "--policy", self.service.policy)
        self.assertEqual((before, code), (200, 10), out)
        self.assertTrue(out.startswith("REFUSED"), out)
        self.assertIn("E_CHAIN_ROOT_UNTRUSTED", out.splitlines()[0])
        self.assertNotIn("MARKER-77", self.service.logs())

    def test_ask_json_is_one_document_with_the_answer(self):
        code, out, _ = run("ask", self.service.url, "two and two?", "--model", MODEL, "--json", *self.options())
        verdict = json.loads(out)
        self.assertEqual((code, verdict["result"], verdict["simulated"]), (0, "accept", True))
        self.assertIn("four", verdict["answer"])

    def test_model_must_be_proven(self):
        code, out, _ = run("verify", self.service.url, "--model", "other", "--json", *self.options())
        self.assertEqual((code, json.loads(out)["error"]), (10, "E_MODEL_NOT_PROVEN"))

    def test_stdin_and_receipt_show(self):
        proof = (self.saved / "proof.json").read_bytes()
        code, out, _ = run("receipt", "show", "-", "--json", stdin=proof)
        self.assertEqual((code, json.loads(out)["receipt_id"]), (0, json.loads(proof)["receipt"]["receipt_id"]))
        code, out, _ = run("receipt", "show", "-", "--json", stdin=b"{}")
        self.assertEqual((code, json.loads(out)["error"]), (30, "E_RECEIPT_PARSE"))
        code, out, err = run("verify", "answer", "--request", self.saved / "request.bin", "--response", "-", "--proof", self.saved / "proof.json",
                             "--report", self.saved / "report.json", *self.options(), stdin=(self.saved / "response.bin").read_bytes())
        self.assertEqual(code, 0, out + err)

    def test_explain_and_brief(self):
        for option, listed in (((), False), (("--explain",), True), (("--brief",), False)):
            _, out, _ = run("verify", self.service.url, *self.options(*option))
            self.assertEqual("tdx.22" in out, listed, option)

    def test_colour_on_a_terminal_only(self):
        arguments = ("verify", self.service.url, *self.options())
        _, out, _ = run(*arguments)
        self.assertNotIn("\x1b", out)
        code, seen = run_on_terminal(*arguments, env={"NO_COLOR": ""})
        self.assertEqual(code, 0)
        self.assertIn("\x1b[1;32mVERIFIED", seen)
        _, seen = run_on_terminal(*arguments, env={"NO_COLOR": "1"})
        self.assertNotIn("\x1b", seen)
        _, seen = run_on_terminal(*arguments, env={"NO_COLOR": "", "TERM": "dumb"})
        self.assertNotIn("\x1b", seen)

    def test_a_reader_that_leaves_is_no_crash(self):
        process = subprocess.Popen([program("lumoz"), "verify", self.service.url, *map(str, self.options())], stdout=subprocess.PIPE)
        process.stdout.close()
        self.assertEqual(process.wait(timeout=60), 1)


class ModelRoot(unittest.TestCase):
    def test_one_file_is_the_hash_of_its_hash(self):
        path = os.path.abspath(__file__)
        with open(path, "rb") as file:
            root = hashlib.sha256(hashlib.sha256(file.read()).digest()).hexdigest()
        code, out, _ = run("model", "root", path)
        self.assertEqual(code, 0)
        self.assertTrue(out.startswith(f"sha256:{root}"))
        code, out, _ = run("model", "root", path, "--json")
        self.assertEqual((json.loads(out)["root"], json.loads(out)["model_root"]), (root, f"sha256:{root}"))


if __name__ == "__main__":
    unittest.main()
