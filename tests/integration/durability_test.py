# SPDX-License-Identifier: Apache-2.0
"""No answer without its receipt: `kill -9` under load, restart, a disk that is full or read-only."""

import json
import os
import random
import subprocess
import tempfile
import threading
import time
import unittest

from harness import FULL, MODEL, ScriptedEngine, Service, call, parse_answer, post_bytes, raw_exchange, signed_text, wait_for

ROUNDS = 200 if FULL else 12
CLIENTS = 4


def mount(*arguments):
    """Mounts, or skips the test where mounting is not allowed."""
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise unittest.SkipTest("mount is not permitted here: " + done.stderr.strip())


class KillRounds(unittest.TestCase):
    def setUp(self):
        self.engine = ScriptedEngine()
        self.service = Service(self.engine.url)
        self.addCleanup(self.engine.close)
        self.addCleanup(self.service.close)
        self.whole = []
        self.lock = threading.Lock()
        self.stopping = False

    def client(self, number):
        """Asks until the service dies; notes every answer that came whole."""
        random_ = random.Random(number)
        while not self.stopping:
            stream = random_.random() < 0.5
            body = json.dumps({"model": MODEL, "stream": stream, "messages": [], "n": random_.random(), "script": {"chunks": random_.randrange(1, 6)}}).encode()
            try:
                answer = parse_answer(raw_exchange(self.service.address, post_bytes(body), timeout=5))
            except OSError:
                continue
            if answer and answer.status == 200 and answer.whole:
                with self.lock:
                    self.whole.append((answer.headers["x-receipt-id"], body, answer.body))

    def test_every_whole_answer_has_a_receipt_after_kill(self):
        checked = 0
        random_ = random.Random(1)
        for round_ in range(ROUNDS):
            self.whole, self.stopping = [], False
            threads = [threading.Thread(target=self.client, args=(round_ * 100 + i,)) for i in range(CLIENTS)]
            for thread in threads:
                thread.start()
            time.sleep(random_.uniform(0.05, 0.4))
            self.service.kill()
            self.stopping = True
            for thread in threads:
                thread.join()
            self.service.start()
            for index, (receipt_id, request, response) in enumerate(self.whole):
                proof = self.service.proof(receipt_id)
                # Each answer is found; the whole chain is checked for one of each round, its keys being gone.
                if index == 0:
                    code, verdict = self.service.verify_answer(request, response, proof, "--url", self.service.url)
                    self.assertEqual(code, 0, verdict)
                else:
                    text = signed_text(request, response)
                    self.assertEqual([s["text"] for s in proof["signatures"]], [text, text])
                checked += 1
        self.assertGreater(checked, ROUNDS, "the rounds saw too few answers to say anything")


class Disk(unittest.TestCase):
    def service_on(self, folder):
        engine = ScriptedEngine()
        service = Service(engine.url, state_dir=folder)
        self.addCleanup(engine.close)
        self.addCleanup(service.close)
        return service

    def folder(self):
        folder = tempfile.mkdtemp(prefix="lumoz-disk-")
        self.addCleanup(os.rmdir, folder)
        return folder

    def test_full_disk_gives_errors_and_recovers(self):
        folder = self.folder()
        mount("-t", "tmpfs", "-o", "size=24m", "lumoz-test", folder)
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=False)
        service = self.service_on(os.path.join(folder, "state"))
        first = service.chat()
        self.assertEqual(first.status, 200)
        filler = os.path.join(folder, "filler")
        with open(filler, "wb") as file:
            try:
                while True:
                    file.write(b"x" * 65536)
                    file.flush()
            except OSError:
                pass

        def refused():
            answer = service.chat()
            if answer.status == 200:  # its receipt still found room
                self.assertEqual(service.get("/v1/aci/receipts/" + answer.headers["x-receipt-id"]).status, 200)
                return False
            return answer

        answer = wait_for(refused, 20, "the service to refuse")
        self.assertEqual(answer.status, 503)
        self.assertIn("message", answer.error)
        self.assertEqual(service.get("/ready").status, 503)
        self.assertEqual(service.get("/v1/aci/receipts/" + first.headers["x-receipt-id"]).status, 200)
        os.unlink(filler)
        wait_for(lambda: service.chat().status == 200, 20, "recovery when space returned")

    def test_read_only_disk(self):
        folder = self.folder()
        mount("-t", "tmpfs", "-o", "size=32m", "lumoz-test", folder)
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=False)
        service = self.service_on(os.path.join(folder, "state"))
        self.assertEqual(service.chat().status, 200)
        service.stop()
        mount("-o", "remount,ro", folder)
        service.start(wait=False)
        self.assertNotEqual(service.daemon.wait(30), 0)
        self.assertIn("E_STORE", service.daemon.text())
        mount("-o", "remount,rw", folder)
        service.start()
        self.assertEqual(service.chat().status, 200)


class Restart(unittest.TestCase):
    def test_receipts_and_evidence_outlive_their_keys(self):
        engine = ScriptedEngine()
        service = Service(engine.url)
        self.addCleanup(engine.close)
        self.addCleanup(service.close)
        request = json.dumps({"model": MODEL, "messages": []}).encode()
        answer = call(service.address, "POST", "/v1/chat/completions", request)
        identifier = answer.json()["id"]
        before = service.proof(identifier)
        service.restart()
        after = service.proof(identifier)
        self.assertEqual(before, after)
        evidence = service.get("/v1/evidence/" + after["keyset_digest"])
        self.assertEqual(evidence.status, 200)
        now = service.get("/v1/aci/attestation").json()["workload_keyset_digest"]
        self.assertNotEqual(now, after["keyset_digest"])
        code, verdict = service.verify_answer(request, answer.body, after, "--url", service.url)
        self.assertEqual(code, 0, verdict)
        self.assertTrue(verdict["simulated"])
        self.assertTrue(verdict["not_checked"])
        changed = bytearray(answer.body)
        changed[len(changed) // 2] ^= 1
        code, verdict = service.verify_answer(request, bytes(changed), after, "--url", service.url)
        self.assertEqual((code, verdict["error"]), (10, "E_RESPONSE_HASH"))


if __name__ == "__main__":
    unittest.main()
