// SPDX-License-Identifier: Apache-2.0
// npm `ai` (Vercel) with its OpenAI-compatible provider, unmodified: text, stream, tools, embeddings, errors, retries, abort.
import assert from "node:assert/strict";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embed, generateText, jsonSchema, streamText, tool } from "ai";

const { URL_BASE, MODEL, SCRIPTED, TOKEN } = process.env;
const provider = createOpenAICompatible({ name: "lumoz", baseURL: `${URL_BASE}/v1`, apiKey: TOKEN, includeUsage: true });

const answer = await generateText({ model: provider(MODEL), prompt: "Say hello.", maxOutputTokens: 8, maxRetries: 0 });
assert(answer.text.length > 0 && answer.usage.outputTokens > 0);

const streamed = streamText({ model: provider(MODEL), prompt: "Say hello.", maxOutputTokens: 8, maxRetries: 0 });
let text = "";
for await (const piece of streamed.textStream) text += piece;
assert(text.length > 0);

const { embedding } = await embed({ model: provider.textEmbeddingModel(MODEL), value: "one", maxRetries: 0 });
assert(embedding.length > 10);

await assert.rejects(generateText({ model: provider("no-such-model"), prompt: "x", maxRetries: 0 }), (error) => error.statusCode === 404);

const weather = tool({ description: "the weather in a city", inputSchema: jsonSchema({
  type: "object", properties: { city: { type: "string", enum: ["Paris", "Rome"] } }, required: ["city"] }) });
const called = await generateText({ model: provider(SCRIPTED), prompt: "The weather in Rome?", tools: { weather }, toolChoice: "required", maxRetries: 0 });
assert.deepEqual([called.toolCalls[0].toolName, called.toolCalls[0].input], ["weather", { city: "Rome" }]);

// The engine of SCRIPTED does what the prompt says.
const script = (steps, more) => ({ model: provider(SCRIPTED), prompt: `script ${JSON.stringify(steps)}`, ...more });
const retried = await generateText(script({ refuse_first: 1, status: 503, key: "vercel" }, { maxRetries: 2 }));
assert.equal(retried.text, "four ü");
await assert.rejects(generateText(script({ status: 400 }, { maxRetries: 2 })), (error) => error.statusCode === 400);

const leaving = new AbortController();
const slow = streamText(script({ chunks: 100, delay_ms: 100 }, { maxRetries: 0, abortSignal: leaving.signal, onError: () => {} }));
let pieces = 0;
for await (const piece of slow.textStream) {
  assert(piece);
  if (++pieces === 3) leaving.abort();
}
assert(pieces < 10);
console.log("ok");
