# SPDX-License-Identifier: BSD-3-Clause
"""Reads file names; each that can hold a comment must carry the project's SPDX line first (scripts: second)."""
import pathlib
import sys

LINE = "SPDX-License-Identifier: BSD-3-Clause"
SUFFIXES = {".cpp", ".hpp", ".h", ".c", ".cc", ".def", ".inc", ".py", ".sh", ".proto", ".fbs", ".rules", ".conf", ".supp",
            ".dict", ".toml", ".yml", ".yaml"}
NAMES = {"meson.build", "meson_options.txt", "dev", "run", "packages.txt", "libraries.txt", ".clang-format",
         ".clang-tidy", ".editorconfig"}


def wanted(path):
    return "corpus" not in path.parts and (path.suffix in SUFFIXES or path.name in NAMES)


def main():
    paths = [p for p in map(pathlib.Path, sys.stdin.read().splitlines()) if wanted(p)]
    bad = 0
    for path in paths:
        head = path.read_text(encoding="utf-8").splitlines()[:2] or [""]
        first = head[1] if head[0].startswith("#!") and len(head) > 1 else head[0]
        if LINE not in first:
            print(f"{path}:1: the first line has no `{LINE}`")
            bad += 1
    print(f"SPDX: {len(paths)} files, {bad} without")
    return 1 if bad or not paths else 0


sys.exit(main())
