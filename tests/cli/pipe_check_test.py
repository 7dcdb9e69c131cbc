# SPDX-License-Identifier: BSD-3-Clause
"""qaic-pipe check: what limits a pipeline, what looks wrong with it, what it does not know; on hosts of config/topo, so that this
machine has no say.

Usage: pipe_check_test.py QAIC-PIPE SOURCE-ROOT ECHO-64.QPC"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

EXE, ROOT, QPC = sys.argv[1:4]


def stage(name, kind, options="", more=""):
    return f'[[stage]]\nname = "{name}"\nkind = "{kind}"\n{more}\noptions = {{ {options} }}\n'


def chain(*stages, link=""):
    """A pipeline of these, one behind the other."""
    names = [re.search('name = "(.*?)"', s).group(1) for s in stages]
    links = "".join(f'[[link]]\nfrom = "{a}"\nto = "{b}"\n{link}\n' for a, b in zip(names, names[1:]))
    return 'name = "p"\n' + "".join(stages) + links


def made(more=""):
    return stage("made", "generator", "bytes = 64" + more)


def net(more="", keys=""):
    return stage("net", "infer", f'model = "{QPC}"' + more, keys)


END = stage("end", "null")
# As many cycles for an item as nothing else here takes.
LARGE = stage("large", "resize", 'from = "8x8x1", to = "500x500"')


class PipeCheck(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.file = os.path.join(tmp.name, "p.toml")

    def run_check(self, pipeline, *options, host="laptop"):
        with open(self.file, "w", encoding="utf-8") as f:
            f.write(pipeline)
        on = ["--host", os.path.join(ROOT, "config/topo", host + ".toml")] if host else []
        return subprocess.run([EXE, "check", self.file, *on, *options], capture_output=True, text=True, timeout=60, check=False)

    def lines(self, pipeline, *options, host="laptop"):
        """What it prints; nothing is said twice."""
        r = self.run_check(pipeline, *options, host=host)
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        lines = [line for line in r.stdout.splitlines() if line]
        self.assertEqual(sorted(lines), sorted(set(lines)))
        return lines

    def those(self, lines, beginning):
        return [line[len(beginning):].strip() for line in lines if line.startswith(beginning)]

    def bottleneck(self, lines):
        found = [line for line in lines if line.startswith("bottleneck")]
        self.assertEqual(len(found), 1, lines)
        return found[0]

    def rate(self, lines):
        return int(re.fullmatch(r"p: (\d+) items/s into its sinks", lines[0]).group(1))

    def test_the_slow_stage_is_named(self):
        other = stage("other", "threshold", "least = 0.5")
        for order in ((made(), LARGE, other, END), (made(), other, LARGE, END)):
            self.assertRegex(self.bottleneck(self.lines(chain(*order))),
                             r"^bottleneck of made: lcore \d+ \(CPU \d+\) has no cycle left for large$")
        alone = self.rate(self.lines(chain(made(), END)))
        self.assertGreater(alone, 100 * self.rate(self.lines(chain(made(), LARGE, END))))

    def test_who_shares_the_slow_cpu_is_named_too(self):
        with_large = stage("large", "resize", 'from = "8x8x1", to = "500x500"', 'placement = "with made"')
        lines = self.lines(chain(made(), with_large, END))
        self.assertRegex(self.bottleneck(lines), r"has no cycle left for made, large$")
        self.assertEqual(self.those(lines, "warning:"), [])  # it is what the file asks for
        # A host with fewer CPUs than stages says so as well, each thing once.
        lines = self.lines(chain(made(), LARGE, END), host="two_cpus")
        self.assertTrue(any("take turns" in w for w in self.those(lines, "warning:")), lines)

    def test_a_wish_that_was_not_granted_is_told_once(self):
        wishes = [stage(name, kind, options, 'placement = "own core"')
                  for name, kind, options in (("made", "generator", "bytes = 64"), ("mid", "threshold", "least = 0.5"),
                                              ("end", "null", ""))]
        warnings = self.those(self.lines(chain(*wishes), host="two_cpus"), "warning:")
        self.assertEqual(warnings.count("end: asked for a core of its own, and shares one"), 1, warnings)

    def test_a_slow_source_limits_nobody_else(self):
        lines = self.lines(chain(made(", rate = 100"), END))
        self.assertEqual(self.bottleneck(lines), "bottleneck of made: source made has no more than 100/s")
        self.assertEqual(self.rate(lines), 100)

    def test_a_card_limits(self):
        lines = self.lines(chain(made(), net(", depth = 64"), END), "--inference-us", "1000", "--slots", "4")
        self.assertIn("4000/s is all that it computes", self.bottleneck(lines))
        self.assertEqual(self.rate(lines), 4000)
        lines = self.lines(chain(made(), net(", depth = 2"), END), "--inference-us", "1000", "--slots", "4")
        self.assertIn("limits stage net: 2000/s at depth 2 with 1000 us each; depth 4 would allow 4000/s", self.bottleneck(lines))
        self.assertEqual(self.rate(lines), 2000)
        # More than goes through is offered: what becomes of it?
        lines = self.lines(chain(made(", rate = 5000"), net(), END), "--inference-us", "1000")
        self.assertIn("made has 5000/s and 1000/s go through: its link to net fills up (block)", self.those(lines, "warning:"))

    def test_depth_one_is_doubtful(self):
        idles = "stage net has one item in flight on the card of net: the card idles"
        for depth, warned in ((1, True), (2, False)):
            lines = self.lines(chain(made(), net(f", depth = {depth}"), END), "--inference-us", "1000")
            self.assertEqual(any(w.startswith(idles) for w in self.those(lines, "warning:")), warned, lines)

    def test_a_link_shorter_than_a_batch_is_doubtful(self):
        for depth, warned in ((16, True), (32, False)):
            lines = self.lines(chain(made(), END, link=f"depth = {depth}"))
            self.assertEqual(self.those(lines, "warning:"), ["link made -> end holds 16 items, and end takes 32 at once: depth 64 "
                                                             "would do"] if warned else [])

    def test_what_is_not_known_is_said(self):
        pipeline = chain(made(), net(), END)
        self.assertEqual(self.those(self.lines(pipeline), "unknown:"), ["net: how long an inference takes (--inference-us)"])
        self.assertEqual(self.those(self.lines(pipeline, "--inference-us", "100"), "unknown:"), [])

    def test_a_place_that_is_not_there(self):
        for placement, host, told in (("near card9", "laptop", "near card9: a laptop has no such card; it has card0"),
                                      ("cpus 6,9", "two_cpus", "CPU 6"), ("cpus 4000", None, "CPU 4000"),
                                      ("near card0", "none", "none.toml: cannot open")):
            r = self.run_check(chain(made(), stage("end", "null", more=f'placement = "{placement}"')), host=host)
            self.assertEqual((r.returncode, r.stdout, r.stderr.count("\n")), (1, "", 1), r.stderr)
            self.assertTrue(r.stderr.startswith("qaic-pipe: E_"), r.stderr)
            self.assertIn(told, r.stderr)
            if host != "none":
                self.assertIn("stage end", r.stderr)

    def test_wrong_words(self):
        for options in (("--inference-us", "-1"), ("--inference-us", "x"), ("--slots", "0")):
            r = self.run_check(chain(made(), END), *options)
            self.assertEqual((r.returncode, r.stdout, r.stderr.count("\n")), (2, "", 1), r.stderr)
            self.assertIn(options[0], r.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
