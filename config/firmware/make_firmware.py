#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the firmware files of the emulated card.

Each is an ELF64 file: header, one PT_NOTE that describes the image, one PT_LOAD with a payload made of
reproducible noise. Layout: lib/card/firmware_image.hpp. The card executes none of it; it only checks that what
it is given is what was built, so that a missing, truncated or altered file is noticed as on a real card.
"""
import argparse
import pathlib
import random
import struct
import zlib

VERSION = "emulated-1.0"
MAGIC = 0x57464941  # "AIFW"
PT_LOAD, PT_NOTE = 1, 4

# name: (id, payload bytes). Sizes chosen for what they exercise: more than one READ_DATA of 0x80000 (fw1),
# exactly one (fw4), odd (fw2, fw6), tiny (fw9), one transfer element and one more (fw8, fw5).
IMAGES = {
    "sbl.bin": (0, 150_001),
    "fw1.bin": (1, 1_200_003),
    "fw2.bin": (2, 12_345),
    "fw4.bin": (4, 0x80000),
    "fw5.bin": (5, 65_536),
    "fw6.bin": (6, 333_333),
    "fw8.bin": (8, 65_535),
    "fw9.bin": (9, 1),
    "fw10.bin": (10, 200_000),
}


def image(ident: int, payload: bytes, version: str) -> bytes:
    note = struct.pack("<III8sIIII32s", 5, 48, 1, b"QAIC", MAGIC, ident, len(payload), zlib.crc32(payload),
                       version.encode())
    headers_end = 64 + 2 * 56
    elf = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 0, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)

    def program_header(kind: int, offset: int, size: int) -> bytes:
        return struct.pack("<IIQQQQQQ", kind, 4, offset, 0, 0, size, size, 1)

    return (elf + program_header(PT_NOTE, headers_end, len(note)) +
            program_header(PT_LOAD, headers_end + len(note), len(payload)) + note + payload)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=pathlib.Path, help="directory to write to")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, (ident, size) in IMAGES.items():
        payload = random.Random(ident).randbytes(size)
        (out / name).write_bytes(image(ident, payload, f"{name} {VERSION}"))


if __name__ == "__main__":
    main()
