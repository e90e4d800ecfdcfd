# SPDX-License-Identifier: Apache-2.0
"""Streams: bytes untouched, the terminal event held, and what is left of an answer that is cut by either side."""

import hashlib
import json
import socket
import time
import unittest

from harness import CHAT, FULL, MODEL, ScriptedEngine, Service, call, dechunk, post_bytes, raw_exchange, wait_for


def stream_body(**script):
    return json.dumps({"model": MODEL, "stream": True, "messages": [], "script": script}).encode()


class Streams(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = ScriptedEngine()
        cls.service = Service(cls.engine.url, config={"engine.idle_timeout": "2s", "engine.first_byte_timeout": "2s"})

    @classmethod
    def tearDownClass(cls):
        cls.service.close()
        cls.engine.close()

    def exchange(self, body, headers=()):
        data = raw_exchange(self.service.address, post_bytes(body, headers=headers))
        head, rest = data.split(b"\r\n\r\n", 1)
        fields = {k.lower(): v for k, v in (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])}
        return head.decode(), fields, rest

    def test_whole_stream_has_a_proof_over_its_bytes(self):
        for crlf in (False, True):
            body = stream_body(chunks=5, crlf=crlf)
            head, fields, rest = self.exchange(body)
            self.assertIn("200", head.split("\r\n")[0])
            self.assertTrue(fields["content-type"].startswith("text/event-stream"))
            response, whole = dechunk(rest)
            self.assertTrue(whole)
            self.assertIn(b"data: [DONE]", response)
            proof = self.service.proof(fields["x-receipt-id"])
            self.assertEqual(proof["signatures"][0]["text"], f"{hashlib.sha256(body).hexdigest()}:{hashlib.sha256(response).hexdigest()}")
            code, verdict = self.service.verify_answer(body, response, proof, "--url", self.service.url)
            self.assertEqual(code, 0, verdict)

    def test_inline_proof_comes_behind_the_signed_bytes(self):
        body = stream_body(chunks=2)
        _, fields, rest = self.exchange(body, headers=["X-Proof: inline"])
        response, whole = dechunk(rest)
        self.assertTrue(whole)
        signed, proof = response.split(b"event: proof\n")
        proof = json.loads(proof.removeprefix(b"data: "))
        self.assertEqual(proof["text"], f"{hashlib.sha256(body).hexdigest()}:{hashlib.sha256(signed).hexdigest()}")
        self.assertEqual(proof["receipt_id"], fields["x-receipt-id"])

    def test_engine_death_leaves_an_incomplete_receipt(self):
        body = stream_body(chunks=3, die_after=500)
        _, fields, rest = self.exchange(body)
        response, _ = dechunk(rest)
        self.assertNotIn(b"[DONE]", response)
        self.check_incomplete(fields["x-receipt-id"], "engine")

    def check_incomplete(self, receipt_id, cut_by):
        receipt = wait_for(lambda: (r := self.service.get(f"/v1/aci/receipts/{receipt_id}")).status == 200 and r, 5, "the receipt").json()
        events = {event["type"]: event for event in receipt["event_log"]}
        self.assertEqual((events["lumoz.completeness"]["complete"], events["lumoz.completeness"]["cut_by"]), (False, cut_by))
        signature = self.service.get(f"/v1/signature/{receipt_id}")
        self.assertEqual((signature.status, signature.error["code"]), (404, "incomplete"))
        return events

    def test_engine_cut_at_every_byte(self):
        """No cut stream ever carries a terminal event, and none of them takes the service down."""
        whole = len(self.engine._response({"stream": True}, {"chunks": 1}, "chatcmpl-cut"))
        step = 1 if FULL else 7
        for cut in range(0, whole - 5, step):
            body = stream_body(chunks=1, die_after=cut, id="chatcmpl-cut")
            data = raw_exchange(self.service.address, post_bytes(body))
            head, rest = data.split(b"\r\n\r\n", 1)
            if b"200" in head.split(b"\r\n")[0]:
                response, _ = dechunk(rest)
                self.assertNotIn(b"[DONE]", response, f"cut at {cut}")
            else:
                self.assertIn(b'"error"', rest, f"cut at {cut}")
        self.assertEqual(self.service.chat().status, 200)

    def test_client_gone_aborts_the_engine_at_once(self):
        before = self.engine.aborted
        sock = socket.create_connection(self.service.address)
        sock.sendall(post_bytes(stream_body(chunks=500, delay_ms=20), close=False))
        data = b""
        while data.count(b"data:") < 3:
            data += sock.recv(4096)
        receipt_id = next(line.split(": ")[1] for line in data.split(b"\r\n\r\n")[0].decode().split("\r\n") if line.lower().startswith("x-receipt-id"))
        sock.close()
        wait_for(lambda: self.engine.aborted > before, 2, "the engine to see the abort")
        self.check_incomplete(receipt_id, "client")

    def test_client_gone_while_the_engine_thinks(self):
        before = self.engine.aborted
        sock = socket.create_connection(self.service.address)
        sock.sendall(post_bytes(stream_body(chunks=1, hang_s=1.5), close=False))
        time.sleep(0.3)
        sock.close()
        wait_for(lambda: self.engine.aborted > before, 1, "the engine to see the abort")

    def test_slow_engine_and_garbage(self):
        cases = [({"hang_s": 5}, 504), ({"garbage": True}, 502), ({"die_after": 0}, 502), ({"status": 400}, 400), ({"status": 500}, 500)]
        for script, status in cases:
            answer = self.service.chat(script=script)
            self.assertEqual(answer.status, status, script)
            self.assertEqual(sorted(answer.error), ["code", "message", "param", "type"])
            self.assertNotIn("secret prompt", answer.body.decode())

    def test_engine_silent_in_mid_stream(self):
        _, fields, rest = self.exchange(stream_body(chunks=3, delay_ms=3500))
        response, _ = dechunk(rest)
        self.assertNotIn(b"[DONE]", response)
        self.check_incomplete(fields["x-receipt-id"], "deadline")

    def test_chunks_leave_as_they_come(self):
        sock = socket.create_connection(self.service.address)
        sock.sendall(post_bytes(stream_body(chunks=10, delay_ms=100)))
        arrivals, seen = [], b""
        with sock:
            while piece := sock.recv(65536):
                seen += piece
                arrivals.append((time.monotonic(), seen.count(b'"delta"')))
        first = next(t for t, n in arrivals if n >= 1)
        ninth = next(t for t, n in arrivals if n >= 9)
        self.assertGreater(ninth - first, 0.5, "the stream came in one piece")

    def test_other_requests_live_beside_a_slow_reader(self):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(self.service.address)
        sock.sendall(post_bytes(stream_body(chunks=20000), close=False))
        for _ in range(5):
            self.assertEqual(self.service.chat().status, 200)
        sock.close()

    def test_pipelined_requests(self):
        body = json.dumps({"model": MODEL, "messages": []}).encode()
        data = raw_exchange(self.service.address, post_bytes(body, close=False) * 3 + post_bytes(body))
        self.assertEqual(data.count(b"HTTP/1.1 200"), 4)
        self.assertEqual(call(self.service.address, "GET", "/health").status, 200)
        self.assertEqual(CHAT, self.engine.requests[-1][0])


if __name__ == "__main__":
    unittest.main()
