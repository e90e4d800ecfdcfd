# SPDX-License-Identifier: Apache-2.0
"""`lumoz verify quote` as a person and a script meet it: exit codes, byte offsets, shortfall, policy, event logs; on real quotes."""

import functools
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from harness import ROOT, program

VECTORS = pathlib.Path(os.environ.get("LUMOZ_VECTORS") or ROOT.parent / "shared/vectors") / "tdx"
GOOD = ("quotes/real/cbdb5b2f.bin", "collateral/real/C_tdx_90C06F_2026-02.json", "2026-03-05T10:50:03Z")
CLOUD = ("quotes/real/00b2526a.bin", "collateral/real/G_tdx_00806F05_2025-10.json", "2025-10-31T14:17:11Z")
BEHIND = ("quotes/real/d0010db6.bin", "collateral/real/C_tdx_90C06F_2026-02.json", "2026-03-05T10:50:03Z")
SGX = ("quotes/real/c81a90ee.bin", "collateral/real/H_sgx_00606A_2025-08.json", "2025-08-30T05:09:06Z")


@functools.cache
def bytes_of(name):
    return (VECTORS / name).read_bytes()


def edited(data, offset, value):
    return data[:offset] + value + data[offset + len(value):]


@unittest.skipUnless((VECTORS / "MANIFEST.json").is_file(), "the shared vectors are not there (LUMOZ_VECTORS)")
class VerifyQuote(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lumoz-quote-"))
        self.addCleanup(subprocess.run, ["rm", "-r", str(self.folder)], check=False)

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    def run_on(self, case, *more, quote=None, collateral=None, at=None):
        path = VECTORS / case[0] if quote is None else self.file("quote.bin", quote)
        bundle = VECTORS / case[1] if collateral is None else self.file("collateral.json", collateral)
        done = subprocess.run([program("lumoz"), "verify", "quote", str(path), "--collateral", str(bundle), "--at", at or case[2],
                               *map(str, more)], capture_output=True, timeout=60, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def verdict(self, case, *more, **changes):
        code, out, err = self.run_on(case, "--json", *more, **changes)
        return code, json.loads(out or "null"), err

    def both_say(self, code, rule, offset=None, result=None, more=(), case=GOOD, **changes):
        """Text and JSON agree on exit code, rule and offset."""
        text_code, text, err = self.run_on(case, *more, **changes)
        json_code, verdict, _ = self.verdict(case, *more, **changes)
        self.assertEqual((text_code, json_code), (code, code), text + err)
        self.assertEqual(verdict["error"], rule)
        self.assertIn(rule, text.splitlines()[0])
        if result is not None:
            self.assertEqual(verdict["result"], result)
        self.assertEqual(verdict.get("offset"), offset)
        if offset is not None:
            self.assertIn(f"offset {offset}:", text)

    # Good quotes

    def test_real_quotes_are_accepted(self):
        for case, kind in ((GOOD, "0x81"), (CLOUD, "0x81"), (SGX, "0x0")):
            code, verdict, err = self.verdict(case)
            self.assertEqual((code, verdict["result"], verdict["simulated"]), (0, "accept", False), err)
            self.assertEqual(verdict["quote"]["tee_type"], kind)
            for member in ("tcb_status", "current_tcb_status", "platform", "qe", "advisories", "tcb_date", "tcb_eval", "collateral_expires",
                           "fmspc", "ppid", "pceid", "pcesvn", "cpusvn", "components", "shortfall", "explanation"):
                self.assertIn(member, verdict)
            codes = {item["code"] for item in verdict["not_checked"]}
            self.assertLessEqual({"N_MEASUREMENT", "N_REVOCATION_DATE", "N_REPORT_DATA", "N_PLATFORM"}, codes)

    def test_first_line_is_the_verdict_then_a_line_per_rule(self):
        code, out, _ = self.run_on(GOOD)
        lines = out.splitlines()
        self.assertEqual((code, lines[0][:8], lines[1]), (0, "VERIFIED", ""))
        self.assertEqual([line.split()[1] for line in lines[2:26]], [f"tdx.{n}" for n in range(1, 25)])
        self.assertTrue(all(len(line) <= 120 for line in lines), [line for line in lines if len(line) > 120])
        code, out, _ = self.run_on(GOOD, "--brief")
        self.assertIn("24 rules hold", out)
        self.assertLess(len(out.splitlines()), 30)

    def test_a_quote_as_hex_and_from_stdin(self):
        code, verdict, _ = self.verdict(GOOD, quote=b"0x" + bytes_of(GOOD[0]).hex().encode() + b"\n")
        self.assertEqual((code, verdict["result"]), (0, "accept"))
        done = subprocess.run([program("lumoz"), "verify", "quote", "-", "--collateral", str(VECTORS / GOOD[1]), "--at", GOOD[2]],
                              input=bytes_of(GOOD[0]), capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_a_guest_agents_answer_and_a_report_hold_quote_log_and_collateral(self):
        quote, log = bytes_of(GOOD[0]).hex(), bytes_of("logs/quote-report.events.json").decode()
        answer = self.file("answer.json", {"quote": quote, "event_log": log, "report_data": "", "vm_config": "{}"})
        done = subprocess.run([program("lumoz"), "verify", "quote", str(answer), "--collateral", str(VECTORS / GOOD[1]), "--at", GOOD[2],
                               "--event-log", str(answer), "--json"], capture_output=True, timeout=60, check=False)
        self.assertEqual((done.returncode, json.loads(done.stdout)["event_log"]["mismatch"]), (0, []))
        report = self.file("report.json", {"intel_quote": quote, "event_log": json.loads(log), "collateral": json.loads(bytes_of(GOOD[1]))})
        done = subprocess.run([program("lumoz"), "verify", "quote", str(report), "--collateral", str(report), "--at", GOOD[2],
                               "--event-log", str(report), "--json"], capture_output=True, timeout=60, check=False)
        self.assertEqual((done.returncode, json.loads(done.stdout)["event_log"]["mismatch"]), (0, []))

    # 30: cannot be read, with the byte

    def test_truncated_quotes_are_30_with_the_offset_in_the_whole_quote(self):
        quote = bytes_of(GOOD[0])
        # header, body, signature section (its size at 632), and inside it: the section is declared longer than what is left.
        for cut, offset in ((0, 0), (1, 0), (47, 28), (100, 48), (634, 632), (2000, 636)):
            self.both_say(30, "E_QUOTE_TRUNCATED", offset, "malformed", quote=quote[:cut])

    def test_lengths_inside_the_envelope_name_the_byte_of_the_quote(self):
        quote = bytes_of(GOOD[0])
        auth = 1218
        self.both_say(30, "E_QUOTE_TRUNCATED", auth + 2, quote=edited(quote, auth, b"\xff\xff"))
        certs = auth + 2 + 32 + 2
        size = int.from_bytes(quote[certs:certs + 4], "little")
        self.both_say(30, "E_QUOTE_TRUNCATED", certs + 4, quote=edited(quote, certs, (size + 1).to_bytes(4, "little")))
        self.both_say(30, "E_QUOTE_LENGTHS", certs, quote=edited(quote, certs, (size - 1).to_bytes(4, "little")))

    def test_bytes_behind_the_quote(self):
        quote = bytes_of(GOOD[0])
        end = 636 + int.from_bytes(quote[632:636], "little")
        self.assertEqual(self.run_on(GOOD, quote=quote + bytes(65536 - len(quote)))[0], 0, "zero padding is legal")
        self.both_say(30, "E_QUOTE_TRAILING", end + 7, quote=quote[:end] + bytes(7) + b"x")
        self.both_say(30, "E_QUOTE_TOO_LARGE", 65536, quote=quote + bytes(65537 - len(quote)))

    def test_collateral_that_cannot_be_read(self):
        bundle = json.loads(bytes_of(GOOD[1]))
        self.both_say(30, "E_COLLATERAL_PARSE", 0, "malformed", collateral=b"")
        self.both_say(30, "E_COLLATERAL_PARSE", 3, collateral=b"{ \"\x01")
        for member in bundle:
            if member in ("pck_certificate_chain", "pck_crl_issuer_chain"):
                continue
            less = {name: text for name, text in bundle.items() if name != member}
            self.both_say(30, "E_COLLATERAL_PARSE", collateral=less)
        code, verdict, _ = self.verdict(GOOD, collateral={**bundle, "root_ca_crl": ""})
        self.assertEqual((code, verdict["error"]), (10, "E_CRL_PARSE"), "empty is there, and no CRL")

    # 20: of a kind that is not checked

    def test_unsupported_kinds_are_20(self):
        quote = bytes_of(GOOD[0])
        five = bytes_of(BEHIND[0])
        for offset, value, rule in ((0, b"\x02\x00", "E_QUOTE_VERSION"), (0, b"\x06\x00", "E_QUOTE_VERSION"), (2, b"\x03\x00", "E_QUOTE_KEY_TYPE"),
                                    (4, b"\x01\x00", "E_QUOTE_TEE_TYPE")):
            self.both_say(20, rule, offset, "unsupported", quote=edited(quote, offset, value))
        self.both_say(20, "E_QUOTE_BODY_TYPE", 48, "unsupported", case=BEHIND, quote=edited(five, 48, b"\x05\x00"))
        self.both_say(20, "E_QUOTE_BODY_TYPE", 50, "unsupported", case=BEHIND, quote=edited(five, 50, b"\x00\x00"))

    # 10: checked and refused

    def test_refused_names_the_rule(self):
        quote = bytes_of(GOOD[0])
        self.both_say(10, "E_QUOTE_VENDOR", 12, "reject", quote=edited(quote, 12, b"\x00"))
        self.both_say(10, "E_QUOTE_SIGNATURE", None, "reject", quote=edited(quote, 200, bytes([quote[200] ^ 1])))
        self.both_say(10, "E_CERT_EXPIRED", None, "reject", at="2060-01-01T00:00:00Z")
        self.both_say(10, "E_QE_REPORT_SIGNATURE", None, "reject", quote=edited(quote, 800, bytes([quote[800] ^ 1])))
        self.both_say(10, "P_MEASUREMENT", None, "reject", more=("--policy", self.file("policy.json", {"mr_td": ["00" * 48]})))

    def test_rules_behind_the_first_failure_are_not_reached(self):
        quote = bytes_of(GOOD[0])
        _, verdict, _ = self.verdict(GOOD, quote=edited(quote, 800, bytes([quote[800] ^ 1])))
        outcomes = {rule["id"]: rule["outcome"] for rule in verdict["rules"]}
        self.assertEqual([outcomes["tdx.17"], outcomes["tdx.18"], outcomes["tdx.19"]], ["pass", "fail", "not_reached"])

    def test_wrong_usage_is_1(self):
        for arguments in (("--policy", self.file("p.json", {"allow_debgu": True})), ("--policy", "/nonexistent"), ("--root-spki", "00"),
                          ("--event-log", "/nonexistent")):
            code, out, err = self.run_on(GOOD, *arguments)
            self.assertEqual((code, out), (1, ""), arguments)
            self.assertTrue(err)
        self.assertIn("nearest is allow_debug", self.run_on(GOOD, "--policy", self.folder / "p.json")[2])

    # What the platform lacks

    def test_shortfall_in_words_and_numbers(self):
        code, out, _ = self.run_on(BEHIND, "--explain")
        self.assertEqual(code, 10)
        for line in ("the platform is OutOfDate; it would be UpToDate (level of 2024-11-13) with",
                     "- SGX component 4 (BIOS): has 3, needs 4", "- TDX component 2 (OS/VMM, TDX Late Microcode Update): has 2, needs 3",
                     "the TDX module is OutOfDate; it would be UpToDate (level of 2024-11-13) with", "- the TDX module (SVN): has 5, needs 6",
                     "- then gone: INTEL-SA-01036, INTEL-SA-01099"):
            self.assertIn("  " + line + "\n", out)
        _, verdict, _ = self.verdict(BEHIND)
        self.assertEqual([tuple(item) for item in verdict["shortfall"]], [("index", "set", "category", "type", "have", "need", "advisories")] * 5)
        self.assertEqual([(item["set"], item["index"], item["have"], item["need"]) for item in verdict["shortfall"]],
                         [("sgx", 0, 2, 3), ("sgx", 1, 2, 3), ("sgx", 4, 3, 4), ("tdx", 2, 2, 3), ("module", 0, 5, 6)])
        self.assertEqual(verdict["shortfall"][-1]["advisories"], ["INTEL-SA-01036", "INTEL-SA-01099"])
        self.assertIn("5 components are behind; --explain says which", self.run_on(BEHIND)[1])

    def test_what_no_patch_helps_is_said(self):
        _, out, _ = self.run_on(SGX, "--explain")
        self.assertIn("the platform is SWHardeningNeeded; no newer patch level is listed: the software that runs there has to be hardened", out)
        self.assertEqual(self.verdict(SGX)[1]["shortfall"], [])

    # Policies

    def test_findings_are_sorted_and_everything_stays_established(self):
        policy = self.file("policy.json", {"mr_td": [], "min_tcb_eval": 99, "allow_advisories": []})
        code, verdict, _ = self.verdict(BEHIND, "--policy", policy)
        self.assertEqual((code, verdict["findings"]), (10, ["P_ADVISORY", "P_MEASUREMENT", "P_SERVICE_TD", "P_TCB_EVAL", "P_TCB_STATUS"]))
        self.assertEqual(verdict["error"], "P_ADVISORY")
        self.assertEqual(verdict["tcb_status"], "OutOfDate")
        self.assertTrue(all(rule["outcome"] == "pass" for rule in verdict["rules"]))

    def test_registers_alone_name_no_program(self):
        body = self.verdict(GOOD)[1]["quote"]["body"]
        only = self.file("only.json", {"rtmr0": [body["rtmr0"]], "rtmr3": [body["rtmr3"]]})
        code, verdict, _ = self.verdict(GOOD, "--policy", only)
        remarks = {item["code"]: item["what"] for item in verdict["not_checked"]}
        self.assertEqual(code, 0)
        self.assertIn("without mr_td", remarks["N_MEASUREMENT"])
        whole = self.file("whole.json", {"mr_td": [body["mr_td"]], "rtmr0": [body["rtmr0"]], "report_data": body["report_data"]})
        code, verdict, _ = self.verdict(GOOD, "--policy", whole)
        self.assertEqual(code, 0)
        self.assertFalse({"N_MEASUREMENT", "N_REPORT_DATA"} & {item["code"] for item in verdict["not_checked"]})

    # Event logs

    def test_dstack_list_register_by_register(self):
        code, out, _ = self.run_on(GOOD, "--event-log", VECTORS / "logs/quote-report.events.json")
        self.assertEqual(code, 0, out)
        for register in range(4):
            self.assertIn(f"RTMR{register}  matches the quote", out)
        self.assertIn("system-preparing, app-id, compose-hash, instance-id, boot-mr-done, key-provider, system-ready,", out)
        _, verdict, _ = self.verdict(GOOD, "--event-log", VECTORS / "logs/quote-report.events.json")
        log = verdict["event_log"]
        self.assertEqual((log["form"], log["mismatch"], [len(r["events"]) for r in log["registers"]]), ("dstack", [], [13, 5, 2, 8]))
        self.assertEqual([r["result"] for r in log["registers"]], ["matches"] * 4)
        self.assertEqual({e["content"] for e in log["registers"][3]["events"]}, {"proven"})
        self.assertEqual({e["content"] for e in log["registers"][0]["events"]}, {"proven", "partly", "unproven"})

    def test_firmware_log_register_by_register(self):
        code, out, _ = self.run_on(CLOUD, "--event-log", VECTORS / "logs/ccel-gcp-cos-113.bin", "--explain")
        self.assertEqual(code, 0, out)
        self.assertIn("EV_EFI_VARIABLE_DRIVER_CONFIG  SecureBoot  (content proven)", out)
        self.assertIn("EV_EFI_VARIABLE_BOOT  BootOrder  (content proven, its label is not)", out)
        self.assertIn("EV_EFI_BOOT_SERVICES_APPLICATION  (digest of what is not shown)", out)
        _, verdict, _ = self.verdict(CLOUD, "--event-log", VECTORS / "logs/ccel-gcp-cos-113.bin")
        self.assertEqual((verdict["event_log"]["form"], [len(r["events"]) for r in verdict["event_log"]["registers"]]), ("ccel", [16, 7, 20, 0]))

    def test_a_log_of_another_boot_is_refused_and_marked(self):
        code, out, _ = self.run_on(CLOUD, "--event-log", VECTORS / "logs/ccel-grub.bin")
        self.assertEqual(code, 10)
        self.assertIn("E_RTMR_MISMATCH", out.splitlines()[0])
        for register in range(3):
            self.assertIn(f"RTMR{register}  DIFFERS from the quote", out)
        _, verdict, _ = self.verdict(CLOUD, "--event-log", VECTORS / "logs/ccel-grub.bin")
        self.assertEqual((verdict["error"], verdict["event_log"]["mismatch"]), ("E_RTMR_MISMATCH", [0, 1, 2]))

    def test_firmware_log_says_nothing_about_registers_of_the_runtime(self):
        code, verdict, _ = self.verdict(GOOD, "--event-log", VECTORS / "logs/ccel-dstack.bin")
        self.assertEqual(verdict["event_log"]["registers"][3]["result"], "not_covered")
        self.assertIn("N_RTMR3", [item["code"] for item in verdict["not_checked"]])
        self.assertEqual(code, 10, "its other registers are those of another boot")

    def test_events_that_come_too_late_do_not_count(self):
        events = json.loads(bytes_of("logs/quote-report.events.json"))
        events.append({"imr": 3, "event_type": 134217729, "digest": "", "event": "app-id", "event_payload": "00"})
        code, out, _ = self.run_on(GOOD, "--event-log", self.file("late.json", events), "--explain")
        self.assertEqual(code, 10, "the register does not hold it")
        self.assertIn("app-id = 00 (content proven; does not count: too late, or not the first of its name)", " ".join(out.split()))

    def test_false_and_broken_logs(self):
        events = json.loads(bytes_of("logs/quote-report.events.json"))
        false = json.loads(json.dumps(events))
        runtime = next(i for i, event in enumerate(false) if event["event"] == "app-id")
        false[runtime]["event_payload"] = "00" * 20
        text = json.dumps(false).encode()
        at = text.index(json.dumps(false[runtime]).encode())
        self.both_say(10, "E_EVENT_DIGEST", at, "reject", more=("--event-log", self.file("false.json", text)))
        self.both_say(30, "E_EVENTLOG_PARSE", 5, "malformed", more=("--event-log", self.file("text.json", b"[{}, x]")))
        self.both_say(30, "E_EVENTLOG_PARSE", 1, "malformed", more=("--event-log", self.file("empty.json", b"[{}]")))
        index = json.dumps([{**events[0], "imr": 4}]).encode()
        self.both_say(30, "E_EVENTLOG_INDEX", 1, "malformed", more=("--event-log", self.file("index.json", index)))
        firmware = bytes_of("logs/ccel-gcp-cos-113.bin")
        self.both_say(30, "E_EVENTLOG_HEADER", 4, "malformed", case=CLOUD, more=("--event-log", self.file("h.bin", edited(firmware, 4, b"\x04"))))
        self.both_say(30, "E_EVENTLOG_TRUNCATED", 32, "malformed", case=CLOUD, more=("--event-log", self.file("t.bin", firmware[:40])))

    def test_an_event_log_needs_a_tdx_quote(self):
        code, verdict, _ = self.verdict(SGX, "--event-log", VECTORS / "logs/ccel-grub.bin")
        self.assertEqual((code, verdict["error"]), (10, "E_RTMR_MISMATCH"))

    def test_nothing_is_compared_with_a_quote_that_is_not_verified(self):
        quote = bytes_of(GOOD[0])
        _, verdict, _ = self.verdict(GOOD, "--event-log", VECTORS / "logs/quote-report.events.json",
                                     quote=edited(quote, 200, bytes([quote[200] ^ 1])))
        self.assertEqual([r["result"] for r in verdict["event_log"]["registers"]], ["not_compared"] * 4)
        self.assertNotIn("quote", verdict["event_log"]["registers"][0])


if __name__ == "__main__":
    unittest.main()
