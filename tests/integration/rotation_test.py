# SPDX-License-Identifier: Apache-2.0
"""New keys while requests run: none fails, and each answer verifies by the evidence of the keys that it began under."""

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest

from harness import CHAT, MODEL, ScriptedEngine, Service, call, wait_for

HEADERS = {"Content-Type": "application/json"}


def blind_tls():
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def keyset(service):
    return call(service.address, "GET", "/").json()["workload_keyset_digest"]


def rotate(service):
    """New keys; returns the digest of their keyset."""
    before = keyset(service)
    service.daemon.process.send_signal(signal.SIGUSR1)
    return wait_for(lambda: (now := keyset(service)) != before and now, 10, "new keys")


class Traffic:
    """Requests of one kind on one connection that is kept, until it is told to stop."""

    def __init__(self, service, tls, members):
        self.service, self.tls, self.members = service, tls, members
        self.answers, self.problems, self.stop = [], [], False
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _connect(self):
        if self.tls:
            return http.client.HTTPSConnection(*self.service.tls_address, timeout=30, context=blind_tls())
        return http.client.HTTPConnection(*self.service.address, timeout=30)

    def _run(self):
        connection = self._connect()
        number = 0
        while not self.stop:
            number += 1
            body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": f"question {number}"}], **self.members}).encode()
            try:
                connection.request("POST", CHAT, body, HEADERS)
                response = connection.getresponse()
                data = response.read()
            except (OSError, http.client.HTTPException) as error:
                self.problems.append(repr(error))
                connection = self._connect()
                continue
            if response.status != 200 or (self.members.get("stream") and b"data: [DONE]" not in data):
                self.problems.append((response.status, data))
            self.answers.append((body, data, response.headers["X-Receipt-Id"], response.headers["X-ACI-Keyset-Digest"]))
            time.sleep(0.05)
        connection.close()


class Rotation(unittest.TestCase):
    def setUp(self):
        self.engine = ScriptedEngine()
        self.addCleanup(self.engine.close)

    def service(self, **config):
        service = Service(self.engine.url, config)
        self.addCleanup(service.close)
        return service

    def verify_all(self, service, answers):
        for request, response, receipt, digest in answers:
            proof = service.proof(receipt)
            self.assertEqual(proof["keyset_digest"], digest)
            code, verdict = service.verify_answer(request, response, proof, "--report", service.evidence_file(digest))
            self.assertEqual(code, 0, verdict)
        return len({digest for _, _, _, digest in answers})

    def test_no_request_fails_while_keys_are_renewed(self):
        service = self.service(**{"listen.tls.address": "127.0.0.1:0"})
        stream = {"stream": True, "script": {"chunks": 8, "delay_ms": 100}}
        traffic = [Traffic(service, tls, members) for tls in (False, True) for members in ({}, stream)]
        end = time.monotonic() + 4
        while time.monotonic() < end:
            service.daemon.process.send_signal(signal.SIGUSR1)
            time.sleep(0.2)
        for each in traffic:
            each.stop = True
        for each in traffic:
            each.thread.join()
            self.assertEqual(each.problems, [])
        answers = [answer for each in traffic for answer in each.answers]
        self.assertGreater(service.metric("lumoz_key_rotations_total"), 10)
        self.assertEqual(service.metric("lumoz_key_rotations_failed_total"), 0)
        self.assertEqual(service.metric("lumoz_receipts_failed_total"), 0)
        self.assertGreater(self.verify_all(service, answers[:: max(1, len(answers) // 100)]), 5)
        # The keys of the answers are gone, all but those in force.
        wait_for(lambda: service.metric("lumoz_key_lives") == 1, 10, "the old keys to end")

    def test_a_stream_ends_under_the_keys_it_began_with(self):
        service = self.service()
        before = keyset(service)
        body = json.dumps({"model": MODEL, "messages": [], "stream": True, "script": {"chunks": 10, "delay_ms": 150}}).encode()
        connection = http.client.HTTPConnection(*service.address, timeout=30)
        connection.request("POST", CHAT, body, HEADERS)
        response = connection.getresponse()
        after = rotate(service)
        wait_for(lambda: service.metric("lumoz_key_lives") == 2, 1, "both sets of keys to be counted")
        data = response.read()
        self.assertIn(b"data: [DONE]", data)
        self.assertEqual(response.headers["X-ACI-Keyset-Digest"], before)
        connection.close()
        proof = service.proof(response.headers["X-Receipt-Id"])
        self.assertEqual(proof["keyset_digest"], before)
        self.verify_all(service, [(body, data, response.headers["X-Receipt-Id"], before)])
        self.assertEqual(keyset(service), after)
        wait_for(lambda: service.metric("lumoz_key_lives") == 1, 5, "the old keys to end")

    def test_reports_name_the_new_keys_at_once(self):
        service = self.service(**{"listen.tls.address": "127.0.0.1:0"})
        old = rotate(service)
        new = rotate(service)
        self.assertNotEqual(old, new)
        attestation = call(service.address, "GET", "/v1/aci/attestation").json()
        self.assertEqual(attestation["workload_keyset_digest"], new)
        url = f"https://{service.tls_address[0]}:{service.tls_address[1]}"
        code, out, err = service.lumoz("verify", url, "--policy", service.policy, "--root-spki", service.root, "--json")
        self.assertEqual(code, 0, out + err)

    def test_keys_are_renewed_before_they_end(self):
        service = self.service(**{"keys.lifetime": "6s", "keys.rotate_before": "4s"})
        seen = {keyset(service)}
        end = time.monotonic() + 9
        while time.monotonic() < end:
            answer = service.chat()
            self.assertEqual(answer.status, 200, answer.body)
            seen.add(answer.headers["x-aci-keyset-digest"])
            time.sleep(0.2)
        self.assertGreaterEqual(len(seen), 3)

    def test_without_its_tee_a_service_keeps_its_keys_until_they_end(self):
        service = self.service(**{"keys.lifetime": "5s", "keys.rotate_before": "4s", "tee.timeout": "1s"})
        service.tee.stop(signal.SIGKILL)
        first = keyset(service)
        ready = wait_for(lambda: (r := service.get("/ready").json())["warnings"].get("keys") and r, 10, "the warning")
        self.assertIn("not renewed: E_TEE", ready["warnings"]["keys"])
        self.assertGreaterEqual(service.metric("lumoz_key_rotations_failed_total"), 1)
        self.assertEqual(keyset(service), first)
        wait_for(lambda: service.get("/ready").json()["missing"] == ["keyset"], 10, "the end of the keys")
        self.assertEqual(service.chat().status, 503)


class Reload(unittest.TestCase):
    def test_a_changed_configuration_is_in_the_receipts(self):
        engine = ScriptedEngine()
        service = Service(engine.url)
        self.addCleanup(engine.close)
        self.addCleanup(service.close)

        def digest_of(answer):
            events = service.receipt(answer.headers["x-receipt-id"])["event_log"]
            return next(event["config_sha256"] for event in events if event["type"] == "lumoz.config")

        def report():
            return service.get("/v1/attestation/report?binding=lumoz&nonce=" + "0" * 64).json()

        before = digest_of(service.chat())
        self.assertEqual(report()["config_sha256"], before)
        old = keyset(service)
        service.config["limits.body_bytes"] = 2048
        service.config["limits.connections"] = 100
        service.write_config()
        service.daemon.process.send_signal(signal.SIGHUP)
        wait_for(lambda: keyset(service) != old, 10, "new keys")
        answer = service.chat()
        after = digest_of(answer)
        self.assertNotEqual(after, before)
        self.assertEqual(report()["config_sha256"], after)
        self.assertEqual(service.chat("x" * 4000).status, 413)
        self.assertIn('"reload_needs_restart","key":"limits.connections"', service.logs())
        # The same file again changes nothing.
        now = keyset(service)
        service.daemon.process.send_signal(signal.SIGHUP)
        time.sleep(1)
        self.assertEqual(keyset(service), now)


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """A root and an intermediate of the openssl command, as a public authority would have them."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.root = folder / "root.pem"
        for name in ("root", "middle"):
            openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder / f"{name}.key")
        (folder / "ca.ext").write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")
        (folder / "root.cnf").write_text("[req]\ndistinguished_name=dn\nx509_extensions=ca\n[dn]\n[ca]\n" + (folder / "ca.ext").read_text())
        openssl("req", "-x509", "-new", "-key", folder / "root.key", "-subj", "/CN=test root", "-days", "30", "-config", folder / "root.cnf",
                "-out", self.root)
        openssl("req", "-new", "-key", folder / "middle.key", "-subj", "/CN=test middle", "-out", folder / "middle.csr")
        openssl("x509", "-req", "-in", folder / "middle.csr", "-CA", self.root, "-CAkey", folder / "root.key", "-CAcreateserial",
                "-extfile", folder / "ca.ext", "-days", "20", "-out", folder / "middle.pem")

    def certify(self, request, days=10):
        """The chain for a request; the names are those that the request has."""
        leaf = self.folder / "leaf.pem"
        openssl("x509", "-req", "-in", request, "-CA", self.folder / "middle.pem", "-CAkey", self.folder / "middle.key", "-CAcreateserial",
                "-copy_extensions", "copy", "-days", days, "-out", leaf)
        return leaf.read_bytes() + (self.folder / "middle.pem").read_bytes()


class PublicName(unittest.TestCase):
    """A certificate of an authority for the attested key: request, import, renewal, all without a restart."""

    def setUp(self):
        self.engine = ScriptedEngine()
        self.addCleanup(self.engine.close)

    def start(self):
        service = Service(self.engine.url, {"listen.tls.address": "127.0.0.1:0", "listen.tls.names": ["service.example", "127.0.0.1"]})
        self.addCleanup(service.close)
        service.chain = service.folder / "chain.pem"
        service.config["listen.tls.chain_file"] = str(service.chain)
        service.restart()
        service.request = service.state / "tls" / "request.pem"
        service.authority = Authority(service.folder / "ca")
        return service

    def install(self, service, chain):
        part = service.folder / "chain.part"
        part.write_bytes(chain)
        os.replace(part, service.chain)

    def handshake(self, service, name="service.example"):
        """What a client sees that trusts the authority only: the certificate in DER."""
        context = ssl.create_default_context(cafile=str(service.authority.root))
        with context.wrap_socket(socket.create_connection(service.tls_address, timeout=10), server_hostname=name) as connection:
            return connection.getpeercert(True)

    def spki(self, certificate):
        done = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-pubkey"], input=certificate, check=True, capture_output=True)
        return done.stdout

    def trusted(self, service):
        try:
            return self.handshake(service)
        except ssl.SSLError:
            return None

    def report(self, service):
        answer = call(service.address, "GET", "/v1/attestation/report?include_tls_fingerprint=true&nonce=" + "0" * 64)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()

    def test_request_import_and_renewal(self):
        service = self.start()
        self.assertIsNone(self.trusted(service))
        self.assertIn("self-signed", service.get("/ready").json()["warnings"]["tls"])
        first = service.request.read_bytes()
        openssl("req", "-in", service.request, "-verify", "-noout")
        self.install(service, service.authority.certify(service.request))
        certificate = wait_for(lambda: self.trusted(service), 10, "the certificate")
        self.handshake(service, "127.0.0.1")
        wait_for(lambda: service.get("/ready").json()["warnings"]["tls"].startswith("the certificate runs out in"), 5, "the warning before the end")
        self.assertGreater(service.metric("lumoz_tls_chain_not_after_seconds"), time.time() + 8 * 86400)
        report = self.report(service)
        self.assertIn(ssl.DER_cert_to_PEM_cert(certificate).strip(), report["tls_certificate"])
        self.assertEqual(report["keyset"]["tls_public_keys"], [{"domain": "service.example", "spki_sha256": report["tls_cert_fingerprint"]}])

        # Keys are renewed, and the certified one stays.
        rotate(service)
        self.assertEqual(self.handshake(service), certificate)
        self.assertEqual(self.report(service)["tls_cert_fingerprint"], report["tls_cert_fingerprint"])

        # The renewed certificate is for a new key, whose request is there in time; a connection that is open goes on.
        wait_for(lambda: service.request.read_bytes() != first, 5, "the next request")
        context = ssl.create_default_context(cafile=str(service.authority.root))
        connection = http.client.HTTPSConnection(*service.tls_address, context=context, timeout=30)
        connection.request("GET", "/health")
        self.assertEqual(connection.getresponse().read(), b'{"status":"ok"}')
        self.install(service, service.authority.certify(service.request, 18))
        renewed = wait_for(lambda: (now := self.trusted(service)) != certificate and now, 10, "the renewed certificate")
        self.assertNotEqual(self.spki(renewed), self.spki(certificate))
        self.assertNotEqual(self.report(service)["tls_cert_fingerprint"], report["tls_cert_fingerprint"])
        wait_for(lambda: "tls" not in service.get("/ready").json()["warnings"], 5, "no warning")
        # A report is about the key that new connections see: not to be had here, but at once on a new one.
        ask = "/v1/attestation/report?include_tls_fingerprint=true&nonce=" + "0" * 64
        connection.request("GET", ask)
        response = connection.getresponse()
        self.assertEqual((response.status, response.headers["Connection"], response.headers["x-should-retry"]), (503, "close", "true"), response.read())
        connection.request("GET", ask)
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        self.assertIn(ssl.DER_cert_to_PEM_cert(renewed).strip(), json.loads(response.read())["tls_certificate"])
        connection.close()

        url = f"https://{service.tls_address[0]}:{service.tls_address[1]}"
        code, out, err = service.lumoz("verify", url, "--policy", service.policy, "--root-spki", service.root, "--json")
        self.assertEqual(code, 0, out + err)

    def test_a_chain_for_another_key_is_refused(self):
        service = self.start()
        self.install(service, service.authority.certify(service.request))
        certificate = wait_for(lambda: self.trusted(service), 10, "the certificate")
        stranger = service.folder / "stranger.csr"
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", service.folder / "stranger.key")
        openssl("req", "-new", "-key", service.folder / "stranger.key", "-subj", "/CN=service.example", "-addext",
                "subjectAltName=DNS:service.example,IP:127.0.0.1", "-out", stranger)
        self.install(service, service.authority.certify(stranger))
        wait_for(lambda: "E_TLS_CHAIN net.tls.chain.key" in service.get("/ready").json()["warnings"].get("tls", ""), 10, "the refusal")
        self.assertEqual(self.handshake(service), certificate)
        self.install(service, (service.folder / "stranger.key").read_bytes())
        wait_for(lambda: "net.tls.chain.pem" in service.get("/ready").json()["warnings"].get("tls", ""), 10, "the refusal")
        self.assertNotIn("PRIVATE KEY", service.logs())
        # After a restart there is another key: the chain of the life before is refused, and a new request is there.
        self.install(service, ssl.DER_cert_to_PEM_cert(certificate).encode())
        before = service.request.read_bytes()
        service.restart()
        self.assertNotEqual(service.request.read_bytes(), before)
        self.assertIsNone(self.trusted(service))
        self.assertIn("net.tls.chain.key", service.get("/ready").json()["warnings"]["tls"])


if __name__ == "__main__":
    unittest.main()
