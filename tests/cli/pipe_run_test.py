# SPDX-License-Identifier: BSD-3-Clause
"""qaic-pipe run from outside, without a card, root or hugepages: how it ends, what it says, its exit codes.

Usage: pipe_run_test.py QAIC-PIPE SOURCE-ROOT"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

EXE, ROOT = sys.argv[1:3]
EAL = ["--", "--no-huge", "-m", "256"]
NUMBERS = os.path.join(ROOT, "config/pipelines/numbers.toml")
LIMIT = 60  # seconds, for everything here


class PipeRun(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.dir = tmp.name
        with open(NUMBERS, encoding="utf-8") as f:
            self.text = f.read()

    def file(self, old="", new=""):
        self.assertIn(old, self.text)
        path = os.path.join(self.dir, "numbers.toml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(self.text.replace(old, new, 1) if old else self.text)
        return path

    def endless(self):
        return self.file("items = 200000", "rate = 10000")

    def run_tool(self, path, *options, eal=tuple(EAL)):
        return subprocess.run([EXE, "run", path, *options, *eal], capture_output=True, text=True, timeout=LIMIT, check=False)

    def start(self, path, *options):
        """The running program, once it serves metrics, and a scrape of them that has seen items."""
        p = subprocess.Popen([EXE, "run", path, "--json", "--metrics-port", "0", *options, *EAL], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(p.communicate)
        self.addCleanup(p.kill)
        url = re.search(r"metrics at (\S+)", p.stderr.readline()).group(1)
        while True:  # ended by the test's own limit
            with urllib.request.urlopen(url, timeout=LIMIT) as reply:
                families = {f.name: f for f in text_string_to_metric_families(reply.read().decode())}
            samples = families["qaic_pipe_in_items"].samples if "qaic_pipe_in_items" in families else []
            if samples and samples[0].value > 0:
                return p, families

    def balanced(self, text):
        ledger = json.loads(text)["ledger"]
        self.assertEqual(ledger["in"], ledger["out"] + ledger["dropped"])
        self.assertEqual(ledger["in_flight"], 0)
        return ledger

    def test_ends_when_its_source_does(self):
        svg = os.path.join(self.dir, "ran.svg")
        r = self.run_tool(NUMBERS, "--json", "--svg", svg)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(self.balanced(r.stdout)["out"], 200000)
        with open(svg, encoding="utf-8") as f:
            self.assertIn("in 200000 = out 200000", f.read())

    def test_a_table_without_json_and_an_end_by_time(self):
        r = self.run_tool(self.endless(), "--seconds", "0.3")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("numbers drains: its time is over", r.stderr)
        self.assertRegex(r.stdout, r"in [\d,]+ = out [\d,]+ \+ dropped 0 \+ in flight 0")

    def test_signals(self):
        p, _ = self.start(self.endless())
        p.send_signal(signal.SIGHUP)
        self.assertIn("SIGHUP: read again", p.stderr.readline() + p.stderr.readline())
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=LIMIT)
        self.assertEqual(p.returncode, 0, err)
        self.assertIn("numbers drains: a signal came", err)
        self.assertEqual(self.balanced(out)["dropped"], 0)

    def test_refusals(self):
        r = self.run_tool(self.file("bytes = 16", "bytes = 0"))
        self.assertEqual(r.returncode, 1)
        self.assertRegex(r.stderr, r"numbers\.toml:\d+:\d+: stage numbers: bytes takes")
        r = self.run_tool(self.file('"top-k"', '"top-kk"'))
        self.assertEqual(r.returncode, 1)
        self.assertIn('no kind "top-kk"', r.stderr)
        r = self.run_tool(NUMBERS, eal=(*EAL, "--no-such-option"))
        self.assertEqual(r.returncode, 1)
        self.assertIn("EAL refused to start", r.stderr)
        self.assertEqual(self.run_tool(NUMBERS, "--seconds", "x").returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
