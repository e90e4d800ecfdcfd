// SPDX-License-Identifier: Apache-2.0
// npm `viem` and `ethers`, unmodified: the signature of an answer is recovered to the address in the report, over hashes of
// the bytes that went over the wire.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { ethers } from "ethers";
import { recoverMessageAddress, verifyMessage } from "viem";

const { URL_BASE, MODEL, TOKEN } = process.env;
const headers = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const report = await (await fetch(`${URL_BASE}/v1/attestation/report?nonce=${"ab".repeat(32)}`)).json();

for (const stream of [false, true]) {
  const body = JSON.stringify({ model: MODEL, max_tokens: 8, stream, messages: [{ role: "user", content: "Say hello." }] });
  const answer = await fetch(`${URL_BASE}/v1/chat/completions`, { method: "POST", headers, body });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const id = JSON.parse(bytes.toString().split("\n")[0].replace(/^data: /, "")).id;
  const signed = await (await fetch(`${URL_BASE}/v1/signature/${id}?signing_algo=ecdsa`, { headers })).json();
  assert.equal(signed.text, `${sha256(body)}:${sha256(bytes)}`);
  assert.equal(signed.signing_address.toLowerCase(), report.signing_address.toLowerCase());
  assert.equal(ethers.verifyMessage(signed.text, signed.signature).toLowerCase(), report.signing_address.toLowerCase());
  const { text: message, signature } = signed;
  assert(await verifyMessage({ address: report.signing_address, message, signature }));
  assert.notEqual(await recoverMessageAddress({ message: message + " ", signature }), report.signing_address);
}
console.log("ok");
