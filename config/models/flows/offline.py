#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The packets pipeline without a pipeline: a capture to one label a packet, in Python and numpy alone.

    offline.py flows.onnx FILE.pcap OUT.u8 [--features OUT.f32] [--compare LABELS.u8]

Writes one byte a packet, in the capture's order: the class (their names: facts.json), 255 for a packet that is refused.
--compare: exit status 1, and the first that differs, unless the file holds the same bytes.
"""
import argparse
import pathlib
import struct
import sys

import numpy as np

from features import features_of

NONE = 255


def fields(data):
    """(number, value) of each field of a protobuf message: bytes, or an integer."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value
    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
            continue
        size = varint() if tag & 7 == 2 else {1: 8, 5: 4}[tag & 7]
        yield tag >> 3, data[at:at + size]
        at += size


def layers_of(onnx):
    """[(weights [out, in], bias [out])] of a chain of Gemm (transB) and Relu; of anything else an error."""
    graph = dict(fields(pathlib.Path(onnx).read_bytes()))[7]
    tensors, layers, kinds = {}, [], []
    for number, value in fields(graph):
        if number == 5:  # initializer: dims 1, name 8, raw_data 9
            parts = list(fields(value))
            shape = [v if isinstance(v, int) else int.from_bytes(v, "little") for n, v in parts if n == 1]
            tensors[dict(parts)[8]] = np.frombuffer(dict(parts)[9], "<f4").reshape(shape)
    for number, value in fields(graph):
        if number == 1:  # node: input 1, op_type 4
            kinds.append(dict(fields(value))[4].decode())
            if kinds[-1] == "Gemm":
                layers.append([tensors[v] for n, v in fields(value) if n == 1 and v in tensors])
    if kinds != ["Gemm", "Relu"] * (len(layers) - 1) + ["Gemm"] or any(len(two) != 2 for two in layers):
        raise SystemExit(f"{onnx}: not a chain of Gemm and Relu: {kinds}")
    return layers


def logits_of(layers, x):
    for i, (weights, bias) in enumerate(layers):
        x = x @ weights.T + bias
        x = np.maximum(x, np.float32(0)) if i + 1 < len(layers) else x
    return x


def labels_of(logits, parsed):
    return np.where(parsed, logits.argmax(1), NONE).astype("u1")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("onnx", "pcap", "out"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--features", type=pathlib.Path)
    parser.add_argument("--compare", type=pathlib.Path)
    args = parser.parse_args()
    features, parsed, _ = features_of(args.pcap)
    labels = labels_of(logits_of(layers_of(args.onnx), features), parsed)
    labels.tofile(args.out)
    if args.features:
        features.tofile(args.features)
    print(f"{args.pcap.name}: {len(labels)} packets, {int((~parsed).sum())} refused")
    if args.compare:
        wanted = np.fromfile(args.compare, "u1")
        if len(wanted) != len(labels) or (wanted != labels).any():
            same = min(len(wanted), len(labels))
            first = int(np.append(np.flatnonzero(wanted[:same] != labels[:same]), same)[0])
            print(f"differs from {args.compare} from packet {first} on ({len(labels)} labels, {len(wanted)} wanted)")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
