# SPDX-License-Identifier: BSD-3-Clause
"""compiled.py BUILD: of the file names read, those that BUILD/compile_commands.json compiles."""
import json
import pathlib
import sys

build = pathlib.Path(sys.argv[1])
commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
known = {pathlib.Path(c["directory"], c["file"]).resolve() for c in commands}
for name in sys.stdin.read().splitlines():
    if name.endswith(".cpp") and pathlib.Path(name).resolve() in known:
        print(name)
