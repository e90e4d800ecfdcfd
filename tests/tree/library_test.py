#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The binary interface of the release liblumoz.so: what it exports, what it needs, and that it does no I/O."""

import os
import re
import subprocess
import unittest

from release_binary_test import ROOT, artifact

CAPI = os.path.join(ROOT, "src", "capi")
# Everything of ours is linked in; these come from the distribution.
LIBRARIES = re.compile(r"^(libcrypto|libsodium|libsecp256k1|libz|libstdc\+\+|libgcc_s|libm|libc|ld-linux-x86-64)\.so")
# A verifier opens nothing, asks nobody, and takes the time from its caller. (write and clock_gettime are there for the one line
# on stderr, with its time, before the process ends because its crypto library failed.)
FORBIDDEN = re.compile(r"^(open|openat|fopen|freopen|socket|connect|bind|listen|accept|getaddrinfo|send|sendto|recv|recvfrom|fork|vfork|exec\w*|"
                       r"posix_spawnp?|system|popen|getenv|secure_getenv|setenv|time|gettimeofday|dlopen|pthread_create|signal|"
                       r"sigaction|exit)(64)?$")


def lines(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def symbols(*options):
    """(letter, name without version) of the dynamic symbol table."""
    for line in lines("nm", "--dynamic", *options, artifact("liblumoz.so")):
        letter, name = line.split()[-2:]
        yield letter, name.split("@")[0]


class Library(unittest.TestCase):
    def test_only_the_listed_symbols_leave_it(self):
        with open(os.path.join(CAPI, "exports.txt"), encoding="utf-8") as file:
            listed = file.read().split()
        self.assertEqual(sorted(name for letter, name in symbols("--defined-only") if letter != "A"), listed)

    def test_the_header_declares_what_is_exported(self):
        with open(os.path.join(CAPI, "lumoz.h"), encoding="utf-8") as file:
            declared = sorted(re.findall(r"LUMOZ_API [^;{}]*?\b(lumoz_\w+)\(", file.read()))
        with open(os.path.join(CAPI, "exports.txt"), encoding="utf-8") as file:
            self.assertEqual(declared, file.read().split())

    def test_it_does_no_io_and_keeps_no_private_key(self):
        found = sorted(name for _, name in symbols("--undefined-only") if FORBIDDEN.match(name) or re.search(r"(?<!_)sign(_|$)|PrivateKey|seed_keypair", name))
        self.assertEqual(found, [])

    def test_it_needs_only_the_distributions_libraries(self):
        needed = re.findall(r"NEEDED\).*\[(.+)\]", "\n".join(lines("readelf", "--dynamic", artifact("liblumoz.so"))))
        self.assertTrue(needed)
        self.assertEqual([name for name in needed if not LIBRARIES.match(name)], [])

    def test_its_name_carries_the_interface_number(self):
        with open(os.path.join(CAPI, "lumoz.h"), encoding="utf-8") as file:
            number = re.search(r"#define LUMOZ_ABI (\d+)u", file.read()).group(1)
        self.assertIn(f"[liblumoz.so.{number}]", "\n".join(lines("readelf", "--dynamic", artifact("liblumoz.so"))))


if __name__ == "__main__":
    unittest.main()
