# SPDX-License-Identifier: Apache-2.0
"""Two replicas of lumozd on one PostgreSQL: each serves what the other stored, and the loss of the database in mid-traffic
gives errors, no answer without a receipt, and goes by itself."""

import json
import random
import threading
import time
import unittest

from harness import (CHAT, MODEL, PostgresServer, Process, ScriptedEngine, Service, call, parse_answer, post_bytes, program, raw_exchange,
                     signed_text, wait_for)

TOKENS = {"alice": "token-of-alice", "bob": "token-of-bob"}


class TwoReplicas(unittest.TestCase):
    def setUp(self):
        self.database = PostgresServer()
        self.addCleanup(self.database.close)
        self.engine = ScriptedEngine()
        self.addCleanup(self.engine.close)
        self.replicas = [self.replica(), self.replica()]

    def replica(self, **config):
        service = Service(self.engine.url, config={"receipts.url": self.database.url, **config}, tokens=TOKENS)
        self.addCleanup(service.close)
        return service

    def body(self, **members):
        return json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "two and two?"}], **members}).encode()

    def ask(self, service, name="alice", **members):
        """(request, answer) of one exchange."""
        request = self.body(**members)
        headers = {**service.auth(name), "Content-Type": "application/json"}
        return request, call(service.address, "POST", CHAT, request, headers)

    def check_everywhere(self, request, answer):
        """Both replicas give the same proof under both ids, the evidence of the keys too, and nothing to others."""
        first, second = self.replicas
        receipt_id, response_id = answer.headers["x-receipt-id"], answer.json()["id"]
        proofs = [service.proof(identifier) for service in self.replicas for identifier in (receipt_id, response_id)]
        self.assertEqual(proofs, [proofs[0]] * 4)
        text = signed_text(request, answer.body)
        self.assertEqual([s["text"] for s in proofs[0]["signatures"]], [text, text])
        evidence = [service.get("/v1/evidence/" + proofs[0]["keyset_digest"]) for service in self.replicas]
        self.assertEqual([e.status for e in evidence], [200, 200])
        self.assertEqual(evidence[0].body, evidence[1].body)
        for service in (first, second):
            self.assertEqual(service.get("/v1/signature/" + receipt_id, service.auth("bob")).status, 404)
        return proofs[0]

    def test_each_serves_what_the_other_stored_before_and_after_restarts(self):
        exchanges = []
        for service in self.replicas * 3:
            request, answer = self.ask(service)
            self.assertEqual(answer.status, 200)
            proof = self.check_everywhere(request, answer)
            exchanges.append((service, request, answer, proof))
        addresses = {s["signing_address"] for _, _, _, proof in exchanges for s in proof["signatures"]}
        self.assertEqual(len(addresses), 4, "two replicas with two keys each, and the answer names those that signed")
        # The whole chain, with evidence served by the other replica.
        for service, request, answer, proof in exchanges[:2]:
            other = self.replicas[1] if service is self.replicas[0] else self.replicas[0]
            code, verdict = service.verify_answer(request, answer.body, proof, "--url", other.url)
            self.assertEqual(code, 0, verdict)
        for restart in self.replicas:
            restart.restart()
            for service, request, answer, proof in exchanges:
                self.assertEqual(self.check_everywhere(request, answer), proof)
        # Killed, not stopped: what was answered is there.
        request, answer = self.ask(self.replicas[0])
        self.replicas[0].kill()
        self.replicas[0].start()
        self.check_everywhere(request, answer)

    def test_the_same_response_id_names_the_newest_of_both(self):
        for service in [*self.replicas, self.replicas[0]]:
            _, answer = self.ask(service, script={"id": "chatcmpl-same"})
            self.assertEqual(answer.status, 200)
            for asked in self.replicas:
                receipt = asked.get("/v1/aci/receipts/chatcmpl-same").json()
                self.assertEqual(receipt["receipt_id"], answer.headers["x-receipt-id"])

    def test_a_replica_that_ends_takes_no_evidence_with_it(self):
        request, answer = self.ask(self.replicas[0])
        proof = self.replicas[1].proof(answer.headers["x-receipt-id"])
        self.replicas[0].stop()
        self.assertEqual(self.replicas[1].get("/v1/evidence/" + proof["keyset_digest"]).status, 200)
        self.assertEqual(self.replicas[1].proof(answer.json()["id"]), proof)

    def client(self, number, whole, statuses):
        """Asks until told to stop; notes answers that came whole, and the statuses of those that are none."""
        random_ = random.Random(number)
        while not self.stopping:
            service = self.replicas[number % 2]
            request = self.body(stream=random_.random() < 0.5, n=random_.random(), script={"chunks": 3, "delay_ms": random_.choice([0, 5])})
            token = f"Authorization: Bearer {TOKENS['alice']}"
            try:
                answer = parse_answer(raw_exchange(service.address, post_bytes(request, headers=[token]), timeout=40))
            except OSError:
                continue
            if answer is None:
                continue
            with self.lock:
                if answer.status == 200 and answer.whole:
                    whole.append((answer.headers["x-receipt-id"], request, answer.body))
                else:
                    statuses.append(answer.status)
            if answer.status == 503:
                time.sleep(0.02)

    def test_the_loss_of_the_database_in_mid_traffic(self):
        self.lock, self.stopping = threading.Lock(), False
        whole, statuses = [], []
        threads = [threading.Thread(target=self.client, args=(i, whole, statuses)) for i in range(6)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(2):
                before = len(whole)
                wait_for(lambda: len(whole) > before + 20, 60, "answers")
                self.database.kill()
                for service in self.replicas:
                    wait_for(lambda: service.get("/ready").status == 503, 30, "/ready to say so")
                    refused = self.ask(service)[1]
                    self.assertEqual(refused.status, 503)
                    self.assertEqual(refused.error["code"], "store_unavailable")
                forwarded = len(self.engine.requests)
                self.ask(self.replicas[0])
                time.sleep(0.2)
                self.assertLessEqual(len(self.engine.requests), forwarded + 6, "nothing new is forwarded")
                self.database.start()
                for service in self.replicas:
                    wait_for(lambda: service.get("/ready").status == 200, 30, "recovery")
            before = len(whole)
            wait_for(lambda: len(whole) > before + 20, 60, "answers after the loss")
        finally:
            self.stopping = True
            for thread in threads:
                thread.join()
        self.assertIn(503, statuses)
        for index, (receipt_id, request, response) in enumerate(whole):
            proof = self.replicas[index % 2].proof(receipt_id)
            text = signed_text(request, response)
            self.assertEqual([s["text"] for s in proof["signatures"]], [text, text])
        for service in self.replicas:
            self.assertTrue(service.daemon.running())
            self.assertIn("store.database_back", service.logs())

    def test_no_start_without_a_database_and_no_password_in_the_configuration(self):
        service = self.replicas[0]
        service.stop()
        for url, said in (("postgres://lumoz:geheim@/postgres?host=/nowhere", "receipts.password_file"),
                          ("postgres://lumoz@db.example/postgres", "verify-full"),
                          ("postgres://lumoz@/postgres?host=/nowhere", "E_STORE_IO")):
            service.config["receipts.url"] = url
            daemon = Process(service.folder / "refused.log", program("lumozd"), "--config", str(service.write_config()))
            self.assertNotEqual(daemon.wait(30), 0)
            text = daemon.text()
            self.assertIn(said, text)
            self.assertNotIn("geheim", text)


if __name__ == "__main__":
    unittest.main()
