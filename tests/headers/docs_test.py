# SPDX-License-Identifier: BSD-3-Clause
"""docs/mldevs/qaic.rst names every devarg, telemetry command, trace point and log type there is, and no other; the
feature matrix has no row that default.ini lacks. Argument: source root."""
import configparser
import pathlib
import re
import sys
import unittest

SOURCE = pathlib.Path(sys.argv[1])
DRIVER = SOURCE / "drivers/qaic"
RST = (SOURCE / "docs/mldevs/qaic.rst").read_text(encoding="utf-8")


def read(name):
    return (DRIVER / name).read_text(encoding="utf-8")


class Guide(unittest.TestCase):
    def same(self, code, told, least):
        self.assertGreaterEqual(len(code), least, "the pattern no longer fits the source")
        self.assertEqual(sorted(told - code), [], "the guide tells of what is not there")
        self.assertEqual(sorted(code - told), [], "the guide is silent about")

    def test_devargs(self):
        rows = set(re.findall(r'^    \{"(\w+)", "[^"]+", \w+, set_\w+\},', read("devargs.cpp"), re.M))
        self.same(rows, set(re.findall(r"^``(\w+)=", RST, re.M)), 10)

    def test_telemetry(self):
        commands = set(re.findall(r'\{"(/qaic/\w+)",', read("seen/answers.cpp")))
        self.same(commands, set(re.findall(r"``(/qaic/\w+)", RST)), 9)

    def test_trace_points(self):
        points = set(re.findall(r"REGISTER\(\w+, (lib\.qaic\.\w+)\)", read("seen/trace_points.cpp")))
        self.same(points, set(re.findall(r"``(lib\.qaic\.\w+)``", RST)), 12)

    def test_log_types(self):
        parts = {"pmd.ml.qaic." + p for p in re.findall(r"REGISTER_SUFFIX\(\w+, (\w+),", read("log_rte.cpp"))}
        self.same(parts | {"pmd.ml.qaic"}, set(re.findall(r"``(pmd\.ml\.qaic[.\w]*)``", RST)), 5)

    def test_limits(self):
        text = read("device.hpp")
        models, pairs, desc = re.search(r"models = (\d+), queue_pairs = (\d+), desc = (\d+)", text).groups()
        self.assertIn(f"* {models} models, {pairs} queue pairs, {desc} operations in flight", RST)


class Matrix(unittest.TestCase):
    def test_rows(self):
        default, own = configparser.ConfigParser(), configparser.ConfigParser()
        for parser, name in ((default, "default.ini"), (own, "qaic.ini")):
            parser.optionxform = str
            parser.read(SOURCE / "docs/mldevs/features" / name, encoding="utf-8")
        self.assertEqual([f for f in own["Features"] if f not in default["Features"]], [])
        self.assertEqual([f for f, v in own["Features"].items() if v not in ("Y", "P")], [])
        order = list(default["Features"])
        self.assertEqual(list(own["Features"]), sorted(own["Features"], key=order.index))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
