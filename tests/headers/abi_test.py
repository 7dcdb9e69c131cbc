# SPDX-License-Identifier: BSD-3-Clause
"""abi_test.py PROGRAM LIST: PROGRAM must print exactly LIST (sizes and offsets of DPDK's driver structs)."""
import difflib
import subprocess
import sys

program, expected = sys.argv[1:]
got = subprocess.run([program], check=True, capture_output=True, text=True, timeout=30).stdout.splitlines()
with open(expected, encoding="utf-8") as f:
    want = f.read().splitlines()
diff = list(difflib.unified_diff(want, got, expected, program, lineterm="", n=0))
print("\n".join(diff) or f"{len(got)} sizes and offsets as expected")
sys.exit(1 if diff or len(got) < 60 else 0)
