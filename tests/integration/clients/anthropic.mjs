// SPDX-License-Identifier: Apache-2.0
// npm `@anthropic-ai/sdk`, unmodified: messages, stream, tools, errors, retries, abort.
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";

const { URL_BASE, MODEL, SCRIPTED, TOKEN } = process.env;
const make = (options = {}) => new Anthropic({ baseURL: URL_BASE, apiKey: TOKEN, maxRetries: 0, ...options });
const client = make();
const messages = [{ role: "user", content: "Say hello." }];

// llama-server loses `message_start` when the first token is a part of a character: no dice here.
for (const model of [MODEL, SCRIPTED]) {
  const message = await client.messages.create({ model, max_tokens: 8, messages, temperature: 0 });
  assert.equal(message.role, "assistant");
  assert(message.content[0].text.length > 0 && message.usage.output_tokens > 0, JSON.stringify(message));
  let text = "";
  const stream = client.messages.stream({ model, max_tokens: 8, messages, temperature: 0 });
  stream.on("text", (piece) => { text += piece; });
  const final = await stream.finalMessage();
  assert(text.length > 0 && final.stop_reason, JSON.stringify(final));
}

const called = await client.messages.create({ model: SCRIPTED, max_tokens: 96, tool_choice: { type: "any" },
  tools: [{ name: "weather", description: "the weather in a city", input_schema: {
    type: "object", properties: { city: { type: "string", enum: ["Paris", "Rome"] } }, required: ["city"] } }],
  messages: [{ role: "user", content: "What is the weather in Rome?" }] });
const use = called.content.find((block) => block.type === "tool_use");
assert.equal(use.name, "weather");
assert(["Paris", "Rome"].includes(use.input.city));

await assert.rejects(client.messages.create({ model: "no-such-model", max_tokens: 8, messages }), Anthropic.NotFoundError);
await assert.rejects(make({ apiKey: "wrong" }).messages.create({ model: MODEL, max_tokens: 8, messages }), Anthropic.AuthenticationError);

// The engine of SCRIPTED does what the last message says.
const script = (steps) => ({ model: SCRIPTED, max_tokens: 8, messages: [{ role: "user", content: `script ${JSON.stringify(steps)}` }] });
const retried = make({ maxRetries: 2 });
assert.equal((await retried.messages.create(script({ refuse_first: 2, status: 503, key: "anthropic-js" }))).content[0].text, "four ü");
await assert.rejects(retried.messages.create(script({ status: 400 })), Anthropic.BadRequestError);

const slow = await client.messages.create({ ...script({ chunks: 100, delay_ms: 100 }), stream: true });
let pieces = 0;
for await (const event of slow) {
  if (event.type === "content_block_delta" && ++pieces === 3) slow.controller.abort();
}
assert.equal(pieces, 3);
console.log("ok");
