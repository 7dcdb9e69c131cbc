# SPDX-License-Identifier: BSD-3-Clause
"""Includes point one way (CONTRIBUTING.md): prints each include that breaks a rule, exit status 1 if there is one.

check_includes.py [ROOT]
"""
import pathlib
import re
import sys

# (files below, but not these, must not include what starts with, why)
RULES = [
    ("lib/card", "", r"qaic/", "the card must not know the driver"),
    ("lib/card", "", r"qpc/", "the card reads programs from its own memory, lib/qpc is the host's side"),
    ("drivers", r"^drivers/qaic/bus/in_process", r"card/", "only bus/in_process* may know the emulated card"),
    ("lib/aic100", "", r"(card|qpc|stats|qaic)/", "the common ground stands on lib/base alone"),
    ("lib/base", "", r"(aic100|card|qpc|stats|qaic)/", "lib/base is the lowest layer"),
    ("lib/qpc", "", r"(card|stats|qaic)/", "the container library knows neither card nor driver"),
    ("lib/stats", "", r"(aic100|card|qpc|qaic|load)/", "statistics stand on lib/base alone"),
    ("lib/flow", "", r"(base|aic100|card|qpc|stats|qaic|load|pipeline)/", "flows stand on nothing"),
    ("lib/load", "", r"(aic100|card|qpc|qaic)/", "load knows neither card nor driver: its queues are parameters"),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*["<](?:lib/|drivers/|(?:\.\./)+(?:lib/|drivers/)?)?([^">]+)[">]')
SOURCES = {".hpp", ".h", ".cpp", ".cc", ".def", ".inc"}


def broken(root):
    """Yields one line per include that breaks a rule."""
    files = [p for top in ("lib", "drivers") for p in sorted((root / top).rglob("*")) if p.suffix in SOURCES]
    for path in files:
        name = path.relative_to(root).as_posix()
        rules = [r for r in RULES if name.startswith(r[0] + "/") and not (r[1] and re.match(r[1], name))]
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            for _, _, forbidden, why in rules if match else []:
                if re.match(forbidden, match.group(1)):
                    yield f"{name}:{number}: includes {match.group(1)}: {why}"
    if not files:
        yield f"{root}: no sources below lib/ and drivers/"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2])
    lines = list(broken(root))
    print("\n".join(lines) or "includes point one way")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
