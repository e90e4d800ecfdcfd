# SPDX-License-Identifier: Apache-2.0
"""Pages beside chat: multipart bodies, the catch-all, ids, foreign hashes, and a WebSocket, with the real lumozd."""

import base64
import hashlib
import http.client
import json
import os
import socket
import struct
import subprocess
import unittest

from harness import MODEL, LoopbackServer, Service, call, raw_exchange, read_head, real_engine, signed_text, wait_for

BOUNDARY = "XyZ-09"
MULTIPART = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def form(size, model=MODEL, marker=b""):
    sound = bytes(range(256)) * (size // 256)
    parts = [(b'name="model"', model.encode()), (b'name="file"; filename="a.wav"', marker + sound), (b'name="prompt"', "d\u00e9j\u00e0".encode())]
    return b"".join(b"--%s\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (BOUNDARY.encode(), d, v) for d, v in parts) + b"--%s--\r\n" % BOUNDARY.encode()


class EchoEngine(LoopbackServer):
    """Answers JSON without an id, remembers what it saw, and speaks WebSocket at /v1/realtime."""

    def __init__(self):
        self.seen = []
        self.frames = []
        self.broken = 0
        self.got = 0
        super().__init__()

    def _serve(self, connection):
        with connection:
            try:
                head = read_head(connection)
                if head is None:
                    return
                method, target, headers, rest = head
                if headers.get("upgrade") == "websocket":
                    self._websocket(connection, target, headers)
                    return
                length = int(headers.get("content-length", "0"))
                body = bytearray(rest)
                while len(body) < length:
                    piece = connection.recv(65536)
                    if not piece:
                        self.broken += 1
                        return
                    body += piece
                    self.got = len(body)
                if target not in ("/health", "/v1/models"):
                    with self.lock:
                        self.seen.append((method, target, headers, bytes(body)))
                data = b'{ "results":[1.0,1e400,"\\u00fc\xc3\xbc"] }'
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
            except OSError:
                self.broken += 1

    def _websocket(self, connection, target, headers):
        accept = base64.b64encode(hashlib.sha1((headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        with self.lock:
            self.seen.append(("GET", target, headers, b""))
        head = f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n"
        if "sec-websocket-protocol" in headers:
            head += f"Sec-WebSocket-Protocol: {headers['sec-websocket-protocol'].split(',')[0]}\r\n"
        connection.sendall(head.encode() + b"\r\n")
        file = connection.makefile("rb")
        while True:
            first = file.read(2)
            if len(first) < 2:
                return
            opcode, size = first[0] & 15, first[1] & 127
            if size == 126:
                size = struct.unpack(">H", file.read(2))[0]
            mask = file.read(4)
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(file.read(size)))
            self.frames.append((opcode, data))
            head = bytes([0x80 | opcode, size]) if size < 126 else bytes([0x80 | opcode, 126]) + struct.pack(">H", size)
            connection.sendall(head + data)
            if opcode == 8:
                return


class Endpoints(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = EchoEngine()
        cls.service = Service(cls.engine.url, tokens={"alice": "token-a", "front": "token-f"},
                              config={"auth.request_hash_from": ["front"], "receipts.insert_ids": True, "engine.pool": 0})

    @classmethod
    def tearDownClass(cls):
        cls.service.close()
        cls.engine.close()

    def setUp(self):
        self.engine.seen.clear()

    def post(self, path, body, headers=None, name="alice"):
        return call(self.service.address, "POST", path, body, {**self.service.auth(name), **(headers or {})})

    def events(self, identifier, name="alice"):
        return {event["type"]: event for event in self.service.receipt(identifier, name)["event_log"]}

    def test_multipart_is_hashed_raw_and_verifies(self):
        body = form(8 << 20)
        answer = self.post("/v1/audio/transcriptions", body, MULTIPART)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(self.engine.seen[0][3], body)
        identifier = answer.json()["id"]
        self.assertRegex(identifier, "^trans-[0-9a-f]{24}$")
        self.assertEqual(answer.body, b'{"id":"' + identifier.encode() + b'", "results":[1.0,1e400,"\\u00fc\xc3\xbc"] }')
        proof = self.service.proof(identifier)
        self.assertEqual(proof["signatures"][0]["text"], signed_text(body, answer.body))
        code, verdict = self.service.verify_answer(body, answer.body, proof, "--url", self.service.url)
        self.assertEqual(code, 0, verdict)
        self.assertIn("lumoz.id_inserted", self.events(identifier))

    def test_uploads_are_never_held_whole(self):
        self.assertEqual(self.post("/v1/audio/transcriptions", form(1 << 20), MULTIPART).status, 200)
        before = self.service.memory("VmHWM")
        self.assertEqual(self.post("/v1/audio/transcriptions", form(64 << 20), MULTIPART).status, 200)
        self.assertLess(self.service.memory("VmHWM") - before, 8, "MiB more than for a small one")
        head = f"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token-a\r\nContent-Type: {MULTIPART['Content-Type']}\r\n"
        answer = raw_exchange(self.service.address, head.encode() + b"Content-Length: %d\r\n\r\n" % (101 << 20))
        self.assertTrue(answer.startswith(b"HTTP/1.1 413 "), answer[:200])

    def test_wrong_multipart_is_refused_before_the_engine(self):
        for headers, body, status in ((MULTIPART, b"{}", 400), ({"Content-Type": "multipart/form-data"}, form(1000), 400),
                                      (MULTIPART, form(100_000, "unknown"), 404), ({"Content-Type": "text/plain"}, b"x", 400)):
            answer = self.post("/v1/images/edits", body, headers)
            self.assertEqual(answer.status, status, answer.body)
            events = self.events(answer.headers["x-receipt-id"])
            self.assertEqual(events["request.received"]["body_hash"], "sha256:" + hashlib.sha256(body).hexdigest())
            self.assertNotIn("request.forwarded", events)
        self.assertEqual(self.engine.seen, [])

    def test_client_death_in_an_upload_aborts_the_engine(self):
        broken, body = self.engine.broken, form(4 << 20, marker=b"HIDDEN-MARKER")
        half = body[: len(body) // 2]
        with socket.create_connection(self.service.address) as sock:
            head = f"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token-a\r\nContent-Type: {MULTIPART['Content-Type']}\r\nContent-Length: {len(body)}\r\n\r\n"
            sock.sendall(head.encode() + half)
            wait_for(lambda: self.engine.got >= len(half) - 200_000, 20, "the engine to see the first half")
        wait_for(lambda: self.engine.broken > broken, 20, "the engine's request to be aborted")
        line = wait_for(lambda: [x for x in self.service.logs().splitlines() if '"cut_by":"client"' in x.replace(" ", "") and "transcriptions" in x], 10, "the log line")[-1]
        identifier = json.loads(line)["id"]
        events = self.events(identifier)
        self.assertEqual(events["lumoz.completeness"]["cut_by"], "client")
        self.assertEqual(events["request.received"]["body_hash"], "sha256:" + hashlib.sha256(half).hexdigest())
        self.assertNotIn("HIDDEN-MARKER", self.service.logs())
        for path in self.service.state.rglob("*"):
            if path.is_file():
                self.assertNotIn(b"HIDDEN-MARKER", path.read_bytes(), path)

    def test_catch_all_and_its_deny_list(self):
        answer = self.service.get("/v1/moderations?x=%20y")
        self.assertEqual(answer.status, 200)
        events = self.events(answer.headers["x-receipt-id"])
        self.assertEqual(events["request.received"]["body_hash"], "sha256:" + hashlib.sha256(b"/v1/moderations?x=%20y").hexdigest())
        self.assertEqual(self.engine.seen[0][:2], ("GET", "/v1/moderations?x=%20y"))
        self.engine.seen.clear()
        for path in ("/v1/stream?conv_id=1", "/v1/slots", "/v1/%73lots", "/v1/%2573lots", "/v1/x/../slots", "/v1/x/%2e%2e/slots", "/v1/chat/completions/control",
                     "/v1/attestation/ita-token", "/v1/files/f", "/slots", "/props", "/v1/x%5c..%5cslots"):
            answer = self.service.get(path)
            self.assertIn(answer.status, (400, 404), path)
            self.assertEqual(answer.headers["x-should-retry"], "false")
        self.assertEqual(self.engine.seen, [])
        self.assertEqual(call(self.service.address, "GET", "/v1/moderations").status, 401)
        metrics = self.service.get("/metrics").body
        self.assertNotIn(b"moderations", metrics)

    def test_request_hash_counts_from_named_credentials_only(self):
        body = json.dumps({"model": MODEL, "query": "q", "documents": ["d"]}).encode()
        given = "ab" * 32
        for name, counts in (("front", True), ("alice", False)):
            answer = self.post("/v1/rerank", body, {"X-Request-Hash": given}, name)
            events = self.events(answer.json()["id"], name)
            actual = hashlib.sha256(body).hexdigest()
            self.assertEqual(events["request.received"]["body_hash"], "sha256:" + (given if counts else actual))
            self.assertEqual(events["request.forwarded"]["body_hash"], "sha256:" + actual)
            self.assertEqual(events.get("lumoz.request_hash"),
                             {"type": "lumoz.request_hash", "by": "front", "body_hash": "sha256:" + actual} if counts else None)
        self.assertEqual(self.post("/v1/rerank", body, {"X-Request-Hash": "zz"}, "front").status, 400)

    def test_tokenize_is_forwarded_unsigned(self):
        answer = self.post("/v1/tokenize", {"content": "x"}, {"traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-01"})
        self.assertEqual((answer.status, self.engine.seen[0][1]), (200, "/tokenize"))
        self.assertEqual(self.engine.seen[0][2]["traceparent"][:4], "00-1")
        self.assertNotIn("x-receipt-id", answer.headers)

    def test_websocket_of_a_real_client(self):
        """Node's own WebSocket client through lumozd to an engine that speaks the protocol."""
        node = os.environ.get("LUMOZ_NODE", "")
        if not os.path.exists(node):
            self.skipTest("LUMOZ_NODE names no Node 22")
        # A browser's client cannot set headers, so this one goes through a service without tokens.
        service = Service(self.engine.url, config={"engine.pool": 0})
        try:
            script = """
              const ws = new WebSocket(process.argv[1], ["realtime", "openai-insecure-api-key.sk-secret"]);
              let count = 0;
              ws.onopen = () => ws.send("WS-MARKER \\u00fc");
              ws.onmessage = (event) => { count += 1; if (count === 1) { ws.send("x".repeat(50000)); } else { console.log(event.data.length); ws.close(); } };
              ws.onerror = () => { console.log("error"); process.exit(1); };
              ws.onclose = (event) => { console.log("closed"); process.exit(0); };
            """
            url = f"ws://{service.address[0]}:{service.address[1]}/v1/realtime?model={MODEL}"
            self.engine.frames.clear()
            done = subprocess.run([node, "-e", script, url], capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
            frames = [data for opcode, data in self.engine.frames if opcode == 1]
            self.assertEqual([frames[0], len(frames[1])], ["WS-MARKER \u00fc".encode(), 50000], done.stdout + done.stderr)
            self.assertNotIn("sk-secret", json.dumps(self.engine.seen[-1][2]))
            line = wait_for(lambda: [x for x in service.logs().splitlines() if "/v1/realtime" in x], 10, "the log line")[0]
            self.assertEqual(json.loads(line)["status"], 101)
            self.assertNotIn("WS-MARKER", service.logs())
        finally:
            service.close()

    def test_drain_ends_an_open_websocket(self):
        service = Service(self.engine.url, config={"engine.pool": 0, "drain_timeout": "500ms"})
        try:
            connection = http.client.HTTPConnection(*service.address, timeout=20)
            connection.request("GET", "/v1/realtime", headers={"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
                                                               "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
            response = connection.getresponse()
            self.assertEqual(response.status, 101)
            self.assertEqual(response.getheader("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            self.assertNotEqual(service.stop(), 0, "a tunnel had to be cut")
            connection.close()
        finally:
            service.close()


class RealEngine(unittest.TestCase):
    """llama-server as it is supervised."""

    def test_what_it_answers(self):
        service = Service(real=real_engine())
        try:
            tokens = call(service.address, "POST", "/v1/tokenize", {"content": "one two"})
            self.assertTrue(tokens.json()["tokens"])
            self.assertNotIn("x-receipt-id", tokens.headers)
            metrics = service.get("/v1/metrics")
            self.assertEqual(metrics.status, 200)
            self.assertIn(b"llamacpp:", metrics.body)
            # Off for a supervised engine: nothing of what it has beside our pages is reached.
            self.assertEqual(service.get("/v1/chat/completions/input_tokens").status, 404)
            self.assertEqual(service.get("/v1/moderations").status, 404)
            refused = call(service.address, "POST", "/v1/rerank", {"model": MODEL, "query": "q", "documents": ["d"]})
            self.assertGreaterEqual(refused.status, 400)
            self.assertIn("x-receipt-id", refused.headers)
        finally:
            service.close()


if __name__ == "__main__":
    unittest.main()
