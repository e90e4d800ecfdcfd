// SPDX-License-Identifier: Apache-2.0
// npm `ai` (Vercel) with its OpenAI-compatible provider, unmodified: text, stream, embeddings, error.
import assert from "node:assert/strict";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embed, generateText, streamText } from "ai";

const { URL_BASE, MODEL, TOKEN } = process.env;
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
console.log("ok");
