# SPDX-License-Identifier: Apache-2.0
"""`lumoz attest` as its user sees it: in the stand-in TEE, before agents of several ages and moods, and where there is no TEE."""

import hashlib
import http.server
import json
import pathlib
import socketserver
import subprocess
import tempfile
import threading
import unittest

import harness

NONCE = "ab" * 32
REPORT_DATA_AT = 48 + 520


def report_data(nonce=NONCE):
    raw = bytes.fromhex(nonce)
    return hashlib.sha256(b"lumoz/attest/v1\0" + raw).digest() + raw


class Agent(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """A guest agent: `paths` maps a path to a function from the request's JSON to an answer, (status, JSON)."""

    daemon_threads = True

    def __init__(self, path, paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.paths, self.asked = paths, []
        super().__init__(str(path), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, *_):
        """A client that left before its answer."""

    def close(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(self.path)
        status, answer = self.server.paths.get(self.path, lambda _: (404, {"error": "Service not found"}))(request)
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


class Attest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lumoz = harness.program("lumoz")
        cls.home = tempfile.TemporaryDirectory(prefix="lumoz-attest-")
        folder = pathlib.Path(cls.home.name)
        cls.socket, cls.tee, cls.root_pin = folder / "tee.sock", folder / "tee", folder / "root.hex"
        cls.simulator = harness.Process(folder / "simtee.log", harness.program("lumoz-simtee"), "--socket", str(cls.socket),
                                        "--state", str(cls.tee), "--root-out", str(cls.root_pin))
        harness.wait_for(lambda: cls.socket.exists() and cls.root_pin.exists(), 20, "lumoz-simtee")
        cls.quote = bytes.fromhex(json.loads(cls.run_it("--socket", cls.socket).stdout)["intel_quote"])

    @classmethod
    def tearDownClass(cls):
        cls.simulator.stop()
        cls.home.cleanup()

    @classmethod
    def run_it(cls, *more, nonce=NONCE):
        command = [cls.lumoz, "attest", "--nonce", nonce, *map(str, more)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def agent(self, path, paths):
        agent = Agent(self.folder / path, paths)
        self.addCleanup(agent.close)
        return agent

    def quote_over(self, data):
        return (self.quote[:REPORT_DATA_AT] + data + self.quote[REPORT_DATA_AT + 64 :]).hex()

    def refusal(self, code, rule, *more):
        done = self.run_it("--json", *more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(json.loads(done.stdout)["error"], rule)
        return json.loads(done.stdout)

    def test_the_document_holds_what_was_asked_for(self):
        done = self.run_it("--socket", self.socket)
        self.assertEqual(done.returncode, 0, done.stderr)
        document = json.loads(done.stdout)
        self.assertEqual((document["purpose"], document["device"], document["tee_type"]), ("lumoz.attest.v1", "guest-agent", "tdx"))
        self.assertEqual(document["nonce"], NONCE)
        self.assertEqual(document["report_data"], report_data().hex())
        self.assertEqual(bytes.fromhex(document["intel_quote"])[REPORT_DATA_AT : REPORT_DATA_AT + 64], report_data())
        self.assertIsInstance(json.loads(document["event_log_json"]), list)
        self.assertIsInstance(document["info"], dict)

    def test_a_file_holds_the_same_and_stdout_says_so(self):
        out = self.folder / "evidence.json"
        done = self.run_it("--socket", self.socket, "--out", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("N_QUOTE", done.stdout)
        self.assertIn(report_data().hex(), done.stdout)
        self.assertEqual(json.loads(out.read_text())["report_data"], report_data().hex())
        summary = json.loads(self.run_it("--socket", self.socket, "--out", out, "--json").stdout)
        self.assertEqual((summary["result"], summary["event_log_form"]), ("ok", "dstack"))

    def test_its_quote_and_its_event_log_are_accepted(self):
        document = json.loads(self.run_it("--socket", self.socket).stdout)
        (self.folder / "quote.hex").write_text(document["intel_quote"])
        (self.folder / "events.json").write_text(document["event_log_json"])
        command = [self.lumoz, "verify", "quote", self.folder / "quote.hex", "--collateral", self.tee / "collateral.json", "--root-spki",
                   self.root_pin.read_text().strip(), "--event-log", self.folder / "events.json", "--policy", self.tee / "policy.json", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_without_a_tee_it_says_line_by_line_what_it_looked_for(self):
        done = self.run_it("--root", self.folder)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 11, done.stderr)
        self.assertIn("no TEE found; looked for:", lines[0])
        self.assertEqual([line.split(" at ")[0].strip() for line in lines[1:]], ["guest agent"] * 8 + ["configfs-tsm", "TDX device"])
        self.assertIn(f"{self.folder}/var/run/dstack.sock: connect: No such file", lines[1])
        self.assertIn("6.7", lines[9])
        self.assertIn("E_TEE_NONE", lines[10])
        self.refusal(1, "E_TEE_NONE", "--root", self.folder)

    def test_an_agent_of_the_older_form_is_asked_by_its_names(self):
        def raw_quote(request):
            data = bytes.fromhex(request["report_data"])
            return 200, {"quote": "0x" + self.quote_over(data), "event_log": "[]", "hash_algorithm": "raw", "prefix": ""}

        agent = self.agent("run/tappd.sock", {"/prpc/Tappd.RawQuote": raw_quote, "/prpc/Tappd.Info": lambda _: (200, {"app_id": "old"})})
        done = self.run_it("--root", self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["info"], {"app_id": "old"})
        self.assertEqual(agent.asked, ["/prpc/Tappd.RawQuote", "/prpc/Tappd.Info"])

    def test_a_quote_over_other_data_is_refused(self):
        self.agent("run/dstack.sock", {"/GetQuote": lambda _: (200, {"quote": self.quote_over(bytes(64))})})
        self.refusal(10, "E_TEE_REPORT_DATA", "--root", self.folder)

    def test_an_answer_that_is_none_is_malformed(self):
        self.agent("run/dstack.sock", {"/GetQuote": lambda _: (200, {"quote": "00"})})
        self.refusal(30, "E_TEE_ANSWER", "--root", self.folder)

    def test_the_words_of_an_agent_that_refuses_are_passed_on(self):
        self.agent("run/dstack.sock", {"/GetQuote": lambda _: (500, {"error": "no device\n\u001b[2J"})})
        self.assertEqual(self.refusal(1, "E_TEE_REFUSED", "--root", self.folder)["detail"], "status 500: no device??[2J")

    def test_an_agent_that_hangs_costs_the_time_limit(self):
        release = threading.Event()
        self.addCleanup(release.set)
        self.agent("run/dstack.sock", {"/GetQuote": lambda _: (release.wait(50), (500, {}))[1]})
        self.refusal(1, "E_TEE_TIMEOUT", "--root", self.folder, "--timeout", 1)

    def test_a_folder_that_is_no_configfs_is_left_as_it_was(self):
        report = self.folder / "sys/kernel/config/tsm/report"
        report.mkdir(parents=True)
        done = self.run_it("--root", self.folder)
        self.assertIn("tsm/report: provider: No such file or directory", done.stderr)
        self.assertEqual(list(report.iterdir()), [])

    def test_a_nonce_has_32_bytes(self):
        for nonce in ("", "ab", "zz" * 32, "ab" * 33):
            done = self.run_it("--socket", self.socket, nonce=nonce)
            self.assertEqual((done.returncode, done.stdout), (1, ""), nonce)


if __name__ == "__main__":
    unittest.main()
