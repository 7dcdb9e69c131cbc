# SPDX-License-Identifier: BSD-3-Clause
"""docs/pipelines.md tells of every kind of stage that qaic-pipe ships with its role, options and reasons to drop, of every
key of a file, and of nothing else; its example is one that qaic-pipe takes. Arguments: qaic-pipe, source root."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

EXE, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
TEXT = (SOURCE / "docs/pipelines.md").read_text(encoding="utf-8")


def run(*words):
    return subprocess.run([EXE, *words], capture_output=True, text=True, timeout=60, check=False)


def section(title):
    """What stands between this heading and the next one of any level."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", TEXT, re.M | re.S)
    assert found, title
    return found[1]


def rows(text, header):
    """The cells of the table below this header."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(header):
            break
    else:
        return []
    next(lines)
    out = []
    for line in lines:
        if not line.startswith("|"):
            break
        out.append([cell.strip() for cell in line.strip("|").split("|")])
    return out


def words(cell):
    return re.findall(r"`([^`]+)`", cell)


def told():
    """Kind -> (role, options, reasons)."""
    kinds = {}
    for title, role in (("Sources", "source"), ("Shaping", "shape"), ("Sinks", "sink")):
        text, kind = section(title), None
        for cells in rows(text, "| kind | option |"):
            if words(cells[0]):
                kind = words(cells[0])[0]
                assert kind not in kinds, f"{kind} twice"
                kinds[kind] = (role, [], [])
            kinds[kind][1].extend(words(cells[1]))
        for cells in rows(text, "| kind | drops |"):
            kinds[words(cells[0])[0]][2].extend(words(cells[1]))
    text = section("infer")
    kinds["infer"][1].extend(words(cells[0])[0] for cells in rows(text, "| option |"))
    kinds["infer"][2].extend(words(cells[0])[0] for cells in rows(text, "| drops |"))
    return kinds


class Kinds(unittest.TestCase):
    def test_as_registered(self):
        known = {k["kind"]: (k["role"], sorted(k["options"]), sorted(k["drop_reasons"]))
                 for k in json.loads(run("kinds", "--json").stdout)}
        said = {kind: (role, sorted(options), sorted(reasons)) for kind, (role, options, reasons) in told().items()}
        self.assertEqual(sorted(set(said) - set(known)), [], "the document tells of kinds that are not there")
        self.assertEqual(sorted(set(known) - set(said)), [], "the document is silent about kinds")
        for kind, is_so in known.items():
            self.assertEqual(said[kind], is_so, kind)

    def test_the_list_for_people_has_the_same(self):
        lines = run("kinds").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines], [k["kind"] for k in json.loads(run("kinds", "--json").stdout)])


class File(unittest.TestCase):
    def keys(self, array):
        code = (SOURCE / "lib/pipeline/spec_file.cpp").read_text(encoding="utf-8")
        table = re.search(rf"{array}\[\] = {{\n(.*?)^}};", code, re.M | re.S)[1]
        found = re.findall(r'^    {"(\w+)",', table, re.M)
        self.assertGreaterEqual(len(found), 4, "the pattern no longer fits the source")
        return set(found)

    def test_keys(self):
        for array, header, more in (("stage_keys", "| key of `[[stage]]`", {"options"}), ("link_keys", "| key of `[[link]]`", set())):
            said = {word for cells in rows(section("The file"), header) for word in words(cells[0])}
            self.assertEqual(said, self.keys(array) | more)

    def test_words(self):
        code = (SOURCE / "lib/pipeline/spec_file.cpp").read_text(encoding="utf-8")
        policies = re.findall(r'"([\w-]+)"', re.search(r"full_words\[\] = {([^}]*)}", code)[1])
        self.assertEqual([words(c[0])[0] for c in rows(section("Full links"), "| `when_full`")], policies)

    def test_reasons_of_the_engine(self):
        code = (SOURCE / "lib/pipeline/engine/seat.hpp").read_text(encoding="utf-8")
        reasons = re.findall(r'"(\w+)"', re.search(r"shared_reasons\[\] = {([^}]*)}", code)[1])
        self.assertEqual([words(c[0])[0] for c in rows(section("Drops"), "| reason |")], reasons)

    def test_the_example_is_taken(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(re.search(r"^```toml\n(.*?)^```", TEXT, re.M | re.S)[1])
            file.flush()
            done = run("dot", file.name)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
