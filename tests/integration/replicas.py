# SPDX-License-Identifier: Apache-2.0
"""Two replicas on one PostgreSQL behind HAProxy with the configuration of deploy/: what clients see as one service."""

import pathlib
import shutil
import socket
import tempfile

from harness import ROOT, PostgresServer, Process, Service, call, wait_for

NONCE = "5a" * 32


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Replicas:
    """`plain` and `attested` are the addresses of HAProxy's two listeners, `services` the replicas."""

    def __init__(self, engine_url, tokens=None, config=None):
        if not shutil.which("haproxy"):
            raise AssertionError("haproxy is not installed; deps/debian.txt names it")
        self.database = PostgresServer()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lumoz-haproxy-"))
        # Each replica knows the address of the other, so the ports are chosen before the start.
        addresses = [f"127.0.0.1:{free_port()}" for _ in range(2)]
        siblings = [f"http://{address}" for address in addresses]
        self.services = [Service(engine_url, tokens=tokens, config={
            "receipts.url": self.database.url, "listen.address": address, "listen.tls.address": "127.0.0.1:0",
            "replicas.siblings": siblings, "limits.trusted_proxies": ["127.0.0.1"], **(config or {})}) for address in addresses]
        self.plain, self.attested = ("127.0.0.1", free_port()), ("127.0.0.1", free_port())
        self.haproxy = Process(self.folder / "haproxy.log", "haproxy", "-db", "-f", str(self._configuration()))
        self.wait_for_both()

    def close(self):
        self.haproxy.stop()
        for part in [*self.services, self.database]:
            part.close()
        shutil.rmtree(self.folder)

    def _configuration(self):
        """What is shipped, with other addresses and quicker checks."""
        text = (ROOT / "deploy/haproxy/haproxy.cfg").read_text(encoding="utf-8")
        text = text.replace("bind :8443", f"bind 127.0.0.1:{self.attested[1]}").replace("bind 127.0.0.1:8080", f"bind 127.0.0.1:{self.plain[1]}")
        for number, service in enumerate(self.services, 1):
            host = f"10.0.0.1{number}"
            text = text.replace(f"{host}:8443 check port 8080", f"127.0.0.1:{service.tls_address[1]} check inter 100 port {service.address[1]}")
            text = text.replace(f"{host}:8080 check", f"127.0.0.1:{service.address[1]} check inter 100")
        assert "10.0.0" not in text, text
        path = self.folder / "haproxy.cfg"
        path.write_text(text, encoding="utf-8")
        return path

    def wait_for_both(self):
        """Until HAProxy gives requests to either: it needs some checks before it uses a replica that was away."""

        def serving():
            try:
                answers = [call(self.plain, "GET", f"/v1/attestation/report?nonce={NONCE}&siblings=none", timeout=5) for _ in range(4)]
            except OSError:
                return False
            return len({answer.json()["signing_address"] for answer in answers if answer.status == 200}) == 2

        wait_for(serving, 30, "HAProxy to use both replicas")
