# SPDX-License-Identifier: Apache-2.0
"""Everything at once: idle connections, streams, clients and engines that die, new keys and reloads every two seconds.

15 seconds with 300 connections and 40 streams; with LUMOZ_FULL ten minutes with 1,000 connections and 200 streams."""

import json
import random
import signal
import socket
import threading
import time
import unittest

from harness import FULL, MODEL, ScriptedEngine, Service, call, parse_answer, post_bytes, signed_text, wait_for

SECONDS, CONNECTIONS, STREAMS = (600, 1_000, 200) if FULL else (15, 300, 40)


class Soak(unittest.TestCase):
    def setUp(self):
        self.engine = ScriptedEngine()
        self.addCleanup(self.engine.close)
        self.service = Service(self.engine.url)
        self.addCleanup(self.service.close)
        self.lock, self.stopping = threading.Lock(), False
        self.whole, self.statuses, self.problems = [], {}, []

    def stream(self, random_):
        """One streamed request; the client or the engine may die in the middle."""
        script = {"chunks": random_.randint(1, 8), "delay_ms": random_.choice([5, 20, 60])}
        if random_.random() < 0.1:
            script["die_after"] = random_.randint(1, 700)
        body = json.dumps({"model": MODEL, "stream": True, "n": random_.random(), "script": script, "messages": []}).encode()
        leaves = random_.random() < 0.15
        with socket.create_connection(self.service.address, timeout=60) as connection:
            connection.sendall(post_bytes(body))
            if leaves:
                time.sleep(random_.random() * 0.1)
                return
            data = b""
            while piece := connection.recv(65536):
                data += piece
        answer = parse_answer(data)
        if answer is None:
            raise ConnectionError("no answer")
        with self.lock:
            self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
            if answer.status == 200 and answer.whole and b"data: [DONE]\n\n" in answer.body:
                self.whole.append((answer.headers["x-receipt-id"], body, answer.body))

    def client(self, seed):
        random_ = random.Random(seed)
        while not self.stopping:
            try:
                self.stream(random_)
            except OSError as error:
                with self.lock:
                    self.problems.append(repr(error))

    def test_nothing_is_lost_and_nothing_grows(self):
        idle = [socket.create_connection(self.service.address, timeout=60) for _ in range(CONNECTIONS)]
        threads = [threading.Thread(target=self.client, args=(seed,)) for seed in range(STREAMS)]
        for thread in threads:
            thread.start()
        started, early = time.monotonic(), None
        try:
            while time.monotonic() - started < SECONDS:
                time.sleep(2)
                self.service.daemon.process.send_signal(random.choice([signal.SIGUSR1, signal.SIGHUP]))
                self.assertTrue(self.service.daemon.running(), self.service.logs()[-2000:])
                if early is None and time.monotonic() - started > min(SECONDS / 2, 60):
                    early = self.service.memory()
        finally:
            self.stopping = True
            for thread in threads:
                thread.join()
            for connection in idle:
                connection.close()
        wait_for(lambda: self.service.metric("lumoz_active_requests") == 1, 30, "all requests to end")  # this one itself
        late = self.service.memory()
        self.assertLess(late, early + 32, "memory grows")
        self.assertEqual(self.problems, [])
        self.assertEqual(set(self.statuses) - {200, 502}, set(), self.statuses)
        self.assertGreater(len(self.whole), STREAMS)
        self.assertEqual(self.service.metric("lumoz_receipts_failed_total"), 0)
        self.assertEqual(self.service.metric("lumoz_receipts_issued_total"), self.service.metric("lumoz_store_appended_total"))
        for receipt, request, response in random.sample(self.whole, min(len(self.whole), 2_000)):
            found = call(self.service.address, "GET", f"/v1/signature/{receipt}")
            self.assertEqual(found.status, 200, found.body)
            self.assertEqual(found.json()["text"], signed_text(request, response))


if __name__ == "__main__":
    unittest.main()
