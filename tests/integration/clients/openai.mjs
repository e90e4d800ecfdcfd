// SPDX-License-Identifier: Apache-2.0
// npm `openai`, unmodified: chat, stream, tools, embeddings, responses, errors, retries, abort.
import assert from "node:assert/strict";
import OpenAI from "openai";

const { URL_BASE, MODEL, SCRIPTED, TOKEN } = process.env;
const make = (options = {}) => new OpenAI({ baseURL: `${URL_BASE}/v1`, apiKey: TOKEN, maxRetries: 0, ...options });
const client = make();
const messages = [{ role: "user", content: "Say hello." }];

const models = await client.models.list();
assert(models.data.some((m) => m.id === MODEL));

const chat = await client.chat.completions.create({ model: MODEL, messages, max_tokens: 8 });
assert(chat.id && chat.choices[0].message.content.length > 0 && chat.usage.completion_tokens > 0);

let text = "", usage = null, id = null;
const stream = await client.chat.completions.create(
  { model: MODEL, messages, max_tokens: 8, stream: true, stream_options: { include_usage: true } });
for await (const part of stream) {
  id = part.id;
  text += part.choices[0]?.delta?.content ?? "";
  usage = part.usage ?? usage;
}
assert(text && usage.total_tokens > 0);
for (const signed of [chat.id, id]) {
  const answer = await fetch(`${URL_BASE}/v1/signature/${signed}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
  assert.equal((await answer.json()).signature.length, 132);
}

const tools = [{ type: "function", function: { name: "weather", description: "the weather in a city", parameters: {
  type: "object", properties: { city: { type: "string", enum: ["Paris", "Rome"] } }, required: ["city"] } } }];
const called = await client.chat.completions.create({ model: SCRIPTED, max_tokens: 96, tools, tool_choice: "required",
  messages: [{ role: "user", content: "What is the weather in Rome?" }] });
const call = called.choices[0].message.tool_calls[0];
assert.equal(call.function.name, "weather");
assert(["Paris", "Rome"].includes(JSON.parse(call.function.arguments).city));

const embeddings = await client.embeddings.create({ model: MODEL, input: ["one", "two"], encoding_format: "float" });
assert.equal(embeddings.data.length, 2);
assert.equal(embeddings.data[0].embedding.length, embeddings.data[1].embedding.length);

const response = await client.responses.create({ model: MODEL, input: "Say hello.", max_output_tokens: 16 });
assert(response.output_text.length > 0);

await assert.rejects(client.chat.completions.create({ model: "no-such-model", messages }),
  (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
await assert.rejects(make({ apiKey: "wrong" }).chat.completions.create({ model: MODEL, messages }), OpenAI.AuthenticationError);
await assert.rejects(client.chat.completions.create({ model: MODEL, messages, temperature: "hot" }), OpenAI.BadRequestError);

// A refusal of the engine for now is tried again by the client; one for good is not.
const retried = make({ maxRetries: 2 });
const busy = (script) => retried.chat.completions.create({ model: SCRIPTED, messages, script });
assert.equal((await busy({ refuse_first: 2, status: 503, key: "openai-js" })).choices[0].message.content, "four ü");
await assert.rejects(busy({ status: 400 }), OpenAI.BadRequestError);

const slow = await client.chat.completions.create({ model: SCRIPTED, messages, stream: true, script: { chunks: 100, delay_ms: 100 } });
let parts = 0;
for await (const part of slow) {
  assert(part.choices[0].delta.content);
  if (++parts === 3) slow.controller.abort();
}
assert(parts < 10);
console.log("ok");
