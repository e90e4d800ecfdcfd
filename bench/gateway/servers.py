# SPDX-License-Identifier: Apache-2.0
"""The servers that the gateway benchmarks compare: an upstream that answers at once, nginx, lumozd, two of them behind HAProxy."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))
os.environ.setdefault("LUMOZ_BIN", str(ROOT / "build/release/bin"))
import harness  # noqa: E402
import replicas  # noqa: E402

BENCH = pathlib.Path(os.environ.get("LUMOZ_BENCH_BIN", ROOT / "build/release/bench"))


class Upstream:
    def __init__(self, *options):
        self.process = subprocess.Popen([BENCH / "bench-upstream", *map(str, options)], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def close(self):
        self.process.kill()
        self.process.wait()


class Nginx:
    """One worker, unbuffered, keep-alive to the upstream, no access log; plain and TLS listener; `/file` is a file."""

    def __init__(self, upstream):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lumoz-nginx-"))
        self.port, self.tls_port = replicas.free_port(), replicas.free_port()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem",
                        "-out", "cert.pem", "-subj", "/CN=bench", "-days", "2"], cwd=self.folder, check=True, capture_output=True)
        (self.folder / "nginx.conf").write_text(f"""
worker_processes 1; daemon off; pid {self.folder}/pid; error_log {self.folder}/error.log crit;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 600s;
  client_body_temp_path {self.folder}/b; proxy_temp_path {self.folder}/p; fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
  upstream u {{ server 127.0.0.1:{upstream.port}; keepalive 256; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{self.port}; listen 127.0.0.1:{self.tls_port} ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem;
    ssl_protocols TLSv1.3; ssl_session_tickets off; tcp_nodelay on; proxy_buffering off;
    location = /file {{ root {self.folder}; }}
    location / {{ proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; }} }} }}
""")
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")], stderr=subprocess.DEVNULL)
        harness.wait_for(lambda: can_connect(self.port) and harness_children(self.process.pid), 10, "nginx")
        self.worker = harness_children(self.process.pid)[0]

    def serve_file(self, data):
        (self.folder / "file").write_bytes(data)
        self.folder.chmod(0o755)  # the worker runs under another user

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def harness_children(pid):
    return [int(c) for c in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def can_connect(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


# Every figure is that of a service which knows the credential, counts both limits and accounts the usage.
CONFIG = {"io_threads": 1, "model.name": "bench", "limits.requests_per_second": 1_000_000, "limits.requests_per_second_per_credential": 1_000_000}
TOKEN = "token-of-the-benchmark"


def lumozd(upstream, **config):
    more = {"listen.tls.address": "127.0.0.1:0", **{key.replace("__", "."): value for key, value in config.items()}}
    return harness.Service(f"http://127.0.0.1:{upstream.port}", tokens={"bench": TOKEN}, config={**CONFIG, **more})


def two_replicas(upstream):
    return replicas.Replicas(f"http://127.0.0.1:{upstream.port}", {"bench": TOKEN}, CONFIG)
