# SPDX-License-Identifier: BSD-3-Clause
"""qaic-pipe run from outside: it starts, counts, takes signals, and refuses what is wrong, with the right exit code.

Usage: pipe_run_test.py QAIC-PIPE SOURCE-ROOT"""
import json
import os
import re
import shutil
import signal
import subprocess
import unittest

from pipe_program import EAL, LIMIT, NUMBERS, ROOT, PipeProgram, main


class PipeRun(PipeProgram):
    def test_ends_when_its_source_does(self):
        svg, dot = self.path("ran.svg"), self.path("ran.dot")
        r = self.run_tool(self.file("items = 200000", "items = 20000"), "--json", "--svg", svg, "--dot", dot)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(self.balanced(r.stdout)["out"], 20000)
        with open(svg, encoding="utf-8") as f:
            self.assertIn("in 20000 = out 20000", f.read())
        self.is_graph(dot, [stage["name"] for stage in json.loads(r.stdout)["stages"]])

    def is_graph(self, dot, names):
        """Every stage with where it ran and how fast, and what leads to the next."""
        with open(dot, encoding="utf-8") as f:
            text = f.read()
        self.assertIn("in 20000 = out 20000 + dropped 0 + in flight 0", text)
        self.assertEqual(len(names), 4)
        for name in names:
            shown = re.search(rf'^  "{name}" \[label="{name}\\n(.*?)"[],]', text, re.M).group(1)
            self.assertRegex(shown, r"lcore \d+\\n[\d.]+( [kM])?/s\\nbusy \d+ %")
        for source, sink in zip(names, names[1:]):
            self.assertIn(f'  "{source}" -> "{sink}" [label="', text)
        if shutil.which("dot"):
            drawn = subprocess.run(["dot", "-Tsvg", dot], capture_output=True, text=True, timeout=LIMIT, check=False)
            self.assertEqual((drawn.returncode, drawn.stderr), (0, ""))

    def test_few_items_go_round(self):
        # Fewer than a burst, fewer than the lcores' caches of the pool would hold: none may be kept back anywhere.
        for items in (1, 2, 48):
            count = 50 + 10 * items
            r = self.run_tool(self.file("items = 200000", f"items = {count}"), "--json", "--items", str(items))
            self.assertEqual(r.returncode, 0, r.stderr)
            self.assertEqual(self.balanced(r.stdout)["out"], count)
            self.assertLessEqual(max([link["high_water"] for link in json.loads(r.stdout)["links"]], default=0), items)

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

    def test_a_host_with_other_cpus_is_refused(self):
        host = os.path.join(ROOT, "config/topo/two_sockets_16_cards.toml")
        pinned = self.file('kind = "normalise"', 'kind = "normalise"\nplacement = "cpus 200"')
        r = self.run_tool(pinned, "--host", host)
        self.assertEqual((r.returncode, r.stdout), (1, ""))
        errors = [line for line in r.stderr.splitlines() if not line.startswith("qaic-pipe: note: ")]
        self.assertEqual(len(errors), 1, r.stderr)  # not EAL's words about its --lcores
        self.assertRegex(errors[0], r"^qaic-pipe: E_INVAL: stage \w+: CPU \d+ of \S+two_sockets_16_cards.toml is not on this machine")

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
    main()
