#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Figures of the data path as ratios to a yardstick of the same run: a table, and the same as JSON.

    bench_ratios.py RESULTS.json OUT.json

RESULTS.json is Google Benchmark's output of bench_datapath. Medians where there are repetitions. Never fails for a figure
that misses its aim: machines differ, and ratios are for people (and for qaic-perf compare) to judge.
"""
import json
import sys

# row, yardstick, aim: cycles_per_op of the row over cycles_per_op of the yardstick
RATIOS = [
    ("bm_native/burst:1", "bm_crypto_null/burst:1", 1.5),
    ("bm_native/burst:8", "bm_crypto_null/burst:8", 2.0),
    ("bm_native/burst:32", "bm_crypto_null/burst:32", 2.0),
    ("bm_mldev/burst:1", "bm_crypto_null/burst:1", 2.0),
    ("bm_mldev/burst:8", "bm_crypto_null/burst:8", 3.0),
    ("bm_mldev/burst:32", "bm_crypto_null/burst:32", 3.0),
    ("bm_native_shared/burst:32", "bm_native/burst:32", 2.0),
    ("bm_native_active/channels:256", "bm_native_active/channels:1", 1.15),
]


def medians(results):
    """name -> cycles an operation; the median of repetitions when there is one."""
    cycles = {}
    for row in results["benchmarks"]:
        if "cycles_per_op" not in row:
            continue
        name = row.get("run_name", row["name"])
        if row.get("aggregate_name") == "median" or name not in cycles:
            cycles[name] = row["cycles_per_op"]
    return cycles


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as f:
        results = json.load(f)
    cycles = medians(results)
    rows = []
    print(f"{'':32} {'cycles/op':>10} {'yardstick':>10} {'ratio':>6} {'aim':>5}")
    for name, yardstick, aim in RATIOS:
        if name not in cycles or not cycles.get(yardstick):
            sys.exit(f"bench_ratios: {sys.argv[1]} has no figure for {name} or {yardstick}")
        ratio = cycles[name] / cycles[yardstick]
        rows.append({"name": name, "yardstick": yardstick, "cycles_per_op": cycles[name],
                     "yardstick_cycles_per_op": cycles[yardstick], "ratio": ratio, "aim": aim, "met": ratio <= aim})
        print(f"{name:32} {cycles[name]:10.1f} {cycles[yardstick]:10.1f} {ratio:6.2f} {aim:5.2f}"
              f"{'' if ratio <= aim else '  missed'}")
    with open(sys.argv[2], "w", encoding="utf-8") as f:
        json.dump({"schema": 1, "context": results["context"], "ratios": rows}, f, indent=2)


main()
