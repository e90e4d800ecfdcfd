# SPDX-License-Identifier: Apache-2.0
"""The `openai` clients of npm and PyPI talk to lumozd unmodified: chat, stream, error, models."""

import os
import subprocess
import unittest

from harness import MODEL, Service, real_engine

NODE_SCRIPT = r"""
const { default: OpenAI } = await import(process.env.OPENAI_MODULE);
const client = new OpenAI({ baseURL: process.env.URL + "/v1", apiKey: "secret-token", maxRetries: 0 });
const model = process.env.MODEL;
const models = await client.models.list();
if (!models.data.some((m) => m.id === model)) throw new Error("model is not listed");
const messages = [{ role: "user", content: "Say hello." }];
const chat = await client.chat.completions.create({ model, messages, max_tokens: 8 });
if (!chat.id || typeof chat.choices[0].message.content !== "string") throw new Error("no answer");
let text = "", last = null;
for await (const part of await client.chat.completions.create({ model, messages, max_tokens: 8, stream: true })) {
  text += part.choices[0]?.delta?.content ?? "";
  last = part;
}
if (!text || !last.id) throw new Error("empty stream");
const answer = await fetch(`${process.env.URL}/v1/signature/${chat.id}`, { headers: { Authorization: "Bearer secret-token" } });
const signature = await answer.json();
if (signature.text.length !== 129 || signature.signature.length !== 132) throw new Error("no signature");
let refused = null;
try { await client.chat.completions.create({ model: "no-such-model", messages }); } catch (error) { refused = error; }
if (!(refused instanceof OpenAI.NotFoundError) || refused.code !== "model_not_found") throw new Error("wrong error: " + refused);
let denied = null;
try { await new OpenAI({ baseURL: process.env.URL + "/v1", apiKey: "wrong", maxRetries: 0 }).chat.completions.create({ model, messages }); }
catch (error) { denied = error; }
if (!(denied instanceof OpenAI.AuthenticationError)) throw new Error("wrong error: " + denied);
console.log("ok");
"""


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(real=real_engine(), tokens={"team": "secret-token"})

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def test_openai_from_npm(self):
        node, modules = os.environ.get("LUMOZ_NODE", ""), os.environ.get("NODE_PATH", "")
        if not node or not os.path.isdir(os.path.join(modules, "openai")):
            self.skipTest("LUMOZ_NODE and NODE_PATH name no node and no `openai`")
        module = os.path.join(modules, "openai", "index.mjs")
        done = subprocess.run([node, "--input-type=module", "-"], input=NODE_SCRIPT, text=True, capture_output=True, timeout=120, check=False,
                              env={**os.environ, "URL": self.service.url, "MODEL": MODEL, "OPENAI_MODULE": module})
        self.assertEqual((done.returncode, done.stdout.strip()), (0, "ok"), done.stderr)

    def test_openai_from_pypi(self):
        try:
            import openai
        except ImportError:
            self.skipTest("the Python package `openai` is not installed")
        client = openai.OpenAI(base_url=self.service.url + "/v1", api_key="secret-token", max_retries=0)
        self.assertIn(MODEL, [m.id for m in client.models.list()])
        messages = [{"role": "user", "content": "Say hello."}]
        chat = client.chat.completions.create(model=MODEL, messages=messages, max_tokens=8)
        self.assertTrue(chat.choices[0].message.content)
        text = "".join(part.choices[0].delta.content or "" for part in
                       client.chat.completions.create(model=MODEL, messages=messages, max_tokens=8, stream=True) if part.choices)
        self.assertTrue(text)
        completion = client.completions.create(model=MODEL, prompt="Hello", max_tokens=4)
        self.assertTrue(completion.id)
        with self.assertRaises(openai.NotFoundError) as refused:
            client.chat.completions.create(model="no-such-model", messages=messages)
        self.assertEqual(refused.exception.code, "model_not_found")
        with self.assertRaises(openai.AuthenticationError):
            openai.OpenAI(base_url=self.service.url + "/v1", api_key="wrong", max_retries=0).models.with_raw_response.list()
            openai.OpenAI(base_url=self.service.url + "/v1", api_key="wrong", max_retries=0).chat.completions.create(model=MODEL, messages=messages)


if __name__ == "__main__":
    unittest.main()
