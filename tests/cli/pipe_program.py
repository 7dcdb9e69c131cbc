# SPDX-License-Identifier: BSD-3-Clause
"""For tests of `qaic-pipe run` from outside, without a card, root or hugepages: config/pipelines/numbers.toml with a change or
another file, run to its end or in the background.

Arguments of a test program: QAIC-PIPE SOURCE-ROOT."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

EXE, ROOT = sys.argv[1:3]
EAL = ["--", "--no-huge", "-m", "256"]
NUMBERS = os.path.join(ROOT, "config/pipelines/numbers.toml")
LIMIT = 100  # seconds, for everything here: lcores give way to whatever else runs on a CPU


def has_items(families):
    return families["qaic_pipe_in_items"].samples[0].value > 0


class PipeProgram(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.dir = tmp.name
        with open(NUMBERS, encoding="utf-8") as f:
            self.text = f.read()

    def path(self, name, text=None):
        path = os.path.join(self.dir, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        return path

    def file(self, old="", new=""):
        """numbers.toml with one change."""
        self.assertIn(old, self.text)
        return self.path("numbers.toml", self.text.replace(old, new, 1) if old else self.text)

    def endless(self):
        return self.file("items = 200000", "rate = 10000")

    def run_tool(self, path, *options, eal=tuple(EAL)):
        return subprocess.run([EXE, "run", path, *options, *eal], capture_output=True, text=True, timeout=LIMIT, check=False)

    def scrape(self, url):
        """The exported families by name."""
        with urllib.request.urlopen(url, timeout=LIMIT) as reply:
            return {f.name: f for f in text_string_to_metric_families(reply.read().decode())}

    def start(self, path, *options, until=has_items, eal=(), env=None):
        """The running program once its metrics are so, and those."""
        p = subprocess.Popen([EXE, "run", path, "--json", "--metrics-port", "0", *options, *EAL, *eal], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        self.addCleanup(p.communicate)
        self.addCleanup(p.kill)
        url = re.search(r"metrics at (\S+)", p.stderr.readline()).group(1)
        end = time.monotonic() + LIMIT
        while True:
            families = self.scrape(url)
            if families["qaic_pipe_in_items"].samples and until(families):  # none before there is a pipeline
                return p, families
            self.assertLess(time.monotonic(), end, "not within the limit")
            time.sleep(0.02)

    def balanced(self, text):
        ledger = json.loads(text)["ledger"]
        self.assertEqual(ledger["in"], ledger["out"] + ledger["dropped"])
        self.assertEqual(ledger["in_flight"], 0)
        return ledger


def main():
    unittest.main(argv=sys.argv[:1])
