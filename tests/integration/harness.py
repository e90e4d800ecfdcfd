# SPDX-License-Identifier: Apache-2.0
"""Real processes for the integration tests: the stand-in TEE, lumozd, and an engine that follows a script.

Programs come from LUMOZ_BIN (default build/dev/bin), the engine and the model from LUMOZ_ENGINE and LUMOZ_MODEL.
Everything listens on loopback or on Unix sockets in a fresh folder, and ends with its test.
"""

import hashlib
import http.client
import importlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("LUMOZ_BIN", ROOT / "build/dev/bin"))
FULL = bool(os.environ.get("LUMOZ_FULL"))
MODEL = "scripted"
CHAT = "/v1/chat/completions"


def program(name):
    path = BIN / name
    if not path.exists():
        raise unittest.SkipTest(f"{path} is not built")
    return str(path)


def real_engine():
    """(llama-server, model file), or the test is skipped."""
    engine, model = os.environ.get("LUMOZ_ENGINE", ""), os.environ.get("LUMOZ_MODEL", "")
    if not (os.path.exists(engine) and os.path.exists(model)):
        raise unittest.SkipTest("LUMOZ_ENGINE and LUMOZ_MODEL name no engine and model")
    return engine, model


def python_package(name):
    """A package of PyPI, or the test is skipped."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise unittest.SkipTest(f"the Python package `{name}` is not installed") from None


def wait_for(check, seconds, what):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = check()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for {what}")


def alive(pid):
    """A zombie counts as dead."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Answer:
    def __init__(self, status, headers, body, whole=True):
        self.status, self.headers, self.body, self.whole = status, headers, body, whole

    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json()["error"]


def call(address, method, path, body=None, headers=None, timeout=30):
    """One exchange; `body` may be bytes or something to be written as JSON."""
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        sent = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, body, {**sent, **(headers or {})})
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def raw_exchange(address, data, timeout=10, read_until_close=True):
    """Sends bytes, returns all bytes that come back until the other side closes."""
    with socket.create_connection(address, timeout=timeout) as sock:
        sock.sendall(data)
        out = b""
        while read_until_close:
            piece = sock.recv(65536)
            if not piece:
                break
            out += piece
        return out


def post_bytes(body, path=CHAT, headers=(), close=True):
    lines = [f"POST {path} HTTP/1.1", "Host: test", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [*headers, "Connection: close"] if close else list(headers)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def signed_text(request, response):
    """What is signed of an exchange."""
    return f"{hashlib.sha256(request).hexdigest()}:{hashlib.sha256(response).hexdigest()}"


def dechunk(data):
    """(body, whole): the de-chunked body and whether the terminating chunk was there."""
    body, at = b"", 0
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return body, False
        size = int(data[at:end].split(b";")[0] or b"0", 16)
        if size == 0:
            return body, data[end + 2 : end + 4] == b"\r\n" or data[end:].endswith(b"\r\n\r\n")
        piece = data[end + 2 : end + 2 + size]
        body += piece
        if len(piece) < size:
            return body, False
        at = end + 2 + size + 2


def parse_answer(data):
    """The answer in the bytes of `raw_exchange`, which may have been cut; None for one without a whole head."""
    head, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
    if "transfer-encoding" in headers:
        body, whole = dechunk(rest)
        # The proof is owed from the terminal event on, whether or not the chunk behind it came.
        whole = whole or b"data: [DONE]\n\n" in body
    else:
        body, whole = rest, len(rest) == int(headers["content-length"])
    return Answer(int(first.split(" ")[1]), headers, body, whole)


def read_head(connection, buffer=b""):
    """(method, target, headers, what is behind the head) of the next request; None for a peer that has gone."""
    while b"\r\n\r\n" not in buffer:
        piece = connection.recv(65536)
        if not piece:
            return None
        buffer += piece
    head, rest = buffer.split(b"\r\n\r\n", 1)
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}
    return method, target, headers, rest


def read_request(connection, buffer=b""):
    """(method, target, headers, body, what is behind it) of the next request; None for a peer that has gone."""
    head = read_head(connection, buffer)
    if head is None:
        return None
    method, target, headers, body = head
    length = int(headers.get("content-length", "0"))
    while len(body) < length:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError("gone in the middle of a body")
        body += piece
    return method, target, headers, body[:length], body[length:]


class LoopbackServer:
    """Accepts on a free port of loopback and serves each connection in a thread of its own."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = self.listener.getsockname()
        self.running = True
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://{self.address[0]}:{self.address[1]}"

    def close(self):
        """Nobody listens from here on. The thread that waits in `accept` would take one more connection after `close` alone."""
        if self.running:
            self.running = False
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    def _accept(self):
        while self.running:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()


class ScriptedEngine(LoopbackServer):
    """An OpenAI-style engine on loopback. Member `script` of a request says what it does:

    `chunks` events, `delay_ms` between them, `size` of a plain answer, `die_after` bytes of the response then close,
    `status` and `error` for an error (with `refuse_first` and `key`: the first so many requests of that key only),
    `garbage` for bytes that are no HTTP, `hang_s` before the head, `crlf` line ends, `no_done` leaves the terminal event
    out, `id` instead of the usual one. A request with `tools` gets a call of the first. A client that sends no member of
    its own says it in its last message: `script {…}`.
    """

    def __init__(self):
        self.requests = []
        self.refused = {}
        self.aborted = 0
        self.counter = 0
        super().__init__()

    def _serve(self, connection):
        buffer = b""
        with connection:
            try:
                while self.running:
                    request = read_request(connection, buffer)
                    if request is None:
                        return
                    method, path, headers, body, buffer = request
                    if method == "POST":
                        with self.lock:
                            self.requests.append((path, headers, body))
                    if not self._answer(connection, method, path, body):
                        return
            except (OSError, ValueError):
                with self.lock:
                    self.aborted += 1

    def _answer(self, connection, method, path, body):
        if method == "GET":
            data = b'{"object":"list","data":[]}' if path.endswith("models") else b'{"status":"ok"}'
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
            return True
        request = json.loads(body)
        script = self._script(request)
        with self.lock:
            self.counter += 1
            number = self.counter
            if "refuse_first" in script:
                seen = self.refused[script["key"]] = self.refused.get(script["key"], 0) + 1
                if seen > script["refuse_first"]:
                    script = {}
        if script.get("hang_s"):
            self._hang(connection, script["hang_s"])
        if script.get("garbage"):
            connection.sendall(b"\x00\xff this is not HTTP\r\n\r\n")
            return False
        data = self._response(request, script, script.get("id", f"chatcmpl-{number}-{id(self)}"))
        if "die_after" in script:
            connection.sendall(data[: script["die_after"]])
            return False
        if request.get("stream") and script.get("delay_ms"):
            self._send_slowly(connection, data, script["delay_ms"] / 1000)
        else:
            connection.sendall(data)
        return True

    @staticmethod
    def _script(request):
        said = (request.get("messages") or [{}])[-1].get("content")
        if isinstance(said, list):
            said = said[0].get("text")
        if "script" not in request and isinstance(said, str) and said.startswith("script "):
            return json.loads(said.removeprefix("script "))
        return request.get("script", {})

    def _hang(self, connection, seconds):
        """Waits, unless the other side leaves."""
        connection.settimeout(seconds)
        try:
            if connection.recv(1, socket.MSG_PEEK) == b"":
                raise OSError("gone")
        except TimeoutError:
            pass
        connection.settimeout(None)

    def _send_slowly(self, connection, data, delay):
        # The head leaves with the first event.
        for piece in data.replace(b"\n\n\r\n", b"\n\n\r\n\0").split(b"\0"):
            connection.sendall(piece)
            self._hang(connection, delay)

    def _response(self, request, script, identifier):
        if "status" in script:
            error = script.get("error", {"error": {"message": "engine says: secret prompt", "type": "BadRequestError", "code": 400}})
            data = json.dumps(error).encode()
            return b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (script["status"], len(data)) + data
        if request.get("tools") and not request.get("stream"):
            tool = {"id": "call_1", "type": "function", "function": {"name": request["tools"][0]["function"]["name"], "arguments": '{"city":"Rome"}'}}
            answer = {"id": identifier, "object": "chat.completion", "created": 1, "model": MODEL,
                      "choices": [{"index": 0, "message": {"role": "assistant", "content": None, "tool_calls": [tool]}, "finish_reason": "tool_calls"}],
                      "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}}
            data = json.dumps(answer).encode()
            return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(data) + data
        if not request.get("stream"):
            answer = {"id": identifier, "object": "chat.completion", "created": 1, "model": MODEL, "padding": "x" * script.get("size", 0),
                      "choices": [{"index": 0, "message": {"role": "assistant", "content": "four \u00fc"}, "finish_reason": "stop"}],
                      "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}}
            data = json.dumps(answer).encode()
            return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(data) + data
        end = b"\r\n" if script.get("crlf") else b"\n"
        events = [b"data: " + json.dumps({"id": identifier, "object": "chat.completion.chunk", "created": 1, "model": MODEL,
                                          "choices": [{"index": 0, "delta": {"content": f"t{i} "}, "finish_reason": None}]}).encode() + end + end
                  for i in range(script.get("chunks", 3))]
        if not script.get("no_done"):
            events.append(b"data: [DONE]" + end + end)
        out = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        for event in events:
            out += b"%x\r\n" % len(event) + event + b"\r\n"
        return out + b"0\r\n\r\n"


class Process:
    """A program with its stderr in a file."""

    def __init__(self, log, *command, **options):
        self.log = pathlib.Path(log)
        self.file = open(self.log, "ab")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.file, stderr=self.file, **options)

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process.poll() is None

    def stop(self, sig=signal.SIGTERM, seconds=20):
        if self.running():
            self.process.send_signal(sig)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.file.close()
        return code

    def wait(self, seconds):
        """The exit code of a program that ends by itself."""
        code = self.process.wait(seconds)
        self.file.close()
        return code

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")


class PostgresServer:
    """PostgreSQL 15 of Debian's package: a fresh cluster in a scratch folder, a Unix socket, no TCP, fsync on. It refuses root, so it
    runs as the package's user."""

    PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")

    def __init__(self):
        if not (self.PROGRAMS / "postgres").exists():
            if os.environ.get("LUMOZ_RESULTS"):
                raise AssertionError(f"{self.PROGRAMS} is missing: deps/debian.txt names postgresql-15")
            raise unittest.SkipTest("PostgreSQL 15 is not installed")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lumoz-pg-"))
        self.user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        if self.user:
            shutil.chown(self.folder, "postgres", "postgres")
        self.data = self.folder / "data"
        self.process = None
        subprocess.run([self.PROGRAMS / "initdb", "-D", self.data, "-U", "lumoz", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
                       check=True, capture_output=True, cwd="/", **self.user)
        with open(self.data / "postgresql.conf", "a", encoding="ascii") as file:
            file.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\nfsync = on\nshared_buffers = 32MB\n")
        self.start()

    def start(self):
        def ready():
            # After a kill the memory of the last one may still be held for a moment: it ends, and is tried again.
            if self.process is None or not self.process.running():
                self.process = Process(self.folder / "server.log", str(self.PROGRAMS / "postgres"), "-D", str(self.data), cwd="/", **self.user)
            return self.sql("SELECT 1") == "1"

        wait_for(ready, 60, "PostgreSQL")

    def kill(self):
        self.process.stop(signal.SIGKILL)

    def close(self):
        self.process.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self):
        return f"postgres://lumoz@/postgres?host={self.folder}"

    def sql(self, text):
        """Output of psql without decoration."""
        done = subprocess.run([self.PROGRAMS / "psql", "-XAtq", "-h", self.folder, "-U", "lumoz", "-d", "postgres", "-c", text],
                              capture_output=True, text=True, check=False, timeout=60)
        return done.stdout.strip()


class Service:
    """lumozd before an engine, in a stand-in TEE. `config`: {"section.key": value}; `models`: tables of `[[models]]` instead of an engine."""

    def __init__(self, engine_url=None, config=None, tokens=None, state_dir=None, real=None, models=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lumoz-test-"))
        self.state = pathlib.Path(state_dir) if state_dir else self.folder / "state"
        self.generation = 0
        self.daemon = None
        self.address = self.tls_address = None
        self.tee = Process(self.folder / "simtee.log", program("lumoz-simtee"), "--socket", str(self.folder / "tee.sock"),
                           "--state", str(self.folder / "tee"), "--root-out", str(self.folder / "root.hex"))
        wait_for(lambda: (self.folder / "tee.sock").exists() and (self.folder / "root.hex").exists(), 20, "lumoz-simtee")
        self.root = (self.folder / "root.hex").read_text().strip()
        self.policy = self.folder / "tee" / "policy.json"
        self.models = models
        if models is not None:
            engine = {}
        elif real:
            engine = {"engine.kind": "llama-server", "engine.binary": real[0], "model.path": real[1], "model.name": MODEL}
        else:
            weights = self.folder / "weights.gguf"
            weights.write_bytes(b"GGUF test weights")
            engine = {"engine.kind": "url", "engine.url": engine_url, "model.path": str(weights), "model.name": MODEL}
        self.tokens = tokens or {}
        if tokens:
            lines = [f"{name} sha256:{hashlib.sha256(token.encode()).hexdigest()}\n" for name, token in tokens.items()]
            (self.folder / "tokens").write_text("".join(lines))
            engine["auth.token_file"] = str(self.folder / "tokens")
        self.config = {"state_dir": str(self.state), "listen.address": "127.0.0.1:0", "io_threads": 2,
                       "tee.guest_agent_socket": str(self.folder / "tee.sock"),
                       "collateral.file": str(self.folder / "tee" / "collateral.json"),
                       "receipts.ballast_bytes": "1MiB", "receipts.min_free_bytes": "2MiB", **engine, **(config or {})}
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def write_config(self):
        path = self.folder / "lumozd.toml"
        lines = []
        # Keys without a section come first; TOML reads dotted keys as tables.
        for key, value in sorted(self.config.items(), key=lambda item: item[0].count(".")):
            lines.append(f"{key} = {json.dumps(value)}\n")
        for table in self.models or []:
            lines.append("[[models]]\n")
            lines += [f"{key} = {json.dumps(value)}\n" for key, value in table.items()]
        path.write_text("".join(lines))
        return path

    def start(self, wait=True):
        self.generation += 1
        self.daemon = Process(self.folder / f"lumozd-{self.generation}.log", program("lumozd"), "--config", str(self.write_config()))
        if wait:
            self.wait_ready()

    def _listening(self):
        """{"http": (host, port), "https": …} by the log."""
        found = {}
        for line in self.daemon.text().splitlines():
            if '"listening"' in line:
                scheme, _, address = json.loads(line)["address"].partition("://")
                host, port = address.rsplit(":", 1)
                found[scheme] = (host, int(port))
        return found

    def wait_ready(self, seconds=60):
        want = 2 if self.config.get("listen.tls.address") else 1

        def check():
            if not self.daemon.running():
                raise AssertionError("lumozd ended:\n" + self.daemon.text()[-3000:])
            found = self._listening()
            if len(found) < want:
                return False
            self.address = found["http"]
            self.tls_address = found.get("https")
            try:
                return call(self.address, "GET", "/ready", timeout=5).status == 200
            except OSError:
                return False

        wait_for(check, seconds, "lumozd to be ready")

    def reload(self, models):
        """Other `[[models]]` and SIGHUP."""
        self.models = models
        self.write_config()
        self.daemon.process.send_signal(signal.SIGHUP)

    def kill(self):
        self.daemon.stop(signal.SIGKILL)

    def stop(self, sig=signal.SIGTERM):
        return self.daemon.stop(sig)

    def restart(self):
        if self.daemon.running():
            self.stop()
        self.start()

    def close(self):
        if self.daemon is not None and self.daemon.running():
            self.stop()
        self.tee.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self):
        return f"http://{self.address[0]}:{self.address[1]}"

    def auth(self, name=None):
        if not self.tokens:
            return {}
        return {"Authorization": "Bearer " + self.tokens[name or next(iter(self.tokens))]}

    def get(self, path, headers=None, **options):
        return call(self.address, "GET", path, None, {**self.auth(), **(headers or {})}, **options)

    def chat(self, content="two and two?", headers=None, path=CHAT, **members):
        body = {"model": MODEL, "messages": [{"role": "user", "content": content}], **members}
        return call(self.address, "POST", path, body, {**self.auth(), **(headers or {})})

    def receipt(self, identifier, name=None):
        answer = self.get("/v1/aci/receipts/" + identifier, self.auth(name))
        if answer.status != 200:
            raise AssertionError(f"{answer.status} {answer.body!r}")
        return answer.json()

    def metric(self, name):
        """The sum of a metric over its labels."""
        values = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", self.get("/metrics").body.decode(), re.MULTILINE)
        if not values:
            raise AssertionError(f"no metric {name}")
        return sum(map(float, values))

    def memory(self, field="VmRSS"):
        """MiB of lumozd by `/proc/PID/status`: resident now, or at most (`VmHWM`)."""
        status = pathlib.Path(f"/proc/{self.daemon.pid}/status").read_text(encoding="ascii")
        return int(re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)[1]) / 1024

    def logs(self):
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))

    def lumoz(self, *arguments, cwd="/"):
        """Runs the `lumoz` command from another folder: (exit code, stdout, stderr)."""
        done = subprocess.run([program("lumoz"), *map(str, arguments)], cwd=cwd, capture_output=True, timeout=120, check=False,
                              text=True, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def proof(self, identifier, name=None):
        """The proof file's content for an answer (docs/spec/receipts.md)."""
        headers = self.auth(name)
        signatures = [call(self.address, "GET", f"/v1/signature/{identifier}?signing_algo={algo}", None, headers) for algo in ("ecdsa", "ed25519")]
        receipt = call(self.address, "GET", f"/v1/aci/receipts/{identifier}", None, headers)
        for answer in [*signatures, receipt]:
            if answer.status != 200:
                raise AssertionError(f"{answer.status} {answer.body!r}")
        return {"signatures": [s.json() for s in signatures], "receipt": receipt.json(),
                "keyset_digest": receipt.json()["workload_keyset_digest"]}

    def evidence_file(self, digest):
        """The stored evidence of a keyset, in a file."""
        path = self.folder / f"evidence-{digest.removeprefix('sha256:')}.json"
        if not path.exists():
            answer = self.get("/v1/evidence/" + digest)
            if answer.status != 200:
                raise AssertionError(f"{answer.status} {answer.body!r}")
            path.write_bytes(answer.body)
        return path

    def verify_answer(self, request, response, proof, *more):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        (folder / "request").write_bytes(request)
        (folder / "response").write_bytes(response)
        (folder / "proof.json").write_text(json.dumps(proof))
        code, out, err = self.lumoz("verify", "answer", "--request", folder / "request", "--response", folder / "response",
                                    "--proof", folder / "proof.json", "--policy", self.policy, "--root-spki", self.root, "--json", *more)
        if not out:
            raise AssertionError(f"lumoz said nothing, exit code {code}: {err}")
        return code, json.loads(out)
