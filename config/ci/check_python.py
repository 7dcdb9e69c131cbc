# SPDX-License-Identifier: BSD-3-Clause
"""Reads names of Python files; each must compile. Leaves no bytecode behind."""
import sys

bad = 0
for name in sys.stdin.read().splitlines():
    with open(name, encoding="utf-8") as f:
        try:
            compile(f.read(), name, "exec")
        except SyntaxError as error:
            print(f"{name}:{error.lineno}: {error.msg}")
            bad += 1
sys.exit(1 if bad else 0)
