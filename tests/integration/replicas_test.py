# SPDX-License-Identifier: Apache-2.0
"""Two replicas behind HAProxy with the configuration of deploy/, on one PostgreSQL: clients see one service."""

import hashlib
import json
import re
import socket
import ssl
import subprocess
import time
import unittest

from harness import CHAT, MODEL, ScriptedEngine, call, signed_text, wait_for
from replicas import NONCE, Replicas

TOKENS = {"team": "token-of-team"}


class BehindHaproxy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = ScriptedEngine()
        cls.service = Replicas(cls.engine.url, TOKENS)
        cls.replicas, cls.plain, cls.attested = cls.service.services, cls.service.plain, cls.service.attested

    @classmethod
    def tearDownClass(cls):
        cls.service.close()
        cls.engine.close()

    def ask(self, **members):
        request = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "two?"}], **members}).encode()
        headers = {"Authorization": "Bearer " + TOKENS["team"], "Content-Type": "application/json"}
        return request, call(self.plain, "POST", CHAT, request, headers)

    def signature(self, identifier):
        return call(self.plain, "GET", f"/v1/signature/{identifier}", None, {"Authorization": "Bearer " + TOKENS["team"]})

    def test_every_signature_is_found_whichever_replica_answers(self):
        asked, signers = [], set()
        for index in range(40):
            request, answer = self.ask(stream=index % 2 == 1)
            self.assertEqual(answer.status, 200, answer.body)
            asked.append((request, answer))
        for request, answer in asked:
            for _ in range(2):
                found = self.signature(answer.headers["x-receipt-id"])
                self.assertEqual(found.status, 200, found.body)
                self.assertEqual(found.json()["text"], signed_text(request, answer.body))
                signers.add(found.json()["signing_address"])
        self.assertEqual(len(signers), 2, "both replicas answered")

    def test_a_restart_of_either_loses_nothing(self):
        asked = [self.ask() for _ in range(6)]
        for replica in self.replicas:
            replica.stop()
            wait_for(lambda: all(self.ask()[1].status == 200 for _ in range(4)), 20, "the other replica to answer")
            for _, answer in asked:
                self.assertEqual(self.signature(answer.headers["x-receipt-id"]).status, 200)
            # HAProxy looks for it where it was.
            replica.config["listen.tls.address"] = f"127.0.0.1:{replica.tls_address[1]}"
            replica.start()
            self.service.wait_for_both()

    def test_a_report_lists_both_nodes_and_each_is_found_by_its_address(self):
        wait_for(lambda: all(r.get("/ready").status == 200 for r in self.replicas), 20, "both replicas")
        report = call(self.plain, "GET", f"/v1/attestation/report?nonce={NONCE}").json()
        addresses = {node["signing_address"] for node in report["all_attestations"]}
        self.assertEqual(len(addresses), 2)
        self.assertEqual({node["request_nonce"] for node in report["model_attestations"]}, {NONCE})
        # Each stand-in TEE has a vendor of its own, and a report one set of collateral: each node is verified alone.
        for replica in self.replicas:
            alone = replica.get(f"/v1/attestation/report?nonce={NONCE}&siblings=none")
            path = self.service.folder / "report.json"
            path.write_bytes(alone.body)
            code, out, err = replica.lumoz("verify", "report", path, "--nonce", NONCE, "--policy", replica.policy, "--root-spki", replica.root)
            self.assertEqual(code, 0, out + err)
            self.assertIn(alone.json()["signing_address"], addresses)
        for address in addresses:
            for replica in self.replicas:
                found = replica.get(f"/v1/attestation/report?nonce={NONCE}&signing_address={address}")
                self.assertEqual((found.status, found.json()["signing_address"]), (200, address))

    def test_tls_is_passed_through_to_the_key_of_the_evidence(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(self.attested) as raw, context.wrap_socket(raw) as connection:
            certificate = connection.getpeercert(binary_form=True)
            target = f"GET /v1/attestation/report?nonce={NONCE}&include_tls_fingerprint=true&siblings=none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            connection.sendall(target.encode())
            data = b""
            while piece := connection.recv(65536):
                data += piece
        key = subprocess.run(["openssl", "x509", "-inform", "der", "-noout", "-pubkey"], input=certificate, capture_output=True, check=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=key, capture_output=True, check=True).stdout
        report = json.loads(data.partition(b"\r\n\r\n")[2])
        self.assertEqual(report["tls_cert_fingerprint"], hashlib.sha256(der).hexdigest())

    def test_pieces_of_a_stream_are_not_held_back(self):
        """Without `option http-no-delay` HAProxy keeps them for 0.1 to 0.2 s: then all would come in few reads."""
        body = json.dumps({"model": MODEL, "stream": True, "messages": [], "script": {"chunks": 12, "delay_ms": 40}}).encode()
        head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKENS['team']}\r\nContent-Type: application/json\r\n"
        with socket.create_connection(self.plain) as connection:
            connection.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            reads, data = 0, b""
            started = time.monotonic()
            while b"data: [DONE]\n\n" not in data and time.monotonic() - started < 20:
                data += connection.recv(65536)
                reads += 1
        self.assertEqual(len(re.findall(rb"data: \{", data)), 12)
        self.assertGreaterEqual(reads, 10)


if __name__ == "__main__":
    unittest.main()
