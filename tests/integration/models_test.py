# SPDX-License-Identifier: Apache-2.0
"""Several models in one lumozd: by URL with several backends, supervised processes, changes on SIGHUP."""

import hashlib
import json
import os
import pathlib
import signal
import tempfile
import threading
import time
import unittest

from harness import BIN, CHAT, ScriptedEngine, Service, alive, call, real_engine, wait_for


def model_root(content):
    """The root of a model of one file (OpenSSF Model Signing)."""
    return "sha256:" + hashlib.sha256(hashlib.sha256(content).digest()).hexdigest()


def children(pid):
    """{model: pid} of the engines of lumozd."""
    found = {}
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
        try:
            words = pathlib.Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        except FileNotFoundError:
            continue
        if b"--alias" in words and alive(int(child)):
            found[words[words.index(b"--alias") + 1].decode()] = int(child)
    return found


class Case(unittest.TestCase):
    def service(self, models, **options):
        service = Service(models=models, **options)
        self.addCleanup(service.close)
        return service

    def engine(self):
        engine = ScriptedEngine()
        self.addCleanup(engine.close)
        return engine

    def weights(self, content):
        file = tempfile.NamedTemporaryFile(suffix=".gguf")
        self.addCleanup(file.close)
        file.write(content)
        file.flush()
        return file.name

    def chat(self, service, model, **members):
        return service.chat(model=model, **members)

    def events(self, service, answer, kind):
        return [e for e in service.receipt(answer.headers["x-receipt-id"])["event_log"] if e["type"] == kind]

    def status(self, service, model):
        answer = service.get("/v1/models/" + model)
        return answer.json()["status"] if answer.status == 200 else answer.status


class ByUrl(Case):
    def test_each_model_has_its_engine_and_its_root(self):
        one, two = self.engine(), self.engine()
        service = self.service([
            {"name": "one", "engine": "url", "url": one.url, "path": self.weights(b"one")},
            {"name": "org/two", "engine": "url", "url": two.url, "path": self.weights(b"two"), "endpoints": ["chat", "rerank"]}])
        for engine, name, content in ((one, "one", b"one"), (two, "org/two", b"two")):
            answer = self.chat(service, name)
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(json.loads(engine.requests[-1][2])["model"], name)
            self.assertEqual(self.events(service, answer, "lumoz.model")[0]["model_root"], model_root(content))
            self.assertEqual(self.events(service, answer, "lumoz.models"), [])
        self.assertEqual([len(one.requests), len(two.requests)], [1, 1])

        listed = {model["id"]: model for model in service.get("/v1/models").json()["data"]}
        self.assertEqual(listed["one"]["model_root"], model_root(b"one"))
        self.assertEqual(listed["org/two"]["endpoints"], ["/v1/chat/completions", "/v1/rerank"])
        self.assertEqual({model["status"] for model in listed.values()}, {"ready"})
        statement = json.loads(service.get("/v1/attestation/report?binding=lumoz").json()["statement"])
        self.assertEqual(statement["models"], [{"model_root": model_root(b"one"), "name": "one"},
                                               {"model_root": model_root(b"two"), "name": "org/two"}])

        nameless = call(service.address, "POST", CHAT, {"messages": []})
        self.assertEqual(nameless.status, 400)
        self.assertIn("one, org/two", nameless.error["message"])
        unknown = self.chat(service, "three")
        self.assertEqual((unknown.status, unknown.error["code"]), (404, "model_not_found"))
        elsewhere = service.chat(model="org/two", path="/v1/completions")
        self.assertEqual((elsewhere.status, elsewhere.error["code"]), (404, "endpoint_not_offered"))

    def test_one_that_is_down_answers_503_for_itself_alone(self):
        one, two = self.engine(), self.engine()
        probes = {"engine.probe_interval": "100ms", "engine.probe_failures": 2, "engine.pool": 0}
        service = self.service([{"name": "one", "engine": "url", "url": one.url},
                                {"name": "two", "engine": "url", "url": two.url, "optional": True}], config=probes)
        self.assertEqual(self.chat(service, "two").status, 200)
        two.close()
        for _ in range(3):
            answer = self.chat(service, "two")
            self.assertEqual((answer.status, answer.error["code"]), (503, "engine_not_ready"))
            self.assertEqual(answer.headers["x-should-retry"], "true")
            self.assertEqual(self.events(service, answer, "request.forwarded"), [])
            self.assertEqual(self.chat(service, "one").status, 200)
        wait_for(lambda: self.status(service, "two") == "down", 10, "the probe to see it")
        ready = service.get("/ready")
        self.assertEqual(ready.status, 200)
        self.assertIn("two", ready.json()["warnings"]["engine"])
        one.close()
        wait_for(lambda: service.get("/ready").status == 503, 10, "/ready to see that one is down")
        self.assertIn("one", service.get("/ready").json()["checks"]["engine"])
        self.assertIn('lumoz_model_ready{model="one"} 0', service.get("/metrics").body.decode())

    def test_backends_share_the_work_and_stand_in_for_each_other(self):
        backends = [self.engine() for _ in range(3)]
        service = self.service([{"name": "m", "engine": "url", "urls": [b.url for b in backends]}], config={"engine.probe_interval": "1s", "engine.pool": 0})
        wait_for(lambda: service.get("/metrics").body.decode().count('lumoz_backend_ready{model="m"') == 3
                 and 'backend="2"} 1' in service.get("/metrics").body.decode(), 10, "all probes")
        # The busy one gets nothing more while others are free.
        slow = threading.Thread(target=lambda: self.chat(service, "m", script={"hang_s": 3}))
        slow.start()
        wait_for(lambda: sum(len(b.requests) for b in backends) == 1, 5, "the slow request")
        busy = next(b for b in backends if b.requests)
        for _ in range(8):
            self.assertEqual(self.chat(service, "m").status, 200)
        self.assertEqual(len(busy.requests), 1)
        self.assertTrue(all(len(b.requests) >= 2 for b in backends if b is not busy))
        slow.join()
        # One dies: nobody notices.
        backends[0].close()
        for _ in range(8):
            self.assertEqual(self.chat(service, "m").status, 200)
        page = service.get("/metrics").body.decode()
        self.assertRegex(page, r'lumoz_backend_passed_over_total\{model="m",backend="0"\} [1-9]')
        self.assertRegex(page, r'lumoz_backend_open_requests\{model="m",backend="0"\} 0')
        self.assertNotIn(backends[1].url, page)
        # A request that a backend took and lost is not given to another.
        before = sum(len(b.requests) for b in backends)
        lost = self.chat(service, "m", script={"die_after": 0})
        self.assertEqual(lost.status, 502)
        self.assertEqual(sum(len(b.requests) for b in backends), before + 1)

    def test_an_endpoint_may_have_a_server_of_its_own(self):
        main, other = self.engine(), self.engine()
        service = self.service([{"name": "m", "engine": "url", "url": main.url, "endpoint_urls.embeddings": other.url + "/special/path"}])
        self.assertEqual(service.chat(model="m", path="/v1/embeddings").status, 200)
        self.assertEqual(self.chat(service, "m").status, 200)
        self.assertEqual([path for path, _, _ in other.requests], ["/special/path"])
        self.assertEqual([path for path, _, _ in main.requests], [CHAT])


class Changes(Case):
    def test_models_come_and_go_on_sighup(self):
        one, two = self.engine(), self.engine()
        first = {"name": "one", "engine": "url", "url": one.url, "path": self.weights(b"one")}
        second = {"name": "two", "engine": "url", "url": two.url}
        service = self.service([first])
        before = self.chat(service, "one")
        self.assertEqual(self.chat(service, "two").status, 404)
        service.reload([first, second])
        wait_for(lambda: self.chat(service, "two").status == 200, 10, "the new model")
        listed = service.get("/v1/models").json()["data"]
        self.assertEqual([model["id"] for model in listed], ["one", "two"])

        answer = self.chat(service, "one")
        event = self.events(service, answer, "lumoz.models")[0]
        models = json.dumps([{"model_root": model_root(b"one"), "name": "one"}], separators=(",", ":"))
        self.assertEqual(event["models_sha256"], hashlib.sha256(models.encode()).hexdigest())
        self.assertLessEqual(event["since"], service.receipt(answer.headers["x-receipt-id"])["served_at"])
        self.assertEqual(self.events(service, before, "lumoz.models"), [])

        # A stream of the model that goes is answered to its end; a new request is not.
        result = []
        stream = threading.Thread(target=lambda: result.append(self.chat(service, "two", stream=True, script={"chunks": 20, "delay_ms": 100})))
        stream.start()
        wait_for(lambda: json.loads(two.requests[-1][2]).get("stream"), 5, "the stream")
        service.reload([first])
        wait_for(lambda: self.chat(service, "two").status == 404, 10, "the model to go")
        self.assertTrue(stream.is_alive())
        self.assertNotIn("model_ended", service.daemon.text())
        stream.join()
        self.assertIn(b"data: [DONE]", result[0].body)
        wait_for(lambda: "model_ended" in service.daemon.text(), 20, "the end of the model")
        self.assertEqual(self.chat(service, "one").status, 200)
        self.assertEqual(service.stop(), 0)

    def test_every_answer_verifies_by_the_evidence_of_its_own_keys(self):
        engines = [self.engine() for _ in range(3)]
        tables = [{"name": name, "engine": "url", "url": engine.url, "path": self.weights(name.encode())}
                  for name, engine in zip(("one", "two", "three"), engines)]
        service = self.service(tables[:1])
        answers, stop = [], threading.Event()

        def traffic(name):
            while not stop.is_set():
                body = json.dumps({"model": name, "messages": []}).encode()
                answer = call(service.address, "POST", CHAT, body)
                answers.append((name, body, answer))
                time.sleep(0.02)

        threads = [threading.Thread(target=traffic, args=(table["name"],)) for table in tables]
        for thread in threads:
            thread.start()
        for wanted in (tables[:2], tables[1:], tables[:1], tables):
            service.reload(wanted)
            names = [table["name"] for table in wanted]
            wait_for(lambda: [m["id"] for m in service.get("/v1/models").json()["data"]] == names, 20, f"the models {names}")
            time.sleep(0.2)
        stop.set()
        for thread in threads:
            thread.join()

        good = {}
        for name, body, answer in answers:
            # 503: not probed yet; or the keys were new, and the table that the request began with was old.
            self.assertIn(answer.status, (200, 404, 503), answer.body)
            if answer.status == 200:
                good.setdefault((name, answer.headers["x-aci-keyset-digest"]), (body, answer))
            elif answer.status == 503:
                self.assertIn(answer.error["code"], ("model_not_attested", "engine_not_ready"))
        self.assertGreater(len({digest for _, digest in good}), 3)
        for (name, digest), (body, answer) in good.items():
            proof = service.proof(answer.headers["x-receipt-id"])
            code, verdict = service.verify_answer(body, answer.body, proof, "--report", service.evidence_file(digest))
            self.assertEqual(code, 0, verdict)
            self.assertEqual(self.events(service, answer, "lumoz.model")[0]["model_root"], model_root(name.encode()))
        statement = json.loads(service.get("/v1/attestation/report?binding=lumoz").json()["statement"])
        self.assertEqual([model["name"] for model in statement["models"]], ["one", "three", "two"])

    def test_a_configuration_that_is_wrong_changes_nothing(self):
        one = self.engine()
        first = {"name": "one", "engine": "url", "url": one.url}
        service = self.service([first])
        for wrong in ([first, {"name": "one", "engine": "url", "url": one.url}],
                      [{"name": "one", "engine": "url"}],
                      [first, {"name": "two", "engine": "url", "url": one.url, "path": "/nonexistent/weights"}]):
            refused = service.daemon.text().count("_refused")
            service.reload(wrong)
            wait_for(lambda: service.daemon.text().count("_refused") > refused, 10, "the refusal")
            self.assertEqual(self.chat(service, "one").status, 200)
            self.assertEqual([m["id"] for m in service.get("/v1/models").json()["data"]], ["one"])


class Processes(Case):
    """Engines as child processes, by the double of the engine tests."""

    def setUp(self):
        self.double = BIN.parent / "tests" / "engine_double"
        if not self.double.exists():
            self.skipTest(f"{self.double} is not built")

    def model(self, name, **members):
        return {"name": name, "path": self.weights(name.encode()), **members}

    def hosted(self, models, **config):
        return self.service(models, config={"engine.binary": str(self.double), **config})

    def test_one_that_is_killed_answers_503_for_itself_and_comes_back(self):
        service = self.hosted([self.model("a"), self.model("b")])
        first = children(service.daemon.pid)
        self.assertEqual(sorted(first), ["a", "b"])
        os.kill(first["a"], signal.SIGKILL)
        seen = set()

        def back():
            answer = self.chat(service, "a")
            seen.add(answer.status)
            self.assertEqual(self.chat(service, "b").status, 200)
            return answer.status == 200 and children(service.daemon.pid).get("a", first["a"]) != first["a"]

        wait_for(back, 20, "the engine to come back")
        self.assertLessEqual(seen, {200, 503, 502})
        self.assertIn(503, seen)
        self.assertEqual(children(service.daemon.pid)["b"], first["b"])
        sockets = [path for path in service.state.rglob("llama.sock")]
        self.assertEqual(len(sockets), 2)
        for path in sockets:
            self.assertEqual(path.parent.stat().st_mode & 0o777, 0o700)
        self.assertEqual(service.stop(), 0)
        self.assertEqual([pid for pid in first.values() if alive(pid)], [])
        self.assertEqual(list(service.state.rglob("llama.sock")), [])

    def test_one_that_cannot_start_ends_the_start_unless_it_is_optional(self):
        service = self.hosted([self.model("a"), self.model("broken", optional=True), {"name": "gone", "path": "/nonexistent/m.gguf", "optional": True}])
        self.assertEqual(self.chat(service, "a").status, 200)
        self.assertEqual(self.chat(service, "broken").status, 503)
        self.assertEqual(self.chat(service, "gone").status, 404)
        self.assertIn('"model_left_out"', service.daemon.text())
        self.assertIn("broken", service.get("/ready").json()["warnings"]["engine"])
        service.stop()
        service.models = [self.model("a"), self.model("broken")]
        service.start(wait=False)
        self.assertEqual(service.daemon.wait(60), 1)
        self.assertIn("the engine of `broken` ended 3 times", service.daemon.text())

    def test_an_engine_that_goes_is_stopped_and_one_that_comes_back_is_started(self):
        a, b = self.model("a"), self.model("b")
        service = self.hosted([a, b])
        first = children(service.daemon.pid)
        service.reload([a])
        wait_for(lambda: not alive(first["b"]), 10, "the engine of b to end")
        self.assertEqual(self.chat(service, "b").status, 404)
        wait_for(lambda: "model_ended" in service.daemon.text(), 10, "the end of b")
        service.reload([a, b])
        wait_for(lambda: self.chat(service, "b").status == 200, 20, "b to come back")
        # Another context is another process; the model answers all the time.
        service.reload([{**a, "context": 777}, b])
        wait_for(lambda: children(service.daemon.pid).get("a") != first["a"] and not alive(first["a"]), 20, "the other engine")
        self.assertEqual(self.chat(service, "a").status, 200)
        self.assertEqual(service.stop(), 0)

    def test_sigterm_while_hashing_ends_the_start(self):
        huge = tempfile.NamedTemporaryFile()
        self.addCleanup(huge.close)
        huge.truncate(200 << 30)
        service = self.hosted([self.model("a")])
        service.stop()
        service.models = [self.model("a"), {"name": "huge", "path": huge.name}]
        service.start(wait=False)
        wait_for(lambda: '"model_hash"' in service.daemon.text(), 20, "progress")
        begin = time.monotonic()
        self.assertEqual(service.stop(), 1)
        self.assertLess(time.monotonic() - begin, 10)


class RealEngines(Case):
    def test_two_llama_servers(self):
        engine, path = real_engine()
        common = {"path": path, "context": 512, "threads": 1}
        service = self.service([{"name": "small", **common}, {"name": "twin", "embeddings": False, **common}], config={"engine.binary": engine})
        pids = children(service.daemon.pid)
        self.assertEqual(sorted(pids), ["small", "twin"])
        for name in ("small", "twin"):
            answer = self.chat(service, name, max_tokens=4)
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(answer.json()["model"], name)
        refused = call(service.address, "POST", "/v1/embeddings", {"model": "twin", "input": "x"})
        self.assertEqual((refused.status, refused.error["code"]), (404, "endpoint_not_offered"))
        self.assertEqual(call(service.address, "POST", "/v1/embeddings", {"model": "small", "input": "x"}).status, 200)
        os.kill(pids["twin"], signal.SIGKILL)
        wait_for(lambda: self.chat(service, "twin", max_tokens=1).status == 503, 5, "503 for the dead one")
        self.assertEqual(self.chat(service, "small", max_tokens=1).status, 200)
        wait_for(lambda: self.chat(service, "twin", max_tokens=1).status == 200, 60, "the restart")


if __name__ == "__main__":
    unittest.main()
