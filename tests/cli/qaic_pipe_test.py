#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""qaic-pipe from outside, as far as nothing runs: plan, dot, svg; each error is one line with the right exit code.

Usage: qaic_pipe_test.py QAIC-PIPE PLUGIN SOURCE-ROOT"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

EXE = PLUGIN = ROOT = ""
OK, DATA, USAGE = 0, 1, 2
SVG = "{http://www.w3.org/2000/svg}"

STAGES = [("nic", "test-source", 'placement = "own core"'), ("flows", "test-shape", "replicas = 2"),
          ("infer", "test-shape", 'placement = "near card0"\nreplicas = 2'), ("mark", "test-shape", ""),
          ("pcap", "test-sink", 'placement = "same L3 as mark"'), ("alarms", "test-source", "")]
LINKS = [("nic", "flows", 'when_full = "drop-newest"'), ("flows", "infer", "depth = 64"), ("infer", "mark", ""),
         ("mark", "pcap", ""), ("alarms", "mark", 'when_full = "fail"')]


def pipeline(stages=STAGES, links=LINKS):
    text = 'name = "packets"\n'
    for name, kind, more in stages:
        text += f'[[stage]]\nname = "{name}"\nkind = "{kind}"\n{more}\n'
    for source, sink, more in links:
        text += f'[[link]]\nfrom = "{source}"\nto = "{sink}"\n{more}\n'
    return text


class QaicPipe(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.dir = tmp.name
        self.file = self.path("packets.toml", pipeline())

    def path(self, name, content=None):
        path = os.path.join(self.dir, name)
        if content is not None:
            with open(path, "w", encoding="utf-8") as f:
                f.write(content)
        return path

    def run_tool(self, *args):
        return subprocess.run([EXE, *args], capture_output=True, timeout=60, check=False)

    def good(self, *args):
        r = self.run_tool(*args, "--plugin", PLUGIN)
        self.assertEqual((r.returncode, r.stderr), (OK, b""), args)
        return r.stdout.decode()

    def bad(self, code, text, *args):
        r = self.run_tool(*args)
        err = r.stderr.decode()
        self.assertEqual((r.returncode, r.stdout), (code, b""), err)
        self.assertEqual(err.count("\n"), 1, err)
        self.assertTrue(err.startswith("qaic-pipe: "), err)
        self.assertIn(text, err)

    def words(self, svg):
        """All texts of a picture, which must be whole XML and no wider than 1600."""
        root = xml.etree.ElementTree.fromstring(svg)
        self.assertEqual(root.tag, SVG + "svg")
        self.assertLessEqual(float(root.get("width")), 1600)
        return [t.text for t in root.iter(SVG + "text")]

    def topo(self, name):
        return os.path.join(ROOT, "config/topo", name + ".toml")

    def test_plan_explains_and_draws_on_every_host(self):
        for host in ("two_cpus", "laptop", "two_sockets_16_cards"):
            picture = self.path(host + ".svg")
            text = self.good("plan", self.file, "--host", self.topo(host), "--svg", picture)
            with open(picture, encoding="utf-8") as f:
                svg = f.read()
            words = self.words(svg)
            for copy in ("nic", "flows.0", "flows.1", "infer.0", "infer.1", "mark", "pcap", "alarms"):
                self.assertIn(copy, words)
                self.assertIn(f"  {copy} runs on CPU ", text)
            self.assertIn("card0", words)
            self.assertIn("EAL: --lcores '0@", text)
            self.good("plan", self.file, "--host", self.topo(host), "--svg", picture)
            with open(picture, encoding="utf-8") as f:
                self.assertEqual(f.read(), svg)

    def test_plan_for_this_machine_knows_emulated_cards(self):
        self.assertIn("packets on this machine: 6 stages in 8 copies on ", self.good("plan", self.file))

    def test_graphs_have_every_stage_and_link(self):
        dot = self.good("dot", self.file)
        svg = self.path("graph.svg")
        self.assertEqual(self.good("svg", self.file, "-o", svg, "--host", self.topo("laptop")), "")
        with open(svg, encoding="utf-8") as f:
            words = self.words(f.read())
        for name, _, _ in STAGES:
            self.assertIn(f'  "{name}" [label="{name}\\n', dot)
            self.assertIn(name, words)
        for source, sink, _ in LINKS:
            self.assertIn(f'  "{source}" -> "{sink}" [label="depth ', dot)
        self.assertEqual(sum(w.startswith("depth ") for w in words), len(LINKS))
        self.assertTrue(any(w.startswith("lcore") for w in words))
        self.assertIn("lcore", self.good("dot", self.file, "--placed"))
        self.assertNotIn("lcore", dot)

    @unittest.skipUnless(shutil.which("dot"), "graphviz is not installed")
    def test_graphviz_takes_the_graph(self):
        r = subprocess.run(["dot", "-Tsvg"], input=self.good("dot", self.file).encode(), capture_output=True, timeout=60,
                           check=False)
        self.assertEqual((r.returncode, r.stderr), (0, b""))

    def test_the_largest_pipeline_is_drawn(self):
        stages = [(f"in{i}", "test-source", "") for i in range(127)] + [(f"s{i}", "test-shape", "") for i in range(128)] + \
            [("out", "test-sink", "")]
        links = [(f"in{i}", f"s{i}", "") for i in range(127)] + [(f"s{i}", "s127", "") for i in range(127)] + [("s127", "out", "")]
        big = self.path("big.toml", pipeline(stages, links))
        self.assertIn("s126", self.words(self.good("svg", big)))
        picture = self.path("big.svg")
        self.good("plan", big, "--host", self.topo("two_sockets_16_cards"), "--svg", picture)
        with open(picture, encoding="utf-8") as f:
            self.assertIn("s126", self.words(f.read()))

    def test_wrong_data_is_one_line(self):
        plugin = ("--plugin", PLUGIN)
        self.bad(DATA, "/none.toml: cannot open", "plan", self.path("none.toml"))
        self.bad(DATA, "cannot read", "plan", self.dir)
        self.bad(DATA, 'stage nic: no kind "test-source"; known: ', "plan", self.file)
        self.bad(DATA, "plugin /none.so", "plan", self.file, "--plugin", "/none.so")
        self.bad(DATA, ":1:1: unknown key", "plan", self.path("x.toml", "speed = 1\n"), *plugin)
        self.bad(DATA, "/none.toml: cannot open", "plan", self.file, "--host", self.path("none.toml"), *plugin)
        self.bad(DATA, "cannot make it", "plan", self.file, "--svg", self.path("no/where.svg"), *plugin)
        far = self.path("far.toml", pipeline().replace("near card0", "near card9"))
        self.bad(DATA, "near card9: a laptop has no such card; it has card0", "plan", far, "--host", self.topo("laptop"),
                 *plugin)
        lone = self.path("lone.toml", pipeline().replace("near card0", "cpus 4000"))
        self.bad(DATA, "stage infer: CPU 4000", "plan", lone, *plugin)

    def test_a_full_disk_is_told(self):
        with open("/dev/full", "wb") as full:
            r = subprocess.run([EXE, "dot", self.file, "--plugin", PLUGIN], stdout=full, stderr=subprocess.PIPE, timeout=60,
                               check=False)
        self.assertEqual(r.returncode, DATA)
        self.assertIn(b"standard output: cannot write", r.stderr)

    def test_wrong_command_lines(self):
        self.bad(USAGE, "a sub-command is required known=kinds,plan,check,dot,svg")
        self.bad(USAGE, 'unknown sub-command got="plam"', "plam")
        self.bad(USAGE, "file is required", "plan")
        self.bad(USAGE, "--svgg", "plan", self.file, "--svgg", "x")
        self.bad(USAGE, "excludes", "dot", self.file, "--placed", "--host", self.topo("laptop"))


if __name__ == "__main__":
    EXE, PLUGIN, ROOT = sys.argv[1:4]
    unittest.main(argv=sys.argv[:1])
