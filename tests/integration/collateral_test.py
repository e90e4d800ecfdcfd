# SPDX-License-Identifier: Apache-2.0
"""Collateral from a service over real sockets: `lumoz collateral`, `lumoz verify quote` and `lumozd` before a service that
is slow, cut, oversized, redirected, wrong, away."""

import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import harness
from collateral_server import CHAIN_HEADERS, CollateralServer
from harness import Process, ScriptedEngine, Service, program, wait_for

FMSPC = "53494D000001"
VECTORS = pathlib.Path(os.environ.get("LUMOZ_VECTORS", harness.ROOT.parent / "shared/vectors")) / "tdx"


class Vendor(unittest.TestCase):
    """A stand-in TEE for its signed documents, and a service that hands them out."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="lumoz-collateral-"))
        cls.tee = Process(cls.folder / "simtee.log", program("lumoz-simtee"), "--socket", str(cls.folder / "tee.sock"),
                          "--state", str(cls.folder / "tee"), "--root-out", str(cls.folder / "root.hex"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.addClassCleanup(cls.tee.stop)
        wait_for(lambda: (cls.folder / "root.hex").exists() and (cls.folder / "tee/collateral.json").exists(), 20, "lumoz-simtee")
        cls.root = (cls.folder / "root.hex").read_text().strip()

    def setUp(self):
        self.server = CollateralServer(self.folder / "tee/collateral.json")
        self.addCleanup(self.server.close)
        self.work = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        self.cache = self.work / "cache"

    def lumoz(self, *arguments, root=True):
        trust = ["--root-spki", self.root] if root else []
        done = subprocess.run([program("lumoz"), *map(str, arguments), "--json", *trust], capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, json.loads(done.stdout)

    def fetch(self, *more, **options):
        return self.lumoz("collateral", "fetch", "--service", self.server.url, "--fmspc", FMSPC, "--cache", self.cache, *more, **options)


class CommandLine(Vendor):
    def test_fetch_then_export_offline_then_show_and_import(self):
        code, verdict = self.fetch("--out", self.work / "a.json")
        self.assertEqual((code, verdict["result"], verdict["fetched"], verdict["simulated"]), (0, "accept", 4, True))
        self.server.down = True
        code, verdict = self.lumoz("collateral", "export", "--fmspc", FMSPC, "--cache", self.cache, "--out", self.work / "b.json")
        self.assertEqual((code, verdict["fetched"]), (0, 0))
        self.assertEqual((self.work / "a.json").read_text(), (self.work / "b.json").read_text())
        self.assertEqual(json.loads((self.work / "b.json").read_text())["tcb_info"], self.server.bundle()["tcb_info"])
        code, verdict = self.lumoz("collateral", "import", self.work / "b.json", "--cache", self.work / "other")
        self.assertEqual((code, verdict["fmspc"]), (0, FMSPC.lower()))
        code, verdict = self.lumoz("collateral", "export", "--fmspc", FMSPC, "--cache", self.work / "other", "--out", self.work / "c.json")
        self.assertEqual(code, 0)
        self.assertEqual((self.work / "a.json").read_text(), (self.work / "c.json").read_text())
        code, verdict = self.lumoz("collateral", "show", self.work / "c.json", "--at", "2099-01-01T00:00:00Z")
        self.assertEqual((code, verdict["error"]), (10, "E_COLLATERAL_EXPIRED"))

    def test_the_paths_are_those_of_api_version_four(self):
        self.fetch("--update", "early")
        self.assertEqual(self.server.paths(), ["/tdx/certification/v4/tcb?fmspc=53494d000001&update=early", "/tdx/certification/v4/qe/identity?update=early",
                                               "/sgx/certification/v4/pckcrl?ca=platform&encoding=der", "/sgx/certification/v4/rootcacrl"])

    def test_an_unnamed_root_is_not_believed_and_nothing_is_kept(self):
        code, error = self.fetch(root=False)
        self.assertEqual((code, error["error"]), (10, "E_CHAIN_ROOT_UNTRUSTED"))
        self.assertEqual(os.listdir(self.cache), [])

    def test_an_unknown_platform_and_a_number_no_longer_served(self):
        code, error = self.lumoz("collateral", "fetch", "--service", self.server.url, "--fmspc", "00" * 6, "--cache", self.cache)
        self.assertEqual((code, error["error"]), (1, "E_COLLATERAL_UNKNOWN"))
        code, error = self.fetch("--eval", "9")
        self.assertEqual((code, error["error"]), (1, "E_COLLATERAL_GONE"))

    def test_genuine_documents_serve_a_genuine_quote_from_a_cache(self):
        for quote, bundle, day in (("cbdb5b2f", "C_tdx_90C06F_2026-02", "2026-03-05T10:50:03Z"), ("c81a90ee", "H_sgx_00606A_2025-08", "2025-08-30T05:09:06Z")):
            quote, bundle = VECTORS / f"quotes/real/{quote}.bin", VECTORS / f"collateral/real/{bundle}.json"
            if not (bundle.exists() and quote.exists()):
                self.skipTest("no shared vectors here; set LUMOZ_VECTORS")
            cache = self.work / bundle.stem
            code, verdict = self.lumoz("collateral", "import", bundle, "--cache", cache, "--at", day, root=False)
            self.assertEqual((code, verdict["simulated"]), (0, False))
            code, verdict = self.lumoz("verify", "quote", quote, "--collateral-cache", cache, "--at", day, root=False)
            self.assertEqual(verdict["simulated"], False)
            self.assertEqual((code, verdict), self.lumoz("verify", "quote", quote, "--collateral", bundle, "--at", day, root=False))
            code, error = self.lumoz("verify", "quote", quote, "--collateral-cache", self.work / "empty", "--at", day, root=False)
            self.assertEqual((code, error["error"]), (1, "E_COLLATERAL_NONE"))
            code, error = self.lumoz("verify", "quote", quote, "--at", day, root=False)
            self.assertEqual((code, error["error"]), (1, "E_USAGE"))

    def test_wrong_use_is_told(self):
        for arguments in (["fetch", "--fmspc", FMSPC, "--cache", self.cache], ["fetch", "--service", self.server.url, "--cache", self.cache],
                          ["export", "--fmspc", FMSPC], ["fetch", "--service", self.server.url, "--fmspc", "12", "--cache", self.cache]):
            code, error = self.lumoz("collateral", *arguments)
            self.assertEqual((code, error["error"]), (1, "E_USAGE"), arguments)
        code, error = self.lumoz("collateral", "fetch", "--service", "http://192.0.2.1", "--fmspc", FMSPC, "--cache", self.cache)
        self.assertEqual((code, error["error"]), (1, "E_COLLATERAL_URL"))


class Misbehaviour(Vendor):
    def bent(self, kind, fault):
        shutil.rmtree(self.cache, ignore_errors=True)
        self.server.faults = {kind: fault}
        code, error = self.fetch()
        self.server.faults = {}
        return code, error["error"]

    def set(self, **members):
        def fault(reply):
            for name, value in members.items():
                setattr(reply, name, value)
        return fault

    def test_statuses_and_redirects(self):
        for kind in ("tcb", "qe", "pckcrl"):
            for status, rule in ((302, "E_COLLATERAL_REDIRECT"), (404, "E_COLLATERAL_UNKNOWN"), (410, "E_COLLATERAL_GONE"),
                                 (429, "E_COLLATERAL_SERVICE"), (500, "E_COLLATERAL_SERVICE")):
                self.assertEqual(self.bent(kind, self.set(status=status)), (1, rule), (kind, status))
        elsewhere = CollateralServer(self.folder / "tee/collateral.json")
        self.addCleanup(elsewhere.close)

        def redirect(reply):
            reply.status, reply.headers, reply.body = 301, {"Location": elsewhere.url + "/sgx/certification/v4/rootcacrl"}, b""
        self.assertEqual(self.bent("*", redirect), (1, "E_COLLATERAL_REDIRECT"))
        self.assertEqual(elsewhere.paths(), [], "a redirect was followed")

    def test_answers_that_are_no_documents(self):
        html = b"<!DOCTYPE html><html><body>Please log in to the network</body></html>"
        for kind, rule in (("tcb", "E_COLLATERAL_ANSWER"), ("qe", "E_COLLATERAL_ANSWER"), ("pckcrl", "E_CRL_PARSE"), ("rootcacrl", "E_CRL_PARSE")):
            for body in (html, b"", b"{}", b"null", b"\x00\xff\xfe"):
                self.assertEqual(self.bent(kind, self.set(body=body))[1], rule, (kind, body))

    def test_cut_answers(self):
        for kind in ("tcb", "qe", "pckcrl", "rootcacrl"):
            for cut in (0, 1, 100):
                self.assertEqual(self.bent(kind, self.cut(cut)), (1, "E_NET_CLOSED"), (kind, cut))

    @staticmethod
    def cut(size):
        def fault(reply):
            reply.cut_at, reply.announced = size, len(reply.body)
        return fault

    def test_oversized_answers(self):
        self.assertEqual(self.bent("tcb", self.set(body=b" " * (3 << 20)))[1], "E_HTTP_BODY_TOO_LARGE")
        self.assertEqual(self.bent("tcb", self.set(announced=1 << 40))[1], "E_HTTP_BODY_TOO_LARGE")

        def long_head(reply):
            reply.headers["X-Long"] = "a" * 100000
        self.assertEqual(self.bent("tcb", long_head)[1], "E_HTTP_HEAD_TOO_LARGE")

    def test_what_is_not_http(self):
        self.assertEqual(self.bent("tcb", self.set(raw=b"\x16\x03\x01\x02\x00\x01 not http\r\n\r\n"))[1], "E_HTTP_RESPONSE")
        self.assertEqual(self.bent("tcb", self.set(raw=b""))[1], "E_NET_CLOSED")

    def test_headers(self):
        for kind, name in CHAIN_HEADERS.items():
            def missing(reply, name=name):
                del reply.headers[name]

            def other_name(reply, name=name):
                reply.headers["Issuer-Chain"] = reply.headers.pop(name)

            def twice(reply, name=name):
                reply.headers[name] = [reply.headers[name]] * 2

            def encoded_twice(reply, name=name):
                reply.headers[name] = reply.headers[name].replace("%", "%25")

            def truncated(reply, name=name):
                reply.headers[name] = reply.headers[name][:200]

            def broken(reply, name=name):
                reply.headers[name] = "%zz" + reply.headers[name]
            for fault, rule in ((missing, "E_COLLATERAL_HEADER"), (other_name, "E_COLLATERAL_HEADER"), (twice, "E_COLLATERAL_HEADER"),
                                (encoded_twice, "E_CERT_PARSE"), (truncated, "E_CERT_PARSE"), (broken, "E_CERT_PARSE")):
                self.assertEqual(self.bent(kind, fault)[1], rule, (kind, fault.__name__))

        def lower_case(reply):
            reply.headers = {name.lower(): value for name, value in reply.headers.items()}
        self.server.faults = {"*": lower_case}
        self.assertEqual(self.fetch()[0], 0)

    def test_chains_of_the_wrong_kind(self):
        def swapped(reply):
            chain = reply.headers[CHAIN_HEADERS["tcb"]]
            marker = "-----END%20CERTIFICATE-----%0A"
            first, second = [part + marker for part in chain.split(marker)[:2]]
            reply.headers[CHAIN_HEADERS["tcb"]] = second + first

        def alone(reply):
            marker = "-----END%20CERTIFICATE-----%0A"
            reply.headers[CHAIN_HEADERS["tcb"]] = reply.headers[CHAIN_HEADERS["tcb"]].split(marker)[0] + marker
        self.assertEqual(self.bent("tcb", swapped), (10, "E_CHAIN_ORDER"))
        self.assertEqual(self.bent("tcb", alone), (10, "E_CHAIN_LENGTH"))

    def test_a_document_that_was_written_anew_has_no_signature(self):
        def pretty(reply):
            reply.body = json.dumps(json.loads(reply.body), indent=1).encode()
        self.assertEqual(self.bent("tcb", pretty), (10, "E_TCBINFO_SIGNATURE"))
        self.assertEqual(self.bent("qe", pretty), (10, "E_QEID_SIGNATURE"))

    def test_revocation_lists_in_every_encoding(self):
        for kind, member in (("pckcrl", "pck_crl"), ("rootcacrl", "root_ca_crl")):
            text = self.server.bundle()[member]
            der = bytes.fromhex(text)
            lines = "".join(base64.b64encode(der[i : i + 48]).decode() + "\n" for i in range(0, len(der), 48))
            pem = f"-----BEGIN X509 CRL-----\n{lines}-----END X509 CRL-----\n"
            for body in (text.encode(), text.upper().encode(), der, pem.encode()):
                self.server.faults = {kind: self.set(body=body)}
                self.assertEqual(self.fetch()[0], 0, (kind, body[:20]))
            for body in (text.encode().hex().encode(), der + b"\0", der[:-1], pem.replace("X509 CRL", "CERTIFICATE").encode()):
                self.assertEqual(self.bent(kind, self.set(body=body))[1], "E_CRL_PARSE", (kind, body[:20]))

    def test_documents_of_the_past_and_of_the_future(self):
        code, error = self.fetch("--at", "2099-01-01T00:00:00Z")
        self.assertEqual((code, error["error"]), (10, "E_TCBINFO_EXPIRED"))
        code, error = self.fetch("--at", "2024-06-01T00:00:00Z")
        self.assertEqual((code, error["error"]), (10, "E_TCBINFO_NOT_YET_VALID"))
        self.assertEqual(os.listdir(self.cache), [])

    def test_what_is_kept_stands_in_for_any_of_it(self):
        self.assertEqual(self.fetch()[0], 0)
        for fault in (self.set(status=500), self.set(body=b"<html>"), self.set(raw=b"x"), self.cut(10)):
            self.server.faults = {"*": fault}
            code, verdict = self.fetch("--out", self.work / "out.json")
            self.assertEqual((code, verdict["fetched"]), (0, 0))
            self.assertEqual([item["code"] for item in verdict["not_checked"]], ["N_COLLATERAL_RENEWAL"] * 4)
            self.assertTrue((self.work / "out.json").exists())

    def test_a_service_that_hangs_is_left_after_its_time(self):
        begin = time.monotonic()
        self.assertEqual(self.bent("tcb", self.set(delay=25)), (1, "E_NET_TIMEOUT"))
        self.assertLess(time.monotonic() - begin, 22)

    @unittest.skipUnless(harness.FULL, "takes the whole time limit of one answer")
    def test_a_service_that_drips_is_left_after_its_time(self):
        begin = time.monotonic()
        self.assertEqual(self.bent("tcb", self.set(drip=0.5)), (1, "E_NET_TIMEOUT"))
        self.assertLess(time.monotonic() - begin, 40)


class Daemon(unittest.TestCase):
    """lumozd asks the service, serves through its outages, and says how long that will go well."""

    def setUp(self):
        self.engine = ScriptedEngine()
        self.addCleanup(self.engine.close)

    def service(self, **config):
        """A daemon whose collateral service reads the bundle of the daemon's own stand-in TEE."""
        server = CollateralServer("/nonexistent")
        self.addCleanup(server.close)
        outer = self

        class WithService(Service):
            def start(self, wait=True):
                server.bundle_path = self.folder / "tee" / "collateral.json"
                self.config.pop("collateral.file", None)
                self.config.update({"collateral.service": server.url, "collateral.roots": [self.root], **config})
                outer.addCleanup(self.close)
                super().start(wait)
        return WithService(self.engine.url), server

    def metrics(self, service):
        text = service.get("/metrics").body.decode()
        return {line.split(" ")[0]: float(line.split(" ")[1]) for line in text.splitlines() if line.startswith("lumoz_collateral")}

    def test_reports_carry_what_the_service_gave(self):
        service, server = self.service()
        report = service.get("/v1/attestation/report?nonce=" + "ab" * 32).json()
        self.assertEqual(report["collateral"]["tcb_info"], server.bundle()["tcb_info"])
        (service.folder / "report.json").write_text(json.dumps(report))
        code, out, err = service.lumoz("verify", "report", service.folder / "report.json", "--nonce", "ab" * 32, "--root-spki", service.root,
                                       "--policy", service.policy, "--json")
        self.assertEqual(code, 0, out + err)
        ready = service.get("/ready").json()
        self.assertEqual((ready["checks"]["collateral"], ready["warnings"]), ("ok", {}))
        metrics = self.metrics(service)
        self.assertGreater(metrics["lumoz_collateral_seconds_left"], 20 * 86400)
        self.assertEqual((metrics["lumoz_collateral_warning"], metrics["lumoz_collateral_renewals_total"]), (0, 1))
        self.assertEqual(len(server.paths()), 4)

    def test_an_outage_is_named_and_does_not_stop_anything(self):
        service, server = self.service(**{"collateral.refresh": "1s"})
        wait_for(lambda: self.metrics(service)["lumoz_collateral_renewals_total"] >= 2, 20, "a second renewal")
        server.down = True
        wait_for(lambda: self.metrics(service)["lumoz_collateral_failures_total"] >= 1, 20, "a failure")
        ready = service.get("/ready")
        self.assertEqual((ready.status, ready.json()["checks"]["collateral"]), (200, "ok"))
        self.assertEqual(ready.json()["warnings"], {"collateral": "not renewed: E_NET_CLOSED"})
        self.assertEqual(self.metrics(service)["lumoz_collateral_warning"], 1)
        self.assertIn("collateral", service.get("/v1/attestation/report?nonce=" + "cd" * 32).json())
        self.assertEqual(service.chat().status, 200)
        server.down = False
        wait_for(lambda: service.get("/ready").json()["warnings"] == {}, 20, "the end of the warning")

    def test_it_starts_from_its_cache_while_the_service_is_away(self):
        service, server = self.service()
        server.down = True
        service.restart()
        self.assertIn("collateral", service.get("/v1/attestation/report?nonce=" + "ab" * 32).json())

    def test_without_any_collateral_it_is_not_ready_and_becomes_so_by_itself(self):
        server = CollateralServer("/nonexistent")
        server.down = True
        self.addCleanup(server.close)
        service = Service(self.engine.url)
        self.addCleanup(service.close)
        server.bundle_path = service.folder / "tee" / "collateral.json"
        service.stop()
        del service.config["collateral.file"]
        service.config.update({"collateral.service": server.url, "collateral.roots": [service.root], "collateral.refresh": "2s"})
        service.start(wait=False)
        service.address = wait_for(lambda: service._listening().get("http"), 30, "the listener")
        ready = service.get("/ready")
        self.assertEqual((ready.status, ready.json()["checks"]["collateral"]), (503, "E_COLLATERAL_NONE"))
        self.assertNotIn("collateral", service.get("/v1/attestation/report?nonce=" + "ab" * 32).json())
        server.down = False
        wait_for(lambda: service.get("/ready").status == 200, 30, "collateral")

    def test_it_warns_long_before_the_end(self):
        service, _ = self.service(**{"collateral.warn_before": "60d"})
        warnings = service.get("/ready").json()["warnings"]
        self.assertRegex(warnings["collateral"], r"^runs out in \d+ s$")
        self.assertEqual(self.metrics(service)["lumoz_collateral_warning"], 1)

    def test_a_fetch_under_way_does_not_delay_the_end(self):
        service, server = self.service(**{"collateral.refresh": "1s"})

        def hang(reply):
            reply.delay = 14
        server.faults = {"*": hang}
        server.forget()
        wait_for(server.paths, 20, "a request that hangs")
        begin = time.monotonic()
        self.assertEqual(service.stop(signal.SIGTERM), 0)
        self.assertLess(time.monotonic() - begin, 8)

    def test_file_and_service_exclude_each_other(self):
        folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        (folder / "c.toml").write_text('[collateral]\nfile = "x"\nservice = "http://127.0.0.1:1"\n[engine]\nkind = "url"\nurl = "http://127.0.0.1:1"\n')
        done = subprocess.run([program("lumozd"), "--config", str(folder / "c.toml")], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("exclude each other", done.stderr)


if __name__ == "__main__":
    unittest.main()
