#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Packets of a pcap file to sixteen float32 each: what lib/flow does in C++, said again in Python (the definition is the
table in lib/flow/features.hpp). Whole numbers, so that both give the same bits; a test compares them.

    features.py FILE.pcap OUT.f32        64 bytes a packet, little endian; of a packet that is refused, zeros
"""
import lzma
import pathlib
import struct
import sys

import numpy as np

N_FEATURES = 16
IDLE_US = 120_000_000
MOST_PACKETS = (1 << 24) - 1
MOST_GAP = (1 << 32) - 1
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58


class Refused(Exception):
    pass


def packets_of(path):
    """(microseconds, bytes) of each record of a pcap file, little endian, of microseconds; .xz is read as it is."""
    path = pathlib.Path(path)
    data = lzma.open(path).read() if path.suffix == ".xz" else path.read_bytes()
    if len(data) < 24 or struct.unpack_from("<I", data)[0] != 0xA1B2C3D4 or struct.unpack_from("<I", data, 20)[0] != 1:
        raise SystemExit(f"{path}: not a little-endian pcap of Ethernet frames in microseconds")
    at = 24
    while at < len(data):
        seconds, micros, kept, _ = struct.unpack_from("<4I", data, at)
        yield seconds * 1_000_000 + micros, data[at + 16:at + 16 + kept]
        at += 16 + kept


def need(p, at, end, size):
    if end - at < size:
        raise Refused("bad_length")
    if len(p) - at < size:
        raise Refused("cut_short")


def find_ip(p):
    at = 12
    for _ in range(3):
        if len(p) < at + 2:
            raise Refused("cut_short")
        kind = struct.unpack_from(">H", p, at)[0]
        if kind not in (0x8100, 0x88A8):
            if kind not in (0x0800, 0x86DD):
                raise Refused("not_ip")
            return at + 2, 4 if kind == 0x0800 else 6
        at += 4
    raise Refused("not_ip")


def read_ip(p):
    """Addresses, protocol, start of the IP header, of the transport header, end of the datagram, whether a fragment."""
    ip, version = find_ip(p)
    if version == 4:
        if len(p) - ip < 20:
            raise Refused("cut_short")
        header, total = (p[ip] & 15) * 4, struct.unpack_from(">H", p, ip + 2)[0]
        if p[ip] >> 4 != 4 or header < 20:
            raise Refused("bad_header")
        need(p, ip, ip + total, header)
        fragment = struct.unpack_from(">H", p, ip + 6)[0] & 0x3FFF != 0
        return p[ip + 12:ip + 16], p[ip + 16:ip + 20], p[ip + 9], ip, ip + header, ip + total, fragment
    if len(p) - ip < 40:
        raise Refused("cut_short")
    if p[ip] >> 4 != 6:
        raise Refused("bad_header")
    at, end, protocol, fragment, headers = ip + 40, ip + 40 + struct.unpack_from(">H", p, ip + 4)[0], p[ip + 6], False, 0
    while protocol in (0, 43, 44, 51, 60) and not fragment:
        need(p, at, end, 8)
        size = {44: 8, 51: 8 + p[at + 1] * 4}.get(protocol, 8 + p[at + 1] * 8)
        fragment = protocol == 44 and struct.unpack_from(">H", p, at + 2)[0] & 0xFFF9 != 0
        need(p, at, end, size)
        protocol, at, headers = p[at], at + size, headers + 1
        if headers > 8:
            raise Refused("too_deep")
    return p[ip + 8:ip + 24], p[ip + 24:ip + 40], protocol, ip, at, end, fragment


def parse(p):
    """(sender, receiver, protocol, length, push, empty); sender and receiver are (address, port)."""
    source, target, protocol, ip, at, end, fragment = read_ip(p)
    ports, push, empty = (0, 0), False, end == at
    if not fragment and protocol in (TCP, UDP, ICMP, ICMP6):
        size = 20 if protocol == TCP else 8
        need(p, at, end, size)
        if protocol == TCP:
            size = (p[at + 12] >> 4) * 4
            if size < 20:
                raise Refused("bad_header")
            if end - at < size:
                raise Refused("bad_length")
            push = bool(p[at + 13] & 8)
        if protocol in (TCP, UDP):
            ports = struct.unpack_from(">HH", p, at)
        elif p[at] in ((0, 8) if protocol == ICMP else (128, 129)):
            ports = struct.unpack_from(">H", p, at + 4) * 2
        empty = end - at == size
    return (source, ports[0]), (target, ports[1]), protocol, end - ip, push, empty


def lg(v):
    w = v + 1
    e = w.bit_length() - 1
    return (e * 16 + ((w << 4 >> e) & 15)) / 16


class Flow:
    def __init__(self, sender, now, length):
        self.sender, self.first, self.last = sender, now, now
        self.packets, self.bytes = [0, 0], [0, 0]
        self.avg8 = self.dev8 = self.pushes = self.empties = 0
        self.least = self.greatest = length

    def pass_time(self, now):
        gap = min(max(now - self.last, 0), MOST_GAP)
        self.last = max(self.last, now)
        if sum(self.packets) == 1:
            self.avg8, self.dev8 = gap * 8, gap * 4
        else:
            mean = self.avg8 // 8
            self.dev8 += abs(gap - mean) - self.dev8 // 8
            self.avg8 += gap - mean
        return gap

    def add(self, sender, protocol, now, length, push, empty):
        gap = self.pass_time(now) if sum(self.packets) else 0
        self.least, self.greatest = min(self.least, length), max(self.greatest, length)
        back = int(sender != self.sender)
        if sum(self.packets) < MOST_PACKETS:
            self.packets[back] += 1
            self.bytes[back] += length
            self.pushes += push
            self.empties += empty
        n = sum(self.packets)
        return [lg(self.packets[0]), lg(self.packets[1]), lg(self.bytes[0]), lg(self.bytes[1]),
                length, sum(self.bytes) // n, self.least, self.greatest,
                lg(gap), lg((self.last - self.first) // (n - 1)) if n > 1 else 0, lg(self.avg8 // 8), lg(self.dev8 // 8),
                back, {UDP: 0, TCP: 1}.get(protocol, 2), 256 * self.pushes // n, 256 * self.empties // n]


def features_of(path):
    """float32 [packets, 16]; bool [packets]: parsed; the parsed packets' (sender, receiver, protocol), None of others."""
    rows, keys, flows = [], [], {}
    for now, packet in packets_of(path):
        try:
            sender, receiver, protocol, length, push, empty = parse(packet)
        except Refused:
            rows.append([0] * N_FEATURES)
            keys.append(None)
            continue
        key = (frozenset((sender, receiver)), protocol, len(sender[0]))
        flow = flows.get(key)
        if flow is None or now - flow.last > IDLE_US:
            flow = flows[key] = Flow(sender, now, length)
        rows.append(flow.add(sender, protocol, now, length, push, empty))
        keys.append((sender, receiver, protocol))
    return np.array(rows, dtype="<f4"), np.array([k is not None for k in keys]), keys


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    features_of(sys.argv[1])[0].tofile(sys.argv[2])
