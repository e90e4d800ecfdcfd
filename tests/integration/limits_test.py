# SPDX-License-Identifier: Apache-2.0
"""Bounds: bodies, headers, slow and many connections, malformed HTTP. Each has its answer, none takes the service down."""

import json
import random
import resource
import socket
import subprocess
import sys
import time
import unittest

from harness import CHAT, FULL, MODEL, ScriptedEngine, Service, call, post_bytes, raw_exchange, wait_for

IDLE_CLIENT = """
import resource, socket, sys
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
socks = [socket.create_connection((host, port)) for _ in range(count)]
print(len(socks), flush=True)
sys.stdin.readline()
"""


class Limits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = ScriptedEngine()
        cls.service = Service(cls.engine.url, config={"limits.body_bytes": "64KiB", "limits.header_timeout": "1s", "limits.body_timeout": "1s"})

    @classmethod
    def tearDownClass(cls):
        cls.service.close()
        cls.engine.close()

    def tearDown(self):
        self.assertEqual(self.service.chat().status, 200, "the service is not itself any more")

    def error_of(self, data):
        head, body = data.split(b"\r\n\r\n", 1)
        return int(head.split(b" ")[1]), json.loads(body)["error"]

    def test_body_too_large(self):
        forwarded = len(self.engine.requests)
        status, error = self.error_of(raw_exchange(self.service.address, post_bytes(b"{" + b" " * 70000 + b"}")))
        self.assertEqual((status, error["type"]), (413, "payload_too_large"))
        self.assertEqual(len(self.engine.requests), forwarded)

    def test_headers_too_large(self):
        status, error = self.error_of(raw_exchange(self.service.address, post_bytes(b"{}", headers=["X-Big: " + "a" * 40000])))
        self.assertEqual(status, 431)
        self.assertTrue(error["type"])

    def test_slow_head_and_slow_body(self):
        for data in (b"POST " + CHAT.encode(), post_bytes(b"{}" * 100)[:-50]):
            begin = time.monotonic()
            answer = raw_exchange(self.service.address, data, timeout=10)
            self.assertLess(time.monotonic() - begin, 5)
            if answer:
                self.assertEqual(self.error_of(answer)[0], 408)

    def test_smuggling_is_refused(self):
        for head in ("Content-Length: 2\r\nTransfer-Encoding: chunked", "Content-Length: 2\r\nContent-Length: 3", "Content-Length: +2",
                     "Transfer-Encoding: xchunked", "X: a\r\n b", "Content-Length : 2", "Content-Length: 99999999999999999999"):
            data = raw_exchange(self.service.address, f"POST {CHAT} HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n".encode() + b"{}")
            status, error = self.error_of(data)
            self.assertIn(status, (400, 431, 501), head)
            self.assertTrue(error["message"])

    def test_not_json_is_not_forwarded(self):
        forwarded = len(self.engine.requests)
        for body in (b"{nope", b"[1]", b"", b'{"model":"a","model":"b"}', b'{"model":1}', b"\xef\xbb\xbf{}", b'{"model":"scripted"} x',
                     b'{"model":"scripted","a":' + b"[" * 500 + b"]" * 500 + b"}", b'{"model":"scripted","a":"\xff"}'):
            answer = call(self.service.address, "POST", CHAT, body)
            self.assertEqual((answer.status, answer.error["type"]), (400, "bad_request"), body[:40])
        self.assertEqual(len(self.engine.requests), forwarded)

    def test_unknown_model_and_unknown_route(self):
        answer = call(self.service.address, "POST", CHAT, {"model": "other", "messages": []})
        self.assertEqual((answer.status, answer.error["code"]), (404, "model_not_found"))
        receipt = self.service.get("/v1/aci/receipts/" + answer.headers["x-receipt-id"]).json()
        self.assertIsNone(receipt["model"])
        self.assertEqual(self.service.get("/v1/slots").status, 404)
        for path in ("/v1/stream?conv_id=1", "/slots", "/props", "/tools", "/v1/../admin", "/v1/%2e%2e/admin"):
            self.assertIn(self.service.get(path).status, (400, 404, 405), path)

    def test_malformed_http_from_a_fuzzer(self):
        seed = post_bytes(json.dumps({"model": MODEL, "messages": []}).encode())
        random_ = random.Random(7)
        for _ in range(3000 if FULL else 200):
            data = bytearray(seed)
            for _ in range(random_.randrange(1, 6)):
                kind = random_.randrange(3)
                at = random_.randrange(len(data))
                if kind == 0:
                    data[at] = random_.randrange(256)
                elif kind == 1:
                    del data[at : at + random_.randrange(1, 20)]
                else:
                    data[at:at] = bytes(random_.randrange(256) for _ in range(random_.randrange(1, 20)))
                data = data or bytearray(b"x")
            with socket.create_connection(self.service.address, timeout=5) as sock:
                try:
                    sock.sendall(bytes(data))
                    sock.shutdown(socket.SHUT_WR)
                    while sock.recv(65536):
                        pass
                except OSError:
                    pass
            self.assertTrue(self.service.daemon.running())

    def test_idle_connections(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        count = 10000
        if hard < count + 200:
            self.skipTest(f"the limit of open files is {hard}")
        client = subprocess.Popen([sys.executable, "-c", IDLE_CLIENT, self.service.address[0], str(self.service.address[1]), str(count)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            self.assertEqual(client.stdout.readline().strip(), str(count))
            for _ in range(20):
                self.assertEqual(self.service.chat().status, 200)
        finally:
            client.communicate("\n", timeout=60)


class TooMany(unittest.TestCase):
    def test_too_many_connections(self):
        engine = ScriptedEngine()
        service = Service(engine.url, config={"limits.connections": 20})
        self.addCleanup(engine.close)
        self.addCleanup(service.close)
        idle = [socket.create_connection(service.address) for _ in range(20)]

        def refused():
            """The answer to a connection too many. One of the idle ones may have been refused itself, beside a connection that was just
            ending: another takes its place."""
            with socket.create_connection(service.address, timeout=5) as sock:
                sock.sendall(post_bytes(b"{}"))
                data = sock.recv(65536)
            if b" 503 " in data.split(b"\r\n")[0]:
                return data
            idle.append(socket.create_connection(service.address))
            return None

        try:
            self.assertIn(b'"error"', wait_for(refused, 10, "a refusal of the connection too many"))
        except ConnectionError:
            self.fail("a refused connection must be told why")
        finally:
            for sock in idle:
                sock.close()
        wait_for(lambda: service.chat().status == 200, 10, "room again")


if __name__ == "__main__":
    unittest.main()
