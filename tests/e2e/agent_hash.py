#!/usr/bin/env python3
"""SHA-256 and HMAC-SHA-256 of the device loop against Python's hashlib and hmac (OpenSSL), for every length around the blocks.

The functions are called in the shared library. ctest: parallel
"""
import ctypes
import hashlib
import hmac
import os
import random

import _symgrid as sg
from _symgrid import check, require

LIBRARY = os.path.join(os.environ.get("SYMGRID_BUILD_DIR", os.path.join(sg.ROOT, "build", "release")), "libsymgrid.so")
STATE_SIZE = 8 * 4 + 4 + 64


def test(_folder):
    if not os.path.exists(LIBRARY):
        raise sg.Skip(f"no {LIBRARY} in this build")
    library = ctypes.CDLL(LIBRARY)
    draw = random.Random(1)
    out = ctypes.create_string_buffer(32)
    state = ctypes.create_string_buffer(STATE_SIZE)
    count = 0
    for length in [*range(300), 1000, 4095, 4096, 65537]:
        data = draw.randbytes(length)
        library.sg_sha256_start(state)
        at = 0
        while at < length:  # in pieces of any size
            piece = draw.randint(1, 130)
            library.sg_sha256_add(state, data[at:at + piece], len(data[at:at + piece]))
            at += piece
        library.sg_sha256_end(state, out)
        require(out.raw == hashlib.sha256(data).digest(), f"SHA-256 of {length} bytes")
        for key_length in (0, 1, 32, 63, 64, 65, 200):
            key = draw.randbytes(key_length)
            library.sg_hmac_sha256(key, key_length, data, length, out)
            require(out.raw == hmac.digest(key, data, "sha256"), f"HMAC of {length} bytes under {key_length}")
            count += 1
    check(count > 2000, f"{count} tags and digests are those of OpenSSL")


if __name__ == "__main__":
    sg.main(test)
