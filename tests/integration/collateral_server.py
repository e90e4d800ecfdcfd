# SPDX-License-Identifier: Apache-2.0
"""A provisioning certification service on loopback: the paths of API v4 over the stand-in TEE's collateral, and every
way in which such a service can misbehave.

`faults[kind]` is a function from a Reply to None that bends the reply of one document (`tcb`, `qe`, `pckcrl`,
`rootcacrl`); `faults["*"]` bends all of them.
"""

import json
import pathlib
import time
import urllib.parse

from harness import LoopbackServer, read_head

CHAIN_HEADERS = {"tcb": "TCB-Info-Issuer-Chain", "qe": "SGX-Enclave-Identity-Issuer-Chain", "pckcrl": "SGX-PCK-CRL-Issuer-Chain"}


class Reply:
    """Status, headers and body, and how they are sent."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.announced = None  # Content-Length that is claimed
        self.cut_at = None  # closes after so many bytes of the body
        self.delay = 0.0  # before the head
        self.drip = 0.0  # between two bytes of the body
        self.raw = None  # sent instead of everything



class CollateralServer(LoopbackServer):
    def __init__(self, bundle_path):
        self.bundle_path = pathlib.Path(bundle_path)
        self.faults = {}
        self.requests = []
        self.down = False
        super().__init__()

    def paths(self):
        with self.lock:
            return list(self.requests)

    def forget(self):
        with self.lock:
            self.requests.clear()

    def bundle(self):
        return json.loads(self.bundle_path.read_text())

    def _serve(self, connection):
        with connection:
            try:
                if self.down:
                    return
                head = read_head(connection)
                if head is None:
                    return
                target = head[1]
                with self.lock:
                    self.requests.append(target)
                self._send(connection, self._reply(target))
            except OSError:
                pass

    def _reply(self, target):
        url = urllib.parse.urlsplit(target)
        kind, reply = self._document(url.path, urllib.parse.parse_qs(url.query))
        for name in (kind, "*"):
            if name in self.faults:
                self.faults[name](reply)
        return reply

    def _document(self, path, query):
        bundle = self.bundle()
        quoted = lambda member: urllib.parse.quote(bundle[member], safe="")
        prefix, _, rest = path.partition("/certification/v4/")
        if prefix == "/tdx" and rest == "tcb":
            known = json.loads(bundle["tcb_info"])["fmspc"].lower() in [f.lower() for f in query.get("fmspc", [])]
            if not known:
                return "tcb", Reply(404, {}, b"")
            if query.get("tcbEvaluationDataNumber", ["1"]) != ["1"]:
                return "tcb", Reply(410, {}, b"")
            body = '{"tcbInfo":%s,"signature":"%s"}' % (bundle["tcb_info"], bundle["tcb_info_signature"])
            return "tcb", Reply(200, {CHAIN_HEADERS["tcb"]: quoted("tcb_info_issuer_chain")}, body.encode())
        if prefix == "/tdx" and rest == "qe/identity":
            body = '{"enclaveIdentity":%s,"signature":"%s"}' % (bundle["qe_identity"], bundle["qe_identity_signature"])
            return "qe", Reply(200, {CHAIN_HEADERS["qe"]: quoted("qe_identity_issuer_chain")}, body.encode())
        if prefix == "/sgx" and rest == "pckcrl" and query.get("ca") == ["platform"]:
            headers = {CHAIN_HEADERS["pckcrl"]: quoted("pck_crl_issuer_chain")}
            return "pckcrl", Reply(200, headers, bytes.fromhex(bundle["pck_crl"]))
        if prefix == "/sgx" and rest == "rootcacrl":
            return "rootcacrl", Reply(200, {}, bundle["root_ca_crl"].encode())
        return "none", Reply(404, {}, b"")

    @staticmethod
    def _send(connection, reply):
        time.sleep(reply.delay)
        if reply.raw is not None:
            connection.sendall(reply.raw)
            return
        length = len(reply.body) if reply.announced is None else reply.announced
        lines = [f"HTTP/1.1 {reply.status} Status", f"Content-Length: {length}", "Connection: close"]
        for name, value in reply.headers.items():
            lines += [f"{name}: {item}" for item in (value if isinstance(value, list) else [value])]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        body = reply.body if reply.cut_at is None else reply.body[: reply.cut_at]
        if not reply.drip:
            connection.sendall(body)
            return
        for at in range(len(body)):
            connection.sendall(body[at : at + 1])
            time.sleep(reply.drip)
