#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The release build is the same, bit for bit, in another folder.

The tree is copied elsewhere and built there without the compiler cache; the programs are compared with those of
build/release by SHA-256.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = ("lumozd", "lumoz")


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_tree(target):
    """Copies what git would: tracked files and new ones that are not ignored."""
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                           stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
    for name in names:
        source = os.path.join(ROOT, name)
        if name and os.path.isfile(source):
            os.makedirs(os.path.dirname(os.path.join(target, name)), exist_ok=True)
            shutil.copy(source, os.path.join(target, name))


class Reproducible(unittest.TestCase):
    def test_release_is_the_same_in_another_folder(self):
        here = os.path.join(ROOT, "build", "release", "bin")
        for name in PROGRAMS:
            if not os.path.exists(os.path.join(here, name)):
                self.skipTest(f"build/release/bin/{name} is not built; run scripts/build")
        with tempfile.TemporaryDirectory(prefix="lumoz-elsewhere-") as folder:
            tree = os.path.join(folder, "a", "longer", "path")
            copy_tree(tree)
            env = dict(os.environ, CCACHE_DISABLE="1")
            for command in (["cmake", "--preset", "release"],
                            ["cmake", "--build", "--preset", "release", "--target", *PROGRAMS]):
                done = subprocess.run(command, cwd=tree, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
                self.assertEqual(done.returncode, 0, done.stdout.decode("utf-8", "replace")[-4000:])
            for name in PROGRAMS:
                with self.subTest(name):
                    self.assertEqual(sha256(os.path.join(here, name)),
                                     sha256(os.path.join(tree, "build", "release", "bin", name)))


if __name__ == "__main__":
    unittest.main()
