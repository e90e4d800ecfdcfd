# SPDX-License-Identifier: Apache-2.0
"""Clients of others, unmodified, against one lumozd with one configuration: npm and PyPI."""

import hashlib
import json
import os
import pathlib
import subprocess
import unittest

from harness import MODEL as SCRIPTED
from harness import ScriptedEngine, Service, call, python_package, real_engine, wait_for

TOKEN = "secret-token"
MODEL = "smollm2"
MESSAGES = [{"role": "user", "content": "Say hello."}]
WEATHER = {"type": "object", "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}}, "required": ["city"]}


def scripted(**steps):
    """Messages for the engine of SCRIPTED, which does what the last one says."""
    return [{"role": "user", "content": "script " + json.dumps(steps)}]


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        binary, weights = real_engine()
        cls.engine = ScriptedEngine()
        cls.service = Service(tokens={"team": TOKEN}, config={"engine.binary": binary, "engine.context": 2048},
                              models=[{"name": MODEL, "path": weights}, {"name": SCRIPTED, "engine": "url", "url": cls.engine.url}])

    @classmethod
    def tearDownClass(cls):
        cls.service.close()
        cls.engine.close()

    def npm(self, script):
        node, modules = os.environ.get("LUMOZ_NODE", ""), os.environ.get("NODE_PATH", "")
        if not node or not os.path.isdir(modules):
            self.skipTest("LUMOZ_NODE and NODE_PATH name no node and no clients")
        # Module names are looked up from the script's own folder upwards.
        folder = self.service.folder / "clients"
        folder.mkdir(exist_ok=True)
        if not (folder / "node_modules").exists():
            (folder / "node_modules").symlink_to(modules)
        source = pathlib.Path(__file__).parent / "clients" / script
        (folder / script).write_bytes(source.read_bytes())
        done = subprocess.run([node, str(folder / script)], text=True, capture_output=True, timeout=180, check=False,
                              env={**os.environ, "URL_BASE": self.service.url, "MODEL": MODEL, "SCRIPTED": SCRIPTED, "TOKEN": TOKEN})
        self.assertEqual((done.returncode, done.stdout.strip()), (0, "ok"), done.stdout + done.stderr)

    def test_npm_openai(self):
        self.npm("openai.mjs")

    def test_npm_anthropic(self):
        self.npm("anthropic.mjs")

    def test_npm_vercel_ai(self):
        self.npm("vercel.mjs")

    def test_npm_viem_and_ethers(self):
        self.npm("signers.mjs")

    def test_pypi_openai(self):
        openai = python_package("openai")
        client = openai.OpenAI(base_url=self.service.url + "/v1", api_key=TOKEN, max_retries=0)
        self.assertIn(MODEL, [m.id for m in client.models.list()])
        chat = client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=8)
        self.assertTrue(chat.choices[0].message.content)
        parts = list(client.chat.completions.create(model=MODEL, messages=MESSAGES, max_tokens=8, stream=True))
        self.assertTrue("".join(p.choices[0].delta.content or "" for p in parts if p.choices))
        self.assertTrue(client.completions.create(model=MODEL, prompt="Hello", max_tokens=4).id)
        tools = [{"type": "function", "function": {"name": "weather", "parameters": WEATHER}}]
        called = client.chat.completions.create(model=SCRIPTED, messages=[{"role": "user", "content": "The weather in Rome?"}],
                                                tools=tools, tool_choice="required", max_tokens=96)
        self.assertEqual(called.choices[0].message.tool_calls[0].function.name, "weather")
        vectors = client.embeddings.create(model=MODEL, input=["one", "two"])
        self.assertEqual(len(vectors.data), 2)
        self.assertTrue(client.responses.create(model=MODEL, input="Say hello.", max_output_tokens=16).output_text)
        with self.assertRaises(openai.NotFoundError) as refused:
            client.chat.completions.create(model="no-such-model", messages=MESSAGES)
        self.assertEqual(refused.exception.code, "model_not_found")
        with self.assertRaises(openai.AuthenticationError):
            client.with_options(api_key="wrong").chat.completions.create(model=MODEL, messages=MESSAGES)
        script = {"script": {"refuse_first": 1, "status": 503, "key": "openai-py"}}
        retried = client.with_options(max_retries=2).chat.completions.create(model=SCRIPTED, messages=MESSAGES, extra_body=script)
        self.assertEqual(retried.choices[0].message.content, "four \u00fc")
        slow = client.chat.completions.create(model=SCRIPTED, messages=MESSAGES, stream=True,
                                              extra_body={"script": {"chunks": 100, "delay_ms": 100}})
        next(iter(slow))
        slow.close()

    def test_pypi_anthropic(self):
        anthropic = python_package("anthropic")
        client = anthropic.Anthropic(base_url=self.service.url, auth_token=TOKEN, api_key=None, max_retries=0)
        for model in (MODEL, SCRIPTED):
            message = client.messages.create(model=model, max_tokens=8, messages=MESSAGES, extra_body={"temperature": 0})
            self.assertTrue(message.content[0].text)
            # llama-server loses `message_start` when the first token is a part of a character: no dice here.
            with client.messages.stream(model=model, max_tokens=8, messages=MESSAGES, extra_body={"temperature": 0}) as stream:
                self.assertTrue("".join(stream.text_stream))
                self.assertTrue(stream.get_final_message().stop_reason)
        with self.assertRaises(anthropic.NotFoundError):
            client.messages.create(model="no-such-model", max_tokens=8, messages=MESSAGES)
        with self.assertRaises(anthropic.AuthenticationError):
            client.with_options(auth_token="wrong").messages.create(model=MODEL, max_tokens=8, messages=MESSAGES)
        tools = [{"name": "weather", "input_schema": WEATHER}]
        called = client.messages.create(model=SCRIPTED, max_tokens=96, messages=MESSAGES, tools=tools, tool_choice={"type": "any"})
        self.assertEqual([(block.name, block.input) for block in called.content if block.type == "tool_use"], [("weather", {"city": "Rome"})])
        busy = scripted(refuse_first=2, status=503, key="anthropic-py")
        retried = client.with_options(max_retries=2).messages.create(model=SCRIPTED, max_tokens=8, messages=busy)
        self.assertEqual(retried.content[0].text, "four \u00fc")
        aborted = self.engine.aborted
        slow = client.messages.create(model=SCRIPTED, max_tokens=8, messages=scripted(chunks=100, delay_ms=100), stream=True)
        next(iter(slow))
        slow.close()
        wait_for(lambda: self.engine.aborted > aborted, 10, "the engine to be left too")

    def test_pypi_litellm(self):
        # Else it asks the network for a table of prices when it is loaded.
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        litellm = python_package("litellm")
        litellm.suppress_debug_info = True
        options = {"model": "openai/" + MODEL, "api_base": self.service.url + "/v1", "api_key": TOKEN, "num_retries": 0}
        answer = litellm.completion(messages=MESSAGES, max_tokens=8, **options)
        self.assertTrue(answer.choices[0].message.content)
        parts = litellm.completion(messages=MESSAGES, max_tokens=8, stream=True, **options)
        self.assertTrue("".join(p.choices[0].delta.content or "" for p in parts))
        self.assertEqual(len(litellm.embedding(input=["one"], **options).data), 1)
        with self.assertRaises(litellm.NotFoundError):
            litellm.completion(messages=MESSAGES, **{**options, "model": "openai/no-such-model"})
        with self.assertRaises(litellm.AuthenticationError):
            litellm.completion(messages=MESSAGES, **{**options, "api_key": "wrong"})
        options["model"] = "openai/" + SCRIPTED
        tools = [{"type": "function", "function": {"name": "weather", "parameters": WEATHER}}]
        called = litellm.completion(messages=MESSAGES, tools=tools, tool_choice="required", **options)
        self.assertEqual(called.choices[0].message.tool_calls[0].function.arguments, '{"city":"Rome"}')
        busy = scripted(refuse_first=1, status=503, key="litellm")
        retried = litellm.completion(messages=busy, **{**options, "num_retries": 2})
        self.assertEqual(retried.choices[0].message.content, "four \u00fc")
        aborted = self.engine.aborted
        slow = litellm.completion(messages=scripted(chunks=100, delay_ms=100), stream=True, **options)
        next(iter(slow))
        slow.completion_stream.close()
        wait_for(lambda: self.engine.aborted > aborted, 10, "the engine to be left too")

    def test_every_answer_has_its_receipt_after_a_restart(self):
        answer = self.service.chat()
        receipt = answer.headers["x-receipt-id"]
        self.service.restart()
        found = call(self.service.address, "GET", f"/v1/signature/{receipt}", None, self.service.auth())
        self.assertEqual(found.status, 200, found.body)
        self.assertTrue(found.json()["text"].endswith(hashlib.sha256(answer.body).hexdigest()))


if __name__ == "__main__":
    unittest.main()
