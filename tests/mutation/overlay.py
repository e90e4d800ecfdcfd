# SPDX-License-Identifier: Apache-2.0
"""The mutated copy of the sources that the build `mutants` compiles in their place."""

import glob
import os

from operators import Finder
from source import Source

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = ("verify", "evidence")
# They help tests; and what only writes.
LEFT_OUT = ("_test.cpp", "/gzip_write.cpp", "/test_tee.cpp", "/test_service.hpp")
HEADERS = ("evidence/schema.hpp",)


def sources():
    """Files below src/ that are mutated: every source of the two folders, and headers that hold checks."""
    for folder in FOLDERS:
        for path in sorted(glob.glob(os.path.join(ROOT, "src", folder, "*.cpp"))):
            name = os.path.relpath(path, os.path.join(ROOT, "src"))
            if not ("/" + name).endswith(LEFT_OUT):
                yield name
    yield from HEADERS


def find(name):
    with open(os.path.join(ROOT, "src", name), encoding="utf-8") as file:
        return Finder(name, Source(file.read())).run()


def write(folder):
    """Writes the mutated files below `folder` where they differ, and returns all mutants."""
    mutants = []
    for name in sources():
        finder = find(name)
        mutants += finder.mutants
        path = os.path.join(folder, name)
        text = f'#include "mutant.hpp"\n#line 1 "src/{name}"\n' + finder.mutated()
        if name.endswith(".hpp"):
            text = "#pragma once\n" + text.replace("#pragma once", "", 1)
        if not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    by_id = {mutant.id: mutant for mutant in mutants}
    if len(by_id) != len(mutants):
        raise SystemExit("two mutants share an id: lengthen it")
    return mutants


def all_mutants():
    return [mutant for name in sources() for mutant in find(name).mutants]
