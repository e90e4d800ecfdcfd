#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""liblumoz by ctypes: the same verdicts as `lumoz verify … --json`, as dictionaries.

    python3 examples/python/lumoz.py build/release/lib/liblumoz.so QUOTE COLLATERAL.json [UNIX_TIME]
"""

import ctypes
import json
import pathlib
import sys
import time

ABI = 1


class Bytes(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_size_t)]

    def __init__(self, content=b""):
        super().__init__(content, len(content))


class Text(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t)]


class Trust(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("now", ctypes.c_int64), ("policy", Bytes), ("roots", ctypes.c_char_p), ("root_count", ctypes.c_size_t)]


class Lumoz:
    """The functions of lumoz.h. Each gives (exit status, document)."""

    def __init__(self, path):
        self.library = ctypes.CDLL(str(path))
        if self.library.lumoz_abi() != ABI:
            raise OSError(f"{path} has another binary interface")
        self.library.lumoz_version.restype = ctypes.c_char_p
        self.version = self.library.lumoz_version().decode()

    def verify_quote(self, quote, collateral, event_log=b"", **trust):
        return self._run("lumoz_verify_quote", trust, Bytes(quote), Bytes(collateral), Bytes(event_log))

    def verify_report(self, report, nonce=None, collateral=b"", **trust):
        if nonce is not None and len(nonce) != 32:
            raise ValueError("a nonce has 32 bytes")
        return self._run("lumoz_verify_report", trust, Bytes(report), ctypes.c_char_p(nonce), Bytes(collateral))

    def verify_answer(self, request, response, proof, evidence=b"", **trust):
        return self._run("lumoz_verify_answer", trust, Bytes(request), Bytes(response), Bytes(proof), Bytes(evidence))

    def _run(self, name, trust, *arguments):
        out = Text()
        status = getattr(self.library, name)(ctypes.byref(_trust(**trust)), *arguments, ctypes.byref(out))
        try:
            return status, json.loads(ctypes.string_at(out.data, out.size)) if out.data else {}
        finally:
            self.library.lumoz_text_free(ctypes.byref(out))


def _trust(now=None, policy=None, roots=()):
    text = json.dumps(policy).encode() if policy is not None else b""
    return Trust(ctypes.sizeof(Trust), int(now if now is not None else time.time()), Bytes(text), b"".join(roots), len(roots))


def main():
    if len(sys.argv) not in (4, 5):
        print("usage: lumoz.py LIBLUMOZ.SO QUOTE COLLATERAL.json [UNIX_TIME]", file=sys.stderr)
        return 1
    library, quote, collateral = sys.argv[1], *(pathlib.Path(name).read_bytes() for name in sys.argv[2:4])
    status, document = Lumoz(library).verify_quote(quote, collateral, now=sys.argv[4] if len(sys.argv) == 5 else None)
    print(json.dumps(document, indent=1))
    return status


if __name__ == "__main__":
    sys.exit(main())
