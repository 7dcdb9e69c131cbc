#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Copies an ONNX file with one weight changed: the proof that verification notices. Standard library only.

Walks the protobuf wire format down ModelProto.graph (7) -> GraphProto.initializer (5) -> TensorProto.raw_data (9)
and patches one float32 in place, so the file keeps its size and stays a valid network.
"""
import argparse
import pathlib
import struct
import sys

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
GRAPH, INITIALIZER = 7, 5
DIMS, DATA_TYPE, NAME, RAW_DATA, FLOAT32 = 1, 2, 8, 9, 1


class FormatError(Exception):
    pass


def read_varint(data, at, end):
    value = shift = 0
    while at < end and shift < 64:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise FormatError(f"offset {at}: varint does not end")


def fields(data, at, end):
    """(field number, wire type, value or (begin, end)) of one message."""
    while at < end:
        key, at = read_varint(data, at, end)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = read_varint(data, at, end)
        elif wire == BYTES:
            length, at = read_varint(data, at, end)
            value, at = (at, at + length), at + length
        elif wire in (FIXED32, FIXED64):
            size = 4 if wire == FIXED32 else 8
            value, at = (at, at + size), at + size
        else:
            raise FormatError(f"offset {at}: wire type {wire} is not used by ONNX")
        if at > end:
            raise FormatError(f"offset {at}: field {number} reaches beyond its message")
        yield number, wire, value


def initializers(data):
    """{name: (begin, end) of the raw float32 data}"""
    found = {}
    for number, wire, graph in fields(data, 0, len(data)):
        if (number, wire) != (GRAPH, BYTES):
            continue
        for inner, inner_wire, tensor in fields(data, *graph):
            if (inner, inner_wire) != (INITIALIZER, BYTES):
                continue
            name, kind, raw = "", None, None
            for field, _, value in fields(data, *tensor):
                if field == NAME:
                    name = data[value[0]:value[1]].decode("utf-8", "replace")
                elif field == DATA_TYPE:
                    kind = value
                elif field == RAW_DATA:
                    raw = value
            if kind == FLOAT32 and raw:
                found[name] = raw
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("target", type=pathlib.Path)
    parser.add_argument("--tensor", default="classify.weight", help="initializer to change (default: %(default)s)")
    parser.add_argument("--index", type=int, default=0, help="element, counted in memory order (default: 0)")
    parser.add_argument("--add", type=float, default=0.5, help="added to it (default: 0.5)")
    args = parser.parse_args()
    try:
        data = bytearray(args.source.read_bytes())
        tensors = initializers(data)
        if args.tensor not in tensors:
            raise FormatError(f"no float32 initializer '{args.tensor}'; there are: {', '.join(sorted(tensors)) or 'none'}")
        begin, end = tensors[args.tensor]
        count = (end - begin) // 4
        if not 0 <= args.index < count:
            raise FormatError(f"--index {args.index} is outside '{args.tensor}', which has {count} elements")
        at = begin + 4 * args.index
        old = struct.unpack_from("<f", data, at)[0]
        struct.pack_into("<f", data, at, old + args.add)
        args.target.write_bytes(data)
    except (OSError, FormatError) as error:
        print(f"perturb_onnx: {args.source}: {error}", file=sys.stderr)
        return 1
    print(f"{args.target}: {args.tensor}[{args.index}] at offset {at:#x} changed from {old:g} to {old + args.add:g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
