# SPDX-License-Identifier: Apache-2.0
"""Many distinct answers in one run, then the signature of each: none is lost, and memory stays bounded.

3,000 answers; with LUMOZ_FULL 100,000."""

import http.client
import json
import pathlib
import shutil
import tempfile
import threading
import unittest

from harness import CHAT, FULL, MODEL, Process, Service, program, wait_for

ANSWERS = 100_000 if FULL else 3_000
THREADS = 8


class ManyAnswers(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lumoz-load-"))
        self.engine = Process(self.folder / "engine.log", program("lumoz-fake-engine"), "--unix", str(self.folder / "engine.sock"))
        wait_for(lambda: (self.folder / "engine.sock").exists(), 20, "the engine")
        self.service = Service(f"unix:{self.folder}/engine.sock", tokens={"team": "token"})

    def tearDown(self):
        self.service.close()
        self.engine.stop()
        shutil.rmtree(self.folder)

    def each(self, work):
        """Runs `work(connection, index)` for every index, on connections that are kept."""
        failures = []

        def part(first):
            connection = http.client.HTTPConnection(*self.service.address, timeout=60)
            try:
                for index in range(first, ANSWERS, THREADS):
                    work(connection, index)
            except Exception as error:  # noqa: BLE001: told in the main thread
                failures.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=part, args=(first,)) for first in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def test_every_signature_is_found(self):
        headers = {"Authorization": "Bearer token", "Content-Type": "application/json"}
        ids = [None] * ANSWERS

        def ask(connection, index):
            body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": f"question {index}"}]})
            connection.request("POST", CHAT, body, headers)
            answer = connection.getresponse()
            data = answer.read()
            if answer.status != 200:
                raise AssertionError(f"{answer.status} {data!r}")
            ids[index] = answer.headers["X-Receipt-Id"]

        self.each(ask)
        after_asking = self.service.memory()
        self.assertEqual(len(set(ids)), ANSWERS)

        def find(connection, index):
            connection.request("GET", f"/v1/signature/{ids[index]}", headers=headers)
            answer = connection.getresponse()
            data = answer.read()
            if answer.status != 200 or len(json.loads(data)["text"]) != 129:
                raise AssertionError(f"{index}: {answer.status} {data!r}")

        self.each(find)
        self.assertLess(self.service.memory(), min(after_asking + 64, 256))
        usage = json.loads(self.service.get("/v1/usage").body)
        self.assertEqual(sum(row["requests"] for row in usage["data"]), ANSWERS)


if __name__ == "__main__":
    unittest.main()
