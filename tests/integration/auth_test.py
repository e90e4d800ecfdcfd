# SPDX-License-Identifier: Apache-2.0
"""Who may ask, how often, and what it cost: token file, another service's tokens, limits, usage, metrics."""

import hashlib
import json
import os
import threading
import time
import unittest

from harness import CHAT, MODEL, LoopbackServer, ScriptedEngine, Service, call, read_request, real_engine, wait_for


def token_line(name, token):
    return f"{name} sha256:{hashlib.sha256(token.encode()).hexdigest()}\n"


class Cloud(LoopbackServer):
    """The service that knows tokens `sk-…`. `status` answers checks, `reports` are what it was told."""

    def __init__(self):
        self.status, self.checks, self.reports = {}, [], []
        super().__init__()

    def _serve(self, connection):
        buffer = b""
        with connection:
            while self.running:
                request = read_request(connection, buffer)
                if request is None:
                    return
                _, target, headers, body, buffer = request
                token = headers["authorization"].removeprefix("Bearer ")
                with self.lock:
                    if target == "/v1/check_api_key":
                        self.checks.append(token)
                        status = self.status.get(token, 401)
                    else:
                        self.reports.append((token, json.loads(body)))
                        status = 200
                connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\n{}" % status)


class Auth(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine, cls.cloud = ScriptedEngine(), Cloud()
        cls.cloud.status = {"sk-good": 200, "sk-poor": 402, "sk-broken": 500, "sk-eager": 429}
        cls.service = Service(cls.engine.url, tokens={"alice": "alice-token", "bob": "bob-token"},
                              config={"auth.check_url": cls.cloud.url, "auth.check_backoff": "1ms"})

    @classmethod
    def tearDownClass(cls):
        cls.service.close()
        cls.engine.close()
        cls.cloud.close()

    def ask(self, token, **members):
        return self.service.chat(headers={"Authorization": "Bearer " + token}, **members)

    def test_token_file_is_read_again_when_it_changes(self):
        path = self.service.folder / "tokens"
        before = path.read_text()
        self.assertEqual(self.ask("carol-token").status, 401)
        new = self.service.folder / "tokens.new"
        new.write_text(before + token_line("carol", "carol-token"))
        os.rename(new, path)
        wait_for(lambda: self.ask("carol-token").status == 200, 10, "the new token")
        path.write_text("this is no token file\n")
        wait_for(lambda: '"tokens_refused"' in self.service.daemon.text(), 10, "the warning")
        time.sleep(1.5)
        self.assertEqual(self.ask("carol-token").status, 200)
        self.assertEqual(self.service.daemon.text().count('"tokens_refused"'), 1)
        self.assertNotIn("this is no token file", self.service.daemon.text())
        path.write_text(before)
        wait_for(lambda: self.ask("carol-token").status == 401, 10, "the old tokens")
        self.assertEqual(self.ask("alice-token").status, 200)

    def test_tokens_of_another_service(self):
        answer = self.ask("sk-good")
        self.assertEqual(answer.status, 200)
        name = "key:" + hashlib.sha256(b"sk-good").hexdigest()[:16]
        wait_for(lambda: any(f'"credential":"{name}"' in line for line in self.service.daemon.text().splitlines()), 5, "the log line")
        receipt = "/v1/aci/receipts/" + answer.headers["x-receipt-id"]
        self.assertEqual(self.service.get(receipt, headers={"Authorization": "Bearer sk-good"}).status, 200)
        self.assertEqual(self.service.get(receipt, headers={"Authorization": "Bearer alice-token"}).status, 404)
        wait_for(lambda: self.cloud.reports, 5, "the report")
        token, report = self.cloud.reports[0]
        self.assertEqual(token, "sk-good")
        self.assertEqual(report, {"type": "chat_completion", "model": MODEL, "input_tokens": 3, "output_tokens": 2,
                                  "id": answer.json()["id"]})
        for token, status, kind in (("sk-poor", 402, "insufficient_credits"), ("sk-eager", 429, "rate_limited"),
                                    ("sk-broken", 503, "unavailable"), ("sk-unknown", 401, "unauthorized")):
            refused = self.ask(token)
            self.assertEqual((refused.status, refused.error["type"]), (status, kind))
            self.assertEqual("retry-after" in refused.headers, status in (429, 503))
            self.assertEqual(refused.headers["x-should-retry"], "true" if status in (429, 503) else "false")
        self.assertEqual(self.cloud.checks.count("sk-broken"), 4)
        for secret in ("sk-good", "sk-poor", "sk-broken"):
            self.assertNotIn(secret, self.service.daemon.text())
        self.assertTrue(all("authorization" not in headers for _, headers, _ in self.engine.requests))

    def test_usage_of_the_own_credential(self):
        def used(name):
            page = self.service.get("/v1/usage", headers=self.service.auth(name)).json()
            self.assertEqual(page["object"], "usage")
            rows = [row for row in page["data"] if row["model"] == MODEL]
            return (rows[0]["requests"], rows[0]["input_tokens"], rows[0]["output_tokens"]) if rows else (0, 0, 0)

        before, others = used("bob"), used("alice")
        for _ in range(3):
            self.assertEqual(self.ask("bob-token").status, 200)
        self.assertEqual(self.ask("bob-token", script={"status": 400}).status, 400)
        self.assertEqual(used("bob"), (before[0] + 3, before[1] + 9, before[2] + 6))
        self.assertEqual(used("alice"), others)
        self.assertEqual(call(self.service.address, "GET", "/v1/usage").status, 401)
        self.service.kill()
        self.service.start()
        self.assertEqual(used("bob"), (before[0] + 3, before[1] + 9, before[2] + 6))

    def test_metrics_have_ours_and_the_compatible_names_and_nobody(self):
        self.assertEqual(self.ask("alice-token").status, 200)
        page = self.service.get("/metrics").body.decode()
        for name in ("lumoz_tokens_total", "lumoz_key_checks_total", "http_requests_total", "signatures_generated_total",
                     "cloud_api_auth_attempts_total", "vllm_proxy_errors_total", "private_ai_gateway_requests_total",
                     "attestation_cache_hits_total", "upstream_request_duration_seconds"):
            self.assertIn(f"\n# TYPE {name} ", page)
        for word in ("alice", "bob", "key:", "rcpt-", "chatcmpl-"):
            self.assertNotIn(word, page)


class RateLimits(unittest.TestCase):
    def service(self, **config):
        engine = ScriptedEngine()
        service = Service(engine.url, tokens={"alice": "alice-token", "bob": "bob-token"},
                          config={key.replace("__", "."): value for key, value in config.items()})
        self.addCleanup(engine.close)
        self.addCleanup(service.close)
        return service

    def statuses(self, service, headers, count):
        out = []
        threads = [threading.Thread(target=lambda: out.append(service.chat(headers=headers))) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for answer in out:
            if answer.status == 429:
                self.assertEqual((answer.error["type"], answer.headers["retry-after"]), ("rate_limited", "1"))
                self.assertEqual(answer.headers["x-should-retry"], "true")
        return [answer.status for answer in out]

    def test_by_credential(self):
        service = self.service(limits__requests_per_second_per_credential=5)
        got = self.statuses(service, service.auth("alice"), 40)
        self.assertEqual(set(got), {200, 429})
        self.assertLessEqual(got.count(200), 30)
        self.assertEqual(service.chat(headers=service.auth("bob")).status, 200)

    def test_by_the_address_that_a_trusted_proxy_names(self):
        service = self.service(limits__requests_per_second=5, limits__trusted_proxies=["127.0.0.0/8"])
        got = self.statuses(service, {"X-Forwarded-For": "6.6.6.6, 192.0.2.1"}, 40)
        self.assertEqual(set(got), {200, 429})
        self.assertEqual(service.chat(headers={"X-Forwarded-For": "6.6.6.6, 192.0.2.2"}).status, 200)

    def test_what_others_say_of_themselves_is_not_looked_at(self):
        service = self.service(limits__requests_per_second=5)
        got = [service.chat(headers={"X-Forwarded-For": f"192.0.2.{i}"}).status for i in range(60)]
        self.assertIn(429, got)


class RealEngine(unittest.TestCase):
    """What llama-server says of each protocol is what is counted."""

    def test_every_protocol_is_counted(self):
        service = Service(real=real_engine(), tokens={"alice": "alice-token"})
        self.addCleanup(service.close)
        self.total = (0, 0, 0)

        def step(path, **members):
            """Asks, and returns by how much the totals grew; they are durable before the answer's end."""
            answer = call(service.address, "POST", path, {"model": MODEL, "max_tokens": 4, **members}, service.auth(), timeout=120)
            self.assertEqual(answer.status, 200, answer.body)
            row = service.get("/v1/usage").json()["data"][0]
            now = (row["requests"], row["input_tokens"], row["output_tokens"])
            grown = tuple(b - a for a, b in zip(self.total, now))
            self.total = now
            self.assertEqual(grown[0], 1)
            return answer, grown[1:]

        talk = {"messages": [{"role": "user", "content": "two and two?"}]}
        answer, grown = step(CHAT, **talk)
        usage = answer.json()["usage"]
        self.assertEqual(grown, (usage["prompt_tokens"], usage["completion_tokens"]))
        self.assertGreater(min(grown), 0)
        _, streamed = step(CHAT, stream=True, stream_options={"include_usage": True}, **talk)
        self.assertEqual(streamed[0], grown[0])
        _, silent = step(CHAT, stream=True, **talk)
        self.assertEqual(silent[0], grown[0])
        self.assertGreater(silent[1], 0)
        _, messages = step("/v1/messages", **talk)
        self.assertEqual(messages[0], grown[0])
        _, message_stream = step("/v1/messages", stream=True, **talk)
        self.assertEqual(message_stream[0], grown[0])
        self.assertGreater(message_stream[1], 0)
        _, response = step("/v1/responses", input="two and two?", max_output_tokens=4)
        self.assertGreater(min(response), 0)
        _, response_stream = step("/v1/responses", input="two and two?", max_output_tokens=4, stream=True)
        self.assertEqual(response_stream[0], response[0])
        answer, embedding = step("/v1/embeddings", input="two")
        self.assertEqual(embedding, (answer.json()["usage"]["prompt_tokens"], 0))
        page = service.get("/metrics").body.decode()
        self.assertIn(f'lumoz_tokens_total{{model="{MODEL}",kind="input"}} {self.total[1]}\n', page)
        self.assertIn(f'lumoz_answers_without_usage_total{{model="{MODEL}"}} 0\n', page)


if __name__ == "__main__":
    unittest.main()
