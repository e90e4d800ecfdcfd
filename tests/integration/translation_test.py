# SPDX-License-Identifier: Apache-2.0
"""Clients of the Messages and Responses APIs before an engine that speaks chat completions only: real lumozd, scripted engine."""

import hashlib
import json
import unittest

from harness import MODEL, ScriptedEngine, Service, call, python_package, signed_text

MESSAGES, RESPONSES = "/v1/messages", "/v1/responses"


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Translation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = ScriptedEngine()
        cls.service = Service(cls.engine.url, tokens={"team": "secret-token"})

    @classmethod
    def tearDownClass(cls):
        cls.service.close()
        cls.engine.close()

    def post(self, path, **body):
        data = json.dumps({"model": MODEL, **body}).encode()
        return data, call(self.service.address, "POST", path, data, self.service.auth())

    def events(self, answer):
        return {event["type"]: event for event in self.service.receipt(answer.headers["x-receipt-id"])["event_log"]}

    def check_receipt(self, sent, answer, source):
        events = self.events(answer)
        path, _, forwarded = self.engine.requests[-1]
        self.assertEqual(path, "/v1/chat/completions")
        self.assertEqual(events["request.received"]["body_hash"], sha256(sent))
        self.assertEqual(events["request.forwarded"]["body_hash"], sha256(forwarded))
        self.assertEqual(events["response.returned"]["body_hash"], sha256(answer.body))
        self.assertEqual(events["lumoz.translated"], {"from": source, "to": "chat.completions", "type": "lumoz.translated"})

    def check_proof(self, sent, answer, identifier):
        signature = self.service.get("/v1/signature/" + identifier).json()
        self.assertEqual(signature["text"], signed_text(sent, answer.body))
        code, verdict = self.service.verify_answer(sent, answer.body, self.service.proof(identifier), "--url", self.service.url)
        self.assertEqual((code, verdict["result"]), (0, "accept"), verdict)

    def test_messages(self):
        sent, answer = self.post(MESSAGES, max_tokens=5, messages=[{"role": "user", "content": "two and two?"}])
        self.assertEqual(answer.status, 200)
        message = answer.json()
        self.assertEqual(message["content"], [{"type": "text", "text": "four \u00fc"}])
        self.assertEqual((message["stop_reason"], message["usage"]), ("end_turn", {"input_tokens": 3, "output_tokens": 2}))
        self.check_receipt(sent, answer, "messages")
        self.check_proof(sent, answer, message["id"])

    def test_streams(self):
        for path, source, end in ((MESSAGES, "messages", b"message_stop"), (RESPONSES, "responses", b"response.completed")):
            with self.subTest(path):
                sent, answer = self.post(path, stream=True, max_tokens=5, messages=[], input="two and two?")
                self.assertEqual(answer.status, 200)
                self.assertIn(b"event: " + end + b"\n", answer.body)
                self.assertNotIn(b"[DONE]", answer.body)
                self.check_receipt(sent, answer, source)
                first = json.loads(answer.body.split(b"\n")[1][6:])
                self.check_proof(sent, answer, (first.get("message") or first.get("response"))["id"])

    def test_refusals(self):
        before = len(self.engine.requests)
        for path, body, place in ((MESSAGES, {"messages": [{"role": "user", "content": [{"type": "document"}]}]}, "messages[0].content[0]"),
                                  (RESPONSES, {"input": "x", "store": True}, "store")):
            sent, answer = self.post(path, **body)
            self.assertEqual(answer.status, 400)
            self.assertTrue(answer.json()["error"]["message"].startswith(place + ": "), answer.body)
            self.assertEqual(answer.json().get("type"), "error" if path == MESSAGES else None)
            events = self.events(answer)
            self.assertNotIn("request.forwarded", events)
            self.assertEqual(events["request.received"]["body_hash"], sha256(sent))
        self.assertEqual(len(self.engine.requests), before)

    def test_anthropic_from_pypi(self):
        anthropic = python_package("anthropic")
        client = anthropic.Anthropic(base_url=self.service.url, auth_token="secret-token", max_retries=0)
        ask = {"model": MODEL, "max_tokens": 8, "messages": [{"role": "user", "content": "two and two?"}]}
        message = client.messages.create(**ask)
        self.assertEqual((message.content[0].text, message.stop_reason), ("four \u00fc", "end_turn"))
        with client.messages.stream(**ask) as stream:
            self.assertEqual("".join(stream.text_stream), "t0 t1 t2 ")
            self.assertEqual(stream.get_final_message().stop_reason, "end_turn")
        with self.assertRaises(anthropic.NotFoundError):
            client.messages.create(**{**ask, "model": "no-such-model"})
        with self.assertRaises(anthropic.BadRequestError) as refused:
            client.messages.create(**ask, extra_body={"container": "c"})
        self.assertEqual(refused.exception.body["error"]["message"], "container: has no counterpart on this service")
        with self.assertRaises(anthropic.AuthenticationError):
            anthropic.Anthropic(base_url=self.service.url, auth_token="wrong", max_retries=0).messages.create(**ask)

    def test_responses_of_openai_from_pypi(self):
        openai = python_package("openai")
        client = openai.OpenAI(base_url=self.service.url + "/v1", api_key="secret-token", max_retries=0)
        response = client.responses.create(model=MODEL, input="two and two?", instructions="be brief")
        self.assertEqual((response.output_text, response.status, response.usage.total_tokens), ("four \u00fc", "completed", 5))
        with client.responses.stream(model=MODEL, input="two and two?") as stream:
            text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
            self.assertEqual((text, stream.get_final_response().output_text), ("t0 t1 t2 ", "t0 t1 t2 "))
        with self.assertRaises(openai.BadRequestError) as refused:
            client.responses.create(model=MODEL, input="x", previous_response_id="r")
        self.assertIn("previous_response_id: ", str(refused.exception))


if __name__ == "__main__":
    unittest.main()
