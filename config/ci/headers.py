# SPDX-License-Identifier: BSD-3-Clause
"""Lists the headers of lib/ and drivers/ that no source file includes before anything else, one a line, as they are
included (from those two roots). The others are compiled first of all by the source that does.

With an output directory, also writes one source file per listed header that includes it first and alone, for
tests/headers: a header that needs another one before it does not compile there.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Included through dpdk.hpp only, and not at all where DPDK has its own driver SDK.
NOT_PUBLIC = {"qaic/dpdk_compat/dpdk_sdk_compat.h"}


def included_first():
    firsts = set()
    for top in ("lib", "drivers"):
        for path in (ROOT / top).rglob("*.cpp"):
            include = re.search(r'^#include (["<].*)$', path.read_text(encoding="utf-8"), re.MULTILINE)
            if include:
                firsts.add(include[1].strip('"'))
    return firsts


def headers():
    found, elsewhere = [], NOT_PUBLIC | included_first()
    for top in ("lib", "drivers"):
        base = ROOT / top
        found += [p.relative_to(base).as_posix() for p in base.rglob("*") if p.suffix in (".hpp", ".h")]
    return sorted(h for h in found if h not in elsewhere)


def write_if_changed(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def main():
    names = headers()
    if len(sys.argv) == 1:
        print("\n".join(names))
        return
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    write_if_changed(out / "list.txt", "\n".join(names) + "\n")
    for name in names:
        source = name.replace("/", "_").replace(".", "_") + ".cpp"
        # Twice: the second line finds a header without an include guard.
        write_if_changed(out / source, f'// made by config/ci/headers.py\n#include "{name}"\n#include "{name}"\n')
        print(out / source)


main()
