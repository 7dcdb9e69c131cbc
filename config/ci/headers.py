# SPDX-License-Identifier: BSD-3-Clause
"""Lists the headers of lib/ and drivers/, one a line, as they are included (from those two roots).

With an output directory, also writes one source file per header that includes it first and alone, for
tests/headers: a header that needs another one before it does not compile there.
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Included through dpdk.hpp only, and not at all where DPDK has its own driver SDK.
NOT_PUBLIC = {"qaic/dpdk_compat/dpdk_sdk_compat.h"}


def headers():
    found = []
    for top in ("lib", "drivers"):
        base = ROOT / top
        found += [p.relative_to(base).as_posix() for p in base.rglob("*") if p.suffix in (".hpp", ".h")]
    return sorted(h for h in found if h not in NOT_PUBLIC)


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
