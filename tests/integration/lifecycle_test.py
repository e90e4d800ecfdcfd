# SPDX-License-Identifier: Apache-2.0
"""Start and end: no TEE, no service; the engine lives and dies with lumozd; signals; configuration."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from harness import MODEL, Process, ScriptedEngine, Service, alive, call, program, real_engine, wait_for


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


class Start(unittest.TestCase):
    def run_with(self, text):
        folder = tempfile.mkdtemp()
        path = pathlib.Path(folder) / "lumozd.toml"
        path.write_text(text)
        return subprocess.run([program("lumozd"), "--config", str(path)], capture_output=True, text=True, timeout=60, check=False, cwd=folder)

    def test_refuses_without_a_tee_and_says_what_it_looked_for(self):
        cases = [('tee.guest_agent_socket = "/nonexistent/agent.sock"\n', ["/nonexistent/agent.sock"]),
                 ('tee.configfs_root = "/nonexistent/tsm"\n', ["/var/run/dstack.sock", "/nonexistent/tsm"])]
        with tempfile.NamedTemporaryFile() as weights:
            for lines, looked_for in cases:
                done = self.run_with(f'state_dir = "state"\nmodel.path = "{weights.name}"\nengine.kind = "url"\nengine.url = "http://127.0.0.1:1"\n'
                                     f'listen.address = "127.0.0.1:0"\n{lines}')
                self.assertNotEqual(done.returncode, 0)
                for word in ["E_TEE_NONE", *looked_for]:
                    self.assertIn(word, done.stderr)

    def test_unknown_key_names_the_nearest(self):
        done = self.run_with('listen.adress = "127.0.0.1:0"\n')
        self.assertEqual(done.returncode, 1)
        self.assertIn("listen.address", done.stderr)

    def test_check_starts_nothing(self):
        engine = ScriptedEngine()
        service = Service(engine.url)
        self.addCleanup(engine.close)
        self.addCleanup(service.close)
        done = subprocess.run([program("lumozd"), "--config", str(service.folder / "lumozd.toml"), "--check"], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


class Signals(unittest.TestCase):
    def setUp(self):
        self.engine = ScriptedEngine()
        self.service = Service(self.engine.url)
        self.addCleanup(self.engine.close)
        self.addCleanup(self.service.close)

    def test_sigterm_drains(self):
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.service.chat(stream=True, script={"chunks": 10, "delay_ms": 100})))
        thread.start()
        time.sleep(0.4)
        self.assertEqual(self.service.stop(), 0)
        thread.join()
        self.assertIn(b"data: [DONE]", answers[0].body)

    def test_sighup_reloads_tokens(self):
        service = Service(self.engine.url, tokens={"a": "first"})
        self.addCleanup(service.close)
        self.assertEqual(service.chat(headers={"Authorization": "Bearer second"}).status, 401)
        import hashlib

        with open(service.folder / "tokens", "a", encoding="ascii") as file:
            file.write(f"b sha256:{hashlib.sha256(b'second').hexdigest()}\n")
        service.daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: service.chat(headers={"Authorization": "Bearer second"}).status == 200, 5, "the new token")


class Engine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(real=real_engine())

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def engine_pid(self):
        return children(self.service.daemon.pid)[0]

    def test_socket_is_closed_to_others(self):
        sockets = [path for path in self.service.folder.rglob("*.sock") if path.name != "tee.sock"]
        self.assertTrue(sockets)
        self.assertEqual(sockets[0].parent.stat().st_mode & 0o777, 0o700)

    def test_engine_that_dies_is_started_again(self):
        pid = self.engine_pid()
        stream = threading.Thread(target=lambda: self.service.chat("Tell a long story.", stream=True, max_tokens=200))
        stream.start()
        time.sleep(0.5)
        os.kill(pid, signal.SIGKILL)
        stream.join()
        wait_for(lambda: call(self.service.address, "GET", "/ready").status == 200 and self.service.chat(max_tokens=2).status == 200, 60, "a new engine")
        self.assertNotEqual(pid, self.engine_pid())

    def test_kill_of_the_service_ends_the_engine(self):
        pid = self.engine_pid()
        self.service.kill()
        wait_for(lambda: not alive(pid), 5, "the engine to end")
        self.service.start()

    def test_a_stopped_service_leaves_nothing(self):
        pid = self.engine_pid()
        self.assertEqual(self.service.stop(), 0)
        self.assertFalse(alive(pid))
        self.service.start()


class Privacy(unittest.TestCase):
    MARKER = "zebra-marker-7f3a"

    def test_prompts_are_in_no_log_and_no_file(self):
        service = Service(real=real_engine())
        self.addCleanup(service.close)
        for options in ({}, {"stream": True}):
            self.assertEqual(service.chat(f"Repeat: {self.MARKER}", max_tokens=8, **options).status, 200)
        service.chat(f"Repeat: {self.MARKER}", max_tokens="not a number")
        call(service.address, "POST", "/v1/chat/completions", b'{"model":"' + self.MARKER.encode() + b'","messages":[]}')
        call(service.address, "POST", "/v1/chat/completions", b'{"broken ' + self.MARKER.encode())
        call(service.address, "GET", "/v1/" + self.MARKER)
        service.stop()
        for path in service.folder.rglob("*"):
            if path.is_file():
                self.assertNotIn(self.MARKER.encode(), path.read_bytes(), path)

    def test_a_crash_leaves_no_core(self):
        service = Service(real=real_engine())
        self.addCleanup(service.close)
        engine = children(service.daemon.pid)[0]
        for pid in (service.daemon.pid, engine):
            limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
            line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
            self.assertEqual(line.split()[4:6], ["0", "0"], line)
        os.kill(service.daemon.pid, signal.SIGSEGV)
        service.daemon.wait(10)
        wait_for(lambda: not alive(engine), 5, "the engine to end")
        self.assertFalse(list(service.folder.rglob("core*")))


class Isolation(unittest.TestCase):
    def test_receipts_belong_to_the_credential(self):
        engine = ScriptedEngine()
        service = Service(engine.url, tokens={"alice": "token-a", "bob": "token-b"})
        self.addCleanup(engine.close)
        self.addCleanup(service.close)
        answer = service.chat()
        identifier, receipt = answer.json()["id"], answer.headers["x-receipt-id"]
        for path in (f"/v1/signature/{identifier}", f"/v1/aci/receipts/{receipt}"):
            self.assertEqual(service.get(path).status, 200)
            self.assertEqual(call(service.address, "GET", path).status, 401)
            self.assertEqual(call(service.address, "GET", path, None, service.auth("bob")).status, 404)
        # A conversation header is not passed on: an engine would go on for whoever asks by that name.
        service.chat(headers={"X-Conversation-Id": "shared", "Cookie": "a=b"})
        headers = engine.requests[-1][1]
        for name in ("x-conversation-id", "authorization", "cookie"):
            self.assertNotIn(name, headers)
        self.assertEqual(headers.get("accept-encoding", "identity"), "identity")


if __name__ == "__main__":
    unittest.main()
