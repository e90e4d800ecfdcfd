# SPDX-License-Identifier: Apache-2.0
"""`lumoz verify quote` as its user sees it: genuine quotes with the collateral of their day, a policy, event logs, exit codes."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import harness

VECTORS = pathlib.Path(os.environ.get("LUMOZ_VECTORS", "")) / "tdx"
DAY = "2026-03-05T10:50:03Z"


@unittest.skipUnless((VECTORS / "MANIFEST.json").exists(), "no shared vectors")
class VerifyQuote(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.quote = VECTORS / "quotes/real/cbdb5b2f.bin"
        self.collateral = VECTORS / "collateral/real/C_tdx_90C06F_2026-02.json"

    def run_it(self, *more, quote=None, at=DAY):
        command = [harness.BIN / "lumoz", "verify", "quote", quote or self.quote, "--collateral", self.collateral, "--at", at, *map(str, more)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    def verdict(self, code, *more, **options):
        done = self.run_it("--json", *more, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def test_a_genuine_quote_is_accepted_with_everything_established(self):
        verdict = self.verdict(0)
        self.assertEqual((verdict["result"], verdict["tcb_status"], verdict["simulated"]), ("accept", "UpToDate", False))
        self.assertEqual({rule["outcome"] for rule in verdict["rules"]}, {"pass"})
        self.assertEqual([item["code"] for item in verdict["not_checked"]], ["N_REVOCATION_DATE", "N_MEASUREMENT"])

    def test_hex_is_read_like_bytes(self):
        text = self.write("quote.hex", "0x" + self.quote.read_bytes().hex() + "\n")
        self.assertEqual(self.verdict(0, quote=text)["quote"], self.verdict(0)["quote"])

    def test_a_cut_quote_is_malformed_with_its_offset(self):
        verdict = self.verdict(30, quote=self.write("cut.bin", self.quote.read_bytes()[:700]))
        self.assertEqual(verdict["error"], "E_QUOTE_TRUNCATED")
        self.assertRegex(verdict["detail"], r"offset \d+")

    def test_an_unknown_version_is_unsupported(self):
        self.assertEqual(self.verdict(20, quote=self.write("v9.bin", b"\x09\x00" + self.quote.read_bytes()[2:]))["error"], "E_QUOTE_VERSION")

    def test_a_changed_quote_is_refused_by_its_rule(self):
        content = bytearray(self.quote.read_bytes())
        content[600] ^= 1
        verdict = self.verdict(10, quote=self.write("flip.bin", bytes(content)))
        self.assertEqual(verdict["error"], "E_QUOTE_SIGNATURE")

    def test_expired_collateral_is_refused(self):
        self.assertEqual(self.verdict(10, at="2027-01-01T00:00:00Z")["result"], "reject")

    def test_an_unreadable_bundle_is_malformed(self):
        self.collateral = self.write("bundle.json", "{}")
        self.assertEqual(self.verdict(30)["error"], "E_COLLATERAL_PARSE")

    def test_an_event_log_that_replays_is_shown_register_by_register(self):
        verdict = self.verdict(0, "--event-log", VECTORS / "logs/quote-report.events.json")
        self.assertEqual(verdict["event_log"]["form"], "dstack")
        self.assertEqual([(r["register"], r["match"]) for r in verdict["event_log"]["registers"]], [(f"RTMR{n}", True) for n in range(4)])
        self.assertIn("compose-hash", [event["name"] for event in verdict["event_log"]["runtime"]])

    def test_an_event_log_without_one_event_is_refused_and_names_the_register(self):
        done = self.run_it("--event-log", VECTORS / "logs/quote-report-event-removed.json")
        self.assertEqual(done.returncode, 10)
        self.assertIn("E_RTMR_MISMATCH: differs in RTMR 3", done.stdout)
        self.assertIn("DIFFERS", done.stdout)

    def test_a_binary_log_of_firmware_is_read(self):
        self.collateral = VECTORS / "collateral/real/G_tdx_00806F05_2025-10.json"
        verdict = self.verdict(0, "--event-log", VECTORS / "logs/ccel-gcp-cos-113.bin", quote=VECTORS / "quotes/real/00b2526a.bin", at="2025-10-31T14:17:11Z")
        self.assertEqual(verdict["event_log"]["form"], "ccel")

    def test_a_cut_event_log_is_malformed(self):
        log = self.write("cut.log", (VECTORS / "logs/ccel-grub.bin").read_bytes()[:1001])
        self.assertEqual(self.verdict(30, "--event-log", log)["error"], "E_EVENTLOG_TRUNCATED")

    def test_a_policy_objects_sorted_and_still_tells_everything(self):
        policy = self.write("policy.json", json.dumps({"mr_td": ["00" * 48], "min_tcb_eval": 9999}))
        verdict = self.verdict(10, "--policy", policy)
        self.assertEqual(verdict["result"], "reject")
        self.assertEqual(verdict["findings"], sorted(verdict["findings"]))
        self.assertEqual(verdict["error"], verdict["findings"][0])
        self.assertEqual(verdict["tcb_status"], "UpToDate")

    def test_an_unknown_policy_key_names_the_nearest(self):
        done = self.run_it("--policy", self.write("policy.json", '{"mr_tdd":[]}'))
        self.assertEqual(done.returncode, 1)
        self.assertIn("mr_td", done.stderr)

    def test_the_lack_of_a_platform_is_explained(self):
        self.collateral = VECTORS / "collateral/real/M_tdx_00A06D08_2025-10.json"
        done = self.run_it("--explain", quote=VECTORS / "quotes/real/b789d779.bin", at="2025-11-04T20:45:20Z")
        self.assertEqual(done.returncode, 10)
        self.assertIn("PCE (PCESVN) has 11, needs 13", done.stdout)
        self.assertIn("mr_td ", done.stdout)


if __name__ == "__main__":
    unittest.main()
