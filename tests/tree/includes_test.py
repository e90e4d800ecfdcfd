#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The include graph: which folder may include which, and which third-party headers live where.

The table is the one of the house style (docs/HACKING.md); a new edge needs a decision record. Reads `#include` lines only.
"""

import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INCLUDE = re.compile(r'^\s*#\s*include\s*(?P<open>[<"])(?P<path>[^">]+)[">]')

CORE = {"base", "crypto", "evidence", "verify", "receipt", "proof", "measure"}
ALLOWED = {
    "base": set(),
    "crypto": {"base"},
    "evidence": {"base", "crypto"},
    "verify": {"base", "crypto", "evidence"},
    "receipt": {"base", "crypto"},
    "proof": {"base", "crypto", "evidence", "verify", "receipt"},
    "measure": {"base", "crypto", "evidence"},
    "tee": {"base", "crypto", "evidence"},
    "net": {"base", "crypto"},
    "collateral": {"base", "crypto", "evidence", "verify", "net"},
    "identity": {"base", "crypto", "evidence", "tee"},
    "channel": {"base", "crypto", "identity", "net"},
    "engine": {"base", "crypto", "net"},
    "store": {"base", "crypto", "receipt"},
    "translate": {"base"},
    "chain": {"base", "crypto", "evidence", "receipt", "net"},
    "capi": {"base", "crypto", "evidence", "verify"},
    "simtee": {"base", "crypto", "evidence"},
}
ALLOWED["gateway"] = set(ALLOWED) - {"measure", "chain", "proof", "capi", "simtee"}
ALLOWED["app"] = (set(ALLOWED) | {"gateway"}) - {"capi", "simtee"}

# Third-party headers by prefix: the folders that may include them.
THIRD_PARTY = {
    "boost/asio": {"net"},
    "boost/beast": {"net"},
    "boost/system": {"net"},
    "CLI/": {"app", "simtee"},
    "toml++/": {"app"},
    "openssl/": {"crypto", "net"},
    "secp256k1": {"crypto"},
    "sodium": {"crypto"},
    "sqlite3.h": {"store"},
    "zlib.h": {"evidence"},
    "libpq-fe.h": {"store"},
}
# Headers of ours that may name third-party ones: forward declarations in crypto/, Asio in net/, the secret types' wipe.
THIRD_PARTY_IN_HEADERS = {("crypto", "openssl/"), ("net", "boost/asio"), ("net", "boost/beast"), ("net", "boost/system"),
                          ("net", "openssl/")}
TEST_ONLY = ("gtest/", "gmock/")
# Devices, sockets, processes, clocks of the system stay out of the auditable core.
CORE_FORBIDDEN = re.compile(r"^(sys/(socket|stat|mman|ioctl|un|types)\.h|unistd\.h|fcntl\.h|netdb\.h|netinet/|arpa/|"
                            r"fstream|iostream|thread|mutex|condition_variable|future|filesystem)")
SYSTEM = re.compile(r"^(sys|linux|netinet|arpa|net|asm)/[\w.]+\.h$|^[a-z0-9_]+(\.h)?$")


def sources():
    """(folder, path relative to the root) of every C++ file of the product's libraries and of the simulator."""
    for top in ("src", "simtee"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith((".hpp", ".cpp", ".h")):
                    path = os.path.relpath(os.path.join(folder, name), ROOT)
                    yield ("simtee" if top == "simtee" else path.split(os.sep)[1]), path


def includes(path):
    """(line number, form, included path)."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match["open"], match["path"]


def is_test(path):
    return path.endswith("_test.cpp") or "/testing/" in path or os.path.basename(path) == "testing.hpp"


def project_offence(folder, path, target):
    first = target.split("/")[0]
    here = "simtee" if folder == "simtee" else "src/" + folder
    if "/" not in target:
        return None if os.path.exists(os.path.join(ROOT, here, target)) else "no such file in the same folder"
    if not (os.path.exists(os.path.join(ROOT, "src", target)) or os.path.exists(os.path.join(ROOT, target))):
        return "no such file in the project"
    if first == folder or first in ALLOWED[folder]:
        return None
    return f"{folder}/ may not include {first}/"


def system_offence(folder, path, target):
    if target.startswith(TEST_ONLY):
        return None if is_test(path) else "test header in product code"
    for prefix, folders in THIRD_PARTY.items():
        if not target.startswith(prefix):
            continue
        if folder not in folders and not (is_test(path) and prefix in ("openssl/", "sqlite3.h")):
            return f"{folder}/ may not include {prefix}"
        if path.endswith((".hpp", ".h")) and not is_test(path) and (folder, prefix) not in THIRD_PARTY_IN_HEADERS:
            return f"{prefix} in a header; include it in the .cpp"
        return None
    if not SYSTEM.match(target):
        return "third-party header that no row of the table allows"
    if folder in CORE and folder not in ("base", "crypto") and not is_test(path) and CORE_FORBIDDEN.match(target):
        return "input, output, threads and files stay out of the auditable core"
    return None


class Includes(unittest.TestCase):
    def test_every_folder_is_in_the_table(self):
        folders = {folder for folder, _ in sources()}
        self.assertEqual(folders - set(ALLOWED), set(), "folders without a row")

    def test_table_has_no_cycle(self):
        done = set()
        while len(done) < len(ALLOWED):
            ready = {f for f, below in ALLOWED.items() if f not in done and below <= done}
            self.assertTrue(ready, f"cycle among {set(ALLOWED) - done}")
            done |= ready

    def test_includes_follow_the_table(self):
        offences = []
        for folder, path in sources():
            if folder not in ALLOWED:
                continue
            for number, form, target in includes(path):
                rule = project_offence if form == '"' else system_offence
                what = rule(folder, path, target)
                if what:
                    offences.append(f"{path}:{number}: {target}: {what}")
        self.assertEqual(offences, [], "\n" + "\n".join(offences))

    def test_a_source_includes_its_own_header_first(self):
        offences = []
        for folder, path in sources():
            header = path.removesuffix(".cpp") + ".hpp"
            if not path.endswith(".cpp") or not os.path.exists(os.path.join(ROOT, header)):
                continue
            first = next((target for _, form, target in includes(path) if form == '"'), None)
            if first not in (header.removeprefix("src/"), os.path.basename(header)):
                offences.append(f"{path}: {first}")
        self.assertEqual(offences, [])


if __name__ == "__main__":
    unittest.main()
