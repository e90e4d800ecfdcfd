# SPDX-License-Identifier: Apache-2.0
"""The service seen by a verifier: reports, nonces, TLS, policies, and what is refused."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

from harness import MODEL, ROOT, ScriptedEngine, Service, call, program

NONCE = "00112233445566778899aabbccddeeff" * 2


class Verify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = ScriptedEngine()
        cls.service = Service(cls.engine.url, config={"listen.tls.address": "127.0.0.1:0"})

    @classmethod
    def tearDownClass(cls):
        cls.service.close()
        cls.engine.close()

    def options(self, *more):
        return ["--policy", self.service.policy, "--root-spki", self.service.root, *more]

    def report(self, query=""):
        answer = self.service.get(f"/v1/attestation/report?nonce={NONCE}{query}")
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()

    def saved(self, document):
        path = pathlib.Path(tempfile.mkdtemp(dir=self.service.folder)) / "report.json"
        path.write_text(json.dumps(document))
        return path

    def test_live_service_plain_and_tls(self):
        tls = f"https://{self.service.tls_address[0]}:{self.service.tls_address[1]}"
        for url in (self.service.url, tls):
            code, out, err = self.service.lumoz("verify", url, *self.options())
            self.assertEqual(code, 0, out + err)
            self.assertIn("SIMULATED", out.splitlines()[0])
            code, out, _ = self.service.lumoz("verify", url, *self.options("--json"))
            verdict = json.loads(out)
            self.assertEqual((code, verdict["result"], verdict["simulated"]), (0, "accept", True))
            self.assertTrue(verdict["not_checked"])

    def test_root_must_be_named(self):
        code, out, _ = self.service.lumoz("verify", self.service.url, "--policy", self.service.policy, "--json")
        self.assertEqual((code, json.loads(out)["error"]), (10, "E_CHAIN_ROOT_UNTRUSTED"))

    def test_measurements_are_demanded(self):
        code, out, _ = self.service.lumoz("verify", self.service.url, "--root-spki", self.service.root, "--json")
        verdict = json.loads(out)
        self.assertEqual((code, verdict["error"]), (10, "P_MEASUREMENT"))
        policy = self.service.folder / "open.json"
        policy.write_text('{"allow_unknown_measurement":true}')
        code, out, _ = self.service.lumoz("verify", self.service.url, "--root-spki", self.service.root, "--policy", policy, "--json")
        self.assertEqual(code, 0, out)
        other = self.service.folder / "other.json"
        other.write_text(json.dumps({"mr_td": ["ab" * 48]}))
        code, out, _ = self.service.lumoz("verify", self.service.url, "--root-spki", self.service.root, "--policy", other, "--json")
        self.assertEqual((code, json.loads(out)["findings"]), (10, ["P_MEASUREMENT"]))

    def test_saved_reports_of_every_form(self):
        for query in ("", "&binding=lumoz", "&include_tls_fingerprint=true", "&signing_algo=ed25519"):
            path = self.saved(self.report(query))
            code, out, err = self.service.lumoz("verify", "report", path, "--nonce", NONCE, *self.options("--json"))
            self.assertEqual(code, 0, query + out + err)

    def test_tinfoil_documents_of_both_generations(self):
        for query, nonce in ((f"?nonce={NONCE}", ["--nonce", NONCE]), ("", [])):
            answer = self.service.get("/.well-known/tinfoil-attestation" + query)
            self.assertEqual(answer.status, 200, answer.body)
            path = self.saved(answer.json())
            code, out, err = self.service.lumoz("verify", "report", path, *nonce, *self.options("--json"))
            verdict = json.loads(out)
            # The second generation brings no collateral and has no place for a nonce.
            self.assertEqual(code, 0 if query else 20, out + err)
            self.assertEqual(verdict["form"], "tinfoil-v3" if query else "tinfoil-v2")
            if query:
                self.assertEqual(verdict["tls_spki_sha256"], self.report("&include_tls_fingerprint=true")["tls_cert_fingerprint"])
        self.assertEqual(self.service.get("/.well-known/tinfoil-attestation?nonce=AB").error["type"], "bad_request")
        certificate = self.service.get("/.well-known/tinfoil-certificate").json()["certificate"]
        self.assertTrue(certificate.startswith("-----BEGIN CERTIFICATE-----"), certificate)

    def test_replayed_for_another_nonce(self):
        path = self.saved(self.report("&binding=lumoz"))
        code, out, _ = self.service.lumoz("verify", "report", path, "--nonce", "ff" * 32, *self.options("--json"))
        self.assertEqual(code, 10)
        self.assertEqual(json.loads(out)["error"], "E_NONCE_MISMATCH")
        document = self.report("&binding=lumoz")
        document["request_nonce"] = "ff" * 32
        code, out, _ = self.service.lumoz("verify", "report", self.saved(document), "--nonce", "ff" * 32, *self.options("--json"))
        self.assertEqual(code, 10, out)

    def test_a_flipped_byte_of_the_quote(self):
        document = self.report("&binding=lumoz")
        quote = bytearray.fromhex(document["intel_quote"])
        for at in (0, 60, 568, 700, 1200, len(quote) - 200):
            bent = bytearray(quote)
            bent[at] ^= 1
            code, out, _ = self.service.lumoz("verify", "report", self.saved({**document, "intel_quote": bent.hex()}), "--nonce", NONCE, *self.options("--json"))
            self.assertIn(code, (10, 20, 30), at)
            self.assertTrue(json.loads(out)["error"].startswith("E_"), out)

    def test_a_bent_statement_or_keyset(self):
        document = self.report("&binding=lumoz")
        bent = {**document, "statement": document["statement"].replace("lumoz.report.v1", "lumoz.report.v2")}
        code, out, _ = self.service.lumoz("verify", "report", self.saved(bent), "--nonce", NONCE, *self.options("--json"))
        self.assertEqual(code, 10, out)

    def test_a_bundle_is_verified_offline_years_later(self):
        tls = f"https://{self.service.tls_address[0]}:{self.service.tls_address[1]}"
        for number, url in enumerate((self.service.url, tls)):
            bundle = self.service.folder / f"bundle{number}.json"
            code, out, err = self.service.lumoz("verify", url, *self.options("--bundle", bundle))
            self.assertEqual(code, 0, out + err)
            for at in ([], ["--at", "2036-01-01T00:00:00Z"]):
                code, out, err = self.service.lumoz("verify", "bundle", bundle, *self.options(*at, "--json"))
                self.assertEqual(code, 0, out + err)
                codes = [item["code"] for item in json.loads(out)["not_checked"]]
                self.assertIn("N_MADE_AT", codes)
            code, out, _ = self.service.lumoz("verify", "bundle", bundle, *self.options("--at", "2020-01-01T00:00:00Z", "--json"))
            self.assertEqual((code, json.loads(out)["error"]), (10, "E_BUNDLE_TIME"))
            document = json.loads(bundle.read_text())
            document["nonce"] = NONCE
            bundle.write_text(json.dumps(document))
            code, out, _ = self.service.lumoz("verify", "bundle", bundle, *self.options("--json"))
            self.assertEqual((code, json.loads(out)["error"]), (10, "E_NONCE_MISMATCH"))

    def test_gpu_evidence_is_unsupported_unless_allowed(self):
        document = self.report()
        document["nvidia_payload"] = json.dumps({"nonce": NONCE, "evidence_list": [], "arch": "HOPPER"})
        path = self.saved(document)
        code, out, _ = self.service.lumoz("verify", "report", path, "--nonce", NONCE, *self.options("--json"))
        self.assertEqual((code, json.loads(out)["error"]), (20, "E_GPU_UNCHECKED"))
        policy = json.loads(pathlib.Path(self.service.policy).read_text()) | {"allow_unchecked_gpu": True}
        allowing = self.service.folder / "gpu.json"
        allowing.write_text(json.dumps(policy))
        code, out, _ = self.service.lumoz("verify", "report", path, "--nonce", NONCE, "--root-spki", self.service.root, "--policy", allowing, "--json")
        self.assertEqual((code, json.loads(out)["form"]), (0, "vllm-proxy"), out)

    def test_fresh_nonces_and_cache(self):
        first, second = (self.service.get("/v1/attestation/report").json() for _ in range(2))
        self.assertRegex(first["request_nonce"], "^[0-9a-f]{64}$")
        self.assertEqual(first["gpu_attestation"], "none")
        self.assertNotEqual(self.report()["request_nonce"], second["request_nonce"])

    def test_garbage_is_malformed(self):
        path = self.service.folder / "garbage"
        path.write_bytes(b"not a report")
        code, _, _ = self.service.lumoz("verify", "report", path, "--nonce", NONCE, *self.options("--json"))
        self.assertEqual(code, 30)
        code, _, _ = self.service.lumoz("verify", "report", "/nonexistent", "--nonce", NONCE, *self.options())
        self.assertEqual(code, 1)

    def test_a_key_outside_the_evidence(self):
        request = json.dumps({"model": MODEL, "messages": []}).encode()
        answer = call(self.service.address, "POST", "/v1/chat/completions", request)
        proof = self.service.proof(answer.json()["id"])
        other = Service(self.engine.url)
        self.addCleanup(other.close)
        foreign = call(other.address, "POST", "/v1/chat/completions", request)
        forged = {**proof, "signatures": other.proof(foreign.json()["id"])["signatures"]}
        code, verdict = self.service.verify_answer(request, foreign.body, forged, "--url", self.service.url)
        self.assertEqual((code, verdict["error"]), (10, "E_SIGNER_UNKNOWN"), verdict)

    def test_ask(self):
        saved = self.service.folder / "saved"
        code, out, err = self.service.lumoz("ask", self.service.url, "two and two?", "--model", MODEL, "--save", saved, *self.options())
        self.assertEqual(code, 0, out + err)
        self.assertIn("four", out)
        tls = f"https://{self.service.tls_address[0]}:{self.service.tls_address[1]}"
        code, out, err = self.service.lumoz("ask", tls, "two and two?", "--model", MODEL, "--stream", *self.options())
        self.assertEqual(code, 0, out + err)

    def test_by_hand_as_the_readme_says(self):
        """The commands of the README's section on verifying by hand, run as they stand there."""
        text = (ROOT / "README.md").read_text()
        block = re.search(r"<!-- by-hand -->\n```sh\n(.*?)```", text, re.S)
        self.assertIsNotNone(block, "the README has no block to run")
        folder = tempfile.mkdtemp(dir=self.service.folder)
        (pathlib.Path(folder) / "request.json").write_text(json.dumps({"model": MODEL, "messages": []}))
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", block.group(1)], cwd=folder, capture_output=True, text=True, timeout=60, check=False,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "URL": self.service.url})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("Signature Verified Successfully", done.stdout)


class LiveVectors(unittest.TestCase):
    def test_suites_of_the_wire_api(self):
        import os

        vectors = pathlib.Path(os.environ.get("LUMOZ_VECTORS", ROOT / "../shared/vectors"))
        if not vectors.is_dir():
            self.skipTest("the shared vectors are not here")
        suites = ["report_data", "attestation_query", "signature_text", "signature_verify", "keys", "http_errors", "jcs", "aci_keyset",
                  "aci_receipt", "aci_attestation_query", "aci_serving_constraints"]
        for manifest, kinds in (("api", suites), ("standards", ["oms_root"])):
            command = [program("lumoz-vectors"), str(vectors / manifest / "MANIFEST.json")]
            for kind in kinds:
                command += ["--kind", kind]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout.strip().splitlines()[-1], r"^[1-9]\d* passed, 0 failed, 0 skipped$")


if __name__ == "__main__":
    unittest.main()
