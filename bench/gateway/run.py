#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the proof costs: lumozd against nginx as plain reverse proxy before the same upstream, and against the bare engine.

Every row is the median of interleaved rounds of one run. LUMOZ_BENCH_ROUNDS (default 5) says how many.
"""

import http.client
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from servers import BENCH, TOKEN, Nginx, Upstream, harness, lumozd, two_replicas

ROUNDS = int(os.environ.get("LUMOZ_BENCH_ROUNDS", "5"))
TICK = os.sysconf("SC_CLK_TCK")
NGINX = "nginx as plain reverse proxy"
REFERENCE_US = 12.7  # CPU of nginx for one completion on the machine for which absolute goals are stated


def note(text):
    print(text, file=sys.stderr, flush=True)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def rss_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def load(mode, port, *more):
    done = subprocess.run([BENCH / "bench-load", mode, "--port", str(port), "--token", TOKEN, *map(str, more)], capture_output=True, text=True, check=False, timeout=120)
    if not done.stdout:
        raise SystemExit(f"bench-load {mode} failed: {done.stderr}")
    result = json.loads(done.stdout)
    if result["bad"]:
        raise SystemExit(f"bench-load {mode} on port {port}: {result['bad']} bad answers: {result}")
    return result


def fdatasync_us(folder):
    """Median time of a 4 KiB append with fdatasync on the disk that holds the receipts."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(200):
            begin = time.perf_counter()
            os.write(file.fileno(), b"x" * 4096)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begin) * 1e6)
    return statistics.median(times)


def row(name, unit, ours, baseline, baseline_name, goal, met, ratio=None):
    ratio = ratio if ratio is not None else (ours / baseline if baseline else 0.0)
    note(f"  {name}: {ours:.4g} {unit} (baseline {baseline:.4g}), ratio {ratio:.3g}, goal {goal}: {'met' if met else 'NOT MET'}")
    return {"name": name, "unit": unit, "ours": round(ours, 3), "baseline": round(baseline, 3), "baseline_name": baseline_name,
            "ratio": round(ratio, 4), "goal": goal, "met": bool(met)}


def interleave(*measures):
    """ROUNDS times each, in turn: the list of samples of each."""
    samples = [[] for _ in measures]
    for _ in range(ROUNDS):
        for index, measure in enumerate(measures):
            samples[index].append(measure())
    return samples


def medians(*measures):
    return [statistics.median(sample) for sample in interleave(*measures)]


def cpu_rows(nginx, service):
    def cpu(pid, port, *more):
        def measure():
            before = cpu_seconds(pid)
            result = load("post", port, "--connections", 32, "--seconds", 2, *more)
            return (cpu_seconds(pid) - before) * 1e6 / result["total"]

        return measure

    pid = service.daemon.pid
    base, ours = medians(cpu(nginx.worker, nginx.port), cpu(pid, service.address[1]))
    yield row("CPU per proxied 1 KB completion, plain", "µs", ours, base, NGINX, "<= 10 x", ours <= 10 * base)
    base, ours = medians(cpu(nginx.worker, nginx.tls_port, "--tls"), cpu(pid, service.tls_address[1], "--tls"))
    yield row("CPU per proxied 1 KB completion, TLS", "µs", ours, base, NGINX, "<= 10 x", ours <= 10 * base)


def slowness(nginx_cpu_us):
    """How much slower this machine is than the reference: absolute allowances are multiplied by it."""
    return max(1.0, nginx_cpu_us / REFERENCE_US)


def stream_rows(nginx, full, relaxed, slow):
    def rate(port):
        return lambda: load("stream", port, "--connections", 1, "--seconds", 2)["per_second"]

    base, ours_relaxed, ours_full, sync = medians(rate(nginx.port), rate(relaxed.address[1]), rate(full.address[1]), lambda: fdatasync_us(full.folder))
    yield row("streams of 50 events on one connection, relaxed", "streams/s", ours_relaxed, base, NGINX, ">= 0.8 x", ours_relaxed >= 0.8 * base)
    allowed = 1e6 / base + sync + 200 * slow
    ours = 1e6 / ours_full
    yield row("time per stream of 50 events, full durability", "µs", ours, 1e6 / base, NGINX, f"<= nginx + fdatasync ({sync:.0f}) + 200 x {slow:.2f} = {allowed:.0f} µs", ours <= allowed)


def latency_row(nginx, service, slow):
    def p50(port):
        return lambda: load("post", port, "--connections", 1, "--seconds", 2)["p50_us"]

    base, ours, sync = medians(p50(nginx.port), p50(service.address[1]), lambda: fdatasync_us(service.folder))
    allowed = base + sync + 120 * slow
    return row("latency p50 of one small completion, durable first", "µs", ours, base, NGINX, f"<= nginx + fdatasync ({sync:.0f}) + 120 x {slow:.2f} = {allowed:.0f} µs", ours <= allowed)


def sse_rows():
    upstream = Upstream("--interval-us", 20000, "--chunks", 100)
    nginx, service = Nginx(upstream), lumozd(upstream)
    peak = []

    def sse(port, pid=None):
        def measure():
            process = subprocess.Popen([BENCH / "bench-load", "sse", "--port", str(port), "--token", TOKEN, "--connections", "200", "--seconds", "4"], stdout=subprocess.PIPE, text=True)
            time.sleep(2.5)
            if pid:
                peak.append(rss_mb(pid))
            return json.loads(process.communicate(timeout=60)[0])

        return measure

    try:
        direct, base, ours = interleave(sse(upstream.port), sse(nginx.port), sse(service.address[1], service.daemon.pid))
        for quantile in ("p50_us", "p99_us"):
            floor, theirs, mine = (statistics.median(s[quantile] for s in samples) for samples in (direct, base, ours))
            added_base, added = max(theirs - floor, 1.0), mine - floor
            yield row(f"SSE, 200 streams x 50 chunks/s: added per chunk {quantile[:3]}", "µs", added, added_base, NGINX, "<= 1.1 x", added <= 1.1 * added_base)
        memory = max(peak)
        yield row("memory of lumozd at 200 streams", "MB", memory, 40.0, "limit", "<= 40 MB", memory <= 40)
    finally:
        for thing in (service, nginx, upstream):
            thing.close()


def receipts_rows(service, slow):
    """Both requirements are stated for the reference machine."""
    def one_signature():
        with tempfile.TemporaryDirectory(dir=service.folder) as folder:
            done = subprocess.run([BENCH / "bench-receipts", folder, "2"], capture_output=True, text=True, check=True, timeout=60)
        return json.loads(done.stdout)["per_second"]

    three, one = medians(lambda: load("post", service.address[1], "--connections", 64, "--seconds", 2)["per_second"], one_signature)
    for name, ours, stated in (("receipts/s on one I/O thread, FULL, three signatures", three, 9000), ("receipts/s made by one thread, FULL, one signature", one, 15000)):
        required = stated / slow
        yield row(name, "1/s", ours, required, "required", f">= {stated} / {slow:.2f} = {required:.0f}", ours >= required)


def postgres_rows(upstream, sqlite):
    """The same program on PostgreSQL (Unix socket, fsync on, same disk) and on SQLite: what sharing receipts costs."""
    server = harness.PostgresServer()
    service = lumozd(upstream, receipts__url=server.url)

    def made(place):
        def measure():
            with tempfile.TemporaryDirectory(dir=sqlite.folder) as folder:
                done = subprocess.run([BENCH / "bench-receipts", place or folder, "2"], capture_output=True, text=True, check=True, timeout=60)
            return json.loads(done.stdout)["per_second"]

        return measure

    def post(address, connections, member):
        return lambda: load("post", address[1], "--connections", connections, "--seconds", 2)[member]

    try:
        base, ours = medians(post(sqlite.address, 64, "per_second"), post(service.address, 64, "per_second"))
        yield row("PostgreSQL: receipts/s through one I/O thread, three signatures", "1/s", ours, base, "SQLite", "reported", True)
        base, ours = medians(made(""), made(server.url))
        yield row("PostgreSQL: receipts/s made by one thread, one signature", "1/s", ours, base, "SQLite", "reported", True)
        base, ours = medians(post(sqlite.address, 1, "p50_us"), post(service.address, 1, "p50_us"))
        yield row("PostgreSQL: latency p50 of one small completion, durable first", "µs", ours, base, "SQLite", "reported", True)
    finally:
        service.close()
        server.close()


def haproxy_rows(upstream):
    """Two replicas behind HAProxy as shipped, against one that is asked directly, each on a PostgreSQL of its own."""
    server = harness.PostgresServer()
    alone = lumozd(upstream, receipts__url=server.url)
    two = two_replicas(upstream)

    def post(address, connections, member):
        return lambda: load("post", address[1], "--connections", connections, "--seconds", 2)[member]

    try:
        base, ours = medians(post(alone.address, 64, "per_second"), post(two.plain, 64, "per_second"))
        yield row("two replicas behind HAProxy: receipts/s, three signatures", "1/s", ours, base, "one replica, PostgreSQL", "reported", True)
        base, ours = medians(post(alone.address, 1, "p50_us"), post(two.plain, 1, "p50_us"))
        yield row("two replicas behind HAProxy: latency p50 of one small completion", "µs", ours, base, "one replica, PostgreSQL", "reported", True)
    finally:
        two.close()
        alone.close()
        server.close()


def report_rows(nginx, service):
    """Equal nonces are answered from one piece of evidence, different ones cost a quote of the stand-in TEE each."""
    page = "/v1/attestation/report?nonce="
    nginx.serve_file(service.get(page + "00" * 32).body)

    def rate(port, path):
        return lambda: load("get", port, "--path", path, "--connections", 16, "--seconds", 2)["per_second"]

    base, equal, different = medians(rate(nginx.port, "/file"), rate(service.address[1], page + "00" * 32), rate(service.address[1], page + "NONCE"))
    yield row("reports/s, equal nonces", "1/s", equal, base, "nginx, the same bytes as a file", "reported", True)
    yield row("reports/s, a nonce each", "1/s", different, equal, "equal nonces", "reported", True)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


def generate(connection):
    """(seconds to the first event, tokens per second) of one streamed answer of 96 tokens."""
    body = json.dumps({"model": harness.MODEL, "stream": True, "max_tokens": 96, "temperature": 0, "seed": 1, "ignore_eos": True, "cache_prompt": False,
                       "messages": [{"role": "user", "content": "Write a long story about a river."}]})
    begin = time.perf_counter()
    connection.request("POST", harness.CHAT, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    if response.status != 200:
        raise SystemExit(f"the engine answered {response.status}: {response.read()!r}")
    first, tokens = None, 0
    while line := response.readline():
        if b'"content":"' in line:
            first = first or time.perf_counter() - begin
            tokens += 1
    total = time.perf_counter() - begin
    connection.close()
    return first, tokens / total


def model_rows():
    # One core is left to the gateway and the client, with and without lumozd: on a machine with a GPU they do not compete with the model.
    service = harness.Service(real=harness.real_engine(), config={"io_threads": 1, "engine.threads": max(1, (os.cpu_count() or 2) - 1)})
    try:
        engine_socket = next(path for path in service.folder.rglob("*.sock") if path.name != "tee.sock")
        generate(UnixConnection(engine_socket))
        bare, ours = [], []
        for _ in range(max(15, ROUNDS)):
            bare.append(generate(UnixConnection(engine_socket)))
            ours.append(generate(http.client.HTTPConnection(*service.address, timeout=120)))
        rate, base_rate = statistics.median(o[1] for o in ours), statistics.median(b[1] for b in bare)
        first, base_first = statistics.median(o[0] for o in ours) * 1000, statistics.median(b[0] for b in bare) * 1000
        yield row("tokens/s through lumozd", "1/s", rate, base_rate, "bare llama-server", ">= 0.99 x", rate >= 0.99 * base_rate)
        yield row("time to first token through lumozd", "ms", first, base_first, "bare llama-server", "<= 1/0.99 x", first * 0.99 <= base_first)
    finally:
        service.close()


def main():
    rows = []
    upstream = Upstream()
    nginx = Nginx(upstream)
    full, relaxed = lumozd(upstream), lumozd(upstream, receipts__durability="relaxed")
    try:
        note("CPU per exchange")
        rows += cpu_rows(nginx, full)
        note("streams at full speed")
        slow = slowness(rows[0]["baseline"])
        rows += stream_rows(nginx, full, relaxed, slow)
        note("latency")
        rows.append(latency_row(nginx, full, slow))
        note("receipts per second")
        rows += receipts_rows(full, slow)
        note("PostgreSQL")
        rows += postgres_rows(upstream, full)
        note("two replicas")
        rows += haproxy_rows(upstream)
        note("reports")
        rows += report_rows(nginx, full)
    finally:
        for thing in (full, relaxed, nginx, upstream):
            thing.close()
    note("paced streams")
    rows += sse_rows()
    note("the real model")
    rows += model_rows()
    json.dump(rows, sys.stdout, ensure_ascii=False, indent=1)
    print()


if __name__ == "__main__":
    main()
