#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trust anchors of the release: the vendor's root key is compiled in, and no root of a test or a sample is."""

import json
import os
import unittest

from release_binary_test import ROOT, artifact

VENDOR = "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e"
# SHA-256 of SubjectPublicKeyInfo: the root of the synthetic vectors, the root of the vendor's sample data.
FOREIGN = {"synthetic": "0e3ac0db2aed4d6bc0e809fc5a9fb8628b56719c5c0fdd28c15b643690791790",
           "vendor-sample": "6a3b29fc4ae6ef0e0a9241dc63aeb2a361b15af97a634803dcda3d7358a3e38a"}
SHIPPED = ("lumozd", "lumoz", "liblumoz.so")


def content(name):
    with open(artifact(name), "rb") as file:
        return file.read()


def forms(pin):
    """How a pin could stand in a program: raw in either byte order, hex in either case."""
    raw = bytes.fromhex(pin)
    return {"raw": raw, "raw, reversed": raw[::-1], "hex": pin.encode(), "upper hex": pin.upper().encode()}


class RootPins(unittest.TestCase):
    def test_the_vendors_root_is_compiled_in(self):
        for name in ("lumoz", "liblumoz.so"):
            with self.subTest(name):
                self.assertIn(bytes.fromhex(VENDOR), content(name))

    def test_no_other_root_is(self):
        for name in SHIPPED:
            text = content(name)
            for root, pin in FOREIGN.items():
                for form, needle in forms(pin).items():
                    with self.subTest(f"{name}: {root}, {form}"):
                        self.assertNotIn(needle, text)

    def test_the_list_is_that_of_the_vectors(self):
        manifest = os.path.join(os.environ.get("LUMOZ_VECTORS", os.path.join(ROOT, "..", "shared", "vectors")), "tdx", "MANIFEST.json")
        if not os.path.exists(manifest):
            self.skipTest("no shared vectors")
        with open(manifest, encoding="utf-8") as file:
            pins = {name: root["spki_sha256"] for name, root in json.load(file)["roots"].items()}
        self.assertEqual(pins, {"intel": VENDOR, **FOREIGN})


if __name__ == "__main__":
    unittest.main()
