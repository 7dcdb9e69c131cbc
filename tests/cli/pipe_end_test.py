# SPDX-License-Identifier: BSD-3-Clause
"""How qaic-pipe run ends when not everything gets through: stopped while it drains, not drained in time, a link that must not be
full. Each time one line says what became of the items, and the ledger balances.

Usage: pipe_end_test.py QAIC-PIPE SOURCE-ROOT"""
import json
import os
import re
import signal
import unittest

from pipe_program import LIMIT, ROOT, PipeProgram, main

# Nobody takes packets out of the ring behind net_ring0. Once it is full, each item costs the sink a million tries, some 20 ms or
# more: what waits in the link by then takes tens of seconds to drain.
SLOW = """name = "slow"
[[stage]]
name = "capture"
kind = "pcap-file"
options = {{ path = "{capture}", repeat = 0 }}
[[stage]]
name = "out"
kind = "port-out"
batch = 1
options = {{ device = "net_ring0", tries = 1000000 }}
[[link]]
from = "capture"
to = "out"
{link}
"""


def is_full(families):
    waiting, depth = (families[f"qaic_pipe_link_{name}_items"].samples[0].value for name in ("waiting", "depth"))
    return waiting == depth


@unittest.skipIf(len(os.sched_getaffinity(0)) < 2, "both stages would be on one lcore, with no link between them")
class PipeEnd(PipeProgram):
    def slow(self, link=""):
        return self.path("slow.toml", SLOW.format(capture=os.path.join(ROOT, "config/models/flows/test.pcap"), link=link))

    def drain(self, *options):
        """A pipeline that was told to drain and cannot soon."""
        p, _ = self.start(self.slow(), *options, until=is_full)
        p.send_signal(signal.SIGINT)
        said = ""
        while "slow drains: a signal came" not in said:
            said = p.stderr.readline()
            self.assertTrue(said, "it has ended")
        return p

    def refused(self, code, said):
        """The only line of those that a failed run must say."""
        errors = re.findall(r"^qaic-pipe: E_.*$", said, re.M)
        self.assertEqual((code, len(errors)), (1, 1), said)
        return errors[0]

    def stopped(self, report):
        return sum(stage["dropped"].get("stopped", 0) for stage in json.loads(report)["stages"])

    def test_a_second_signal_stops(self):
        for signals in ((signal.SIGINT, signal.SIGINT), (signal.SIGINT, signal.SIGTERM)):
            p = self.drain("--drain-limit", "3600")
            p.send_signal(signals[1])
            out, err = p.communicate(timeout=LIMIT)
            line = self.refused(p.returncode, err)
            self.balanced(out)
            self.assertGreater(self.stopped(out), 0)
            self.assertEqual(line, "qaic-pipe: E_STATE: slow was stopped while it drained: "
                             f"{self.stopped(out)} items were dropped")

    def test_draining_has_a_limit(self):
        p = self.drain("--drain-limit", "0.5")
        out, err = p.communicate(timeout=LIMIT)
        line = self.refused(p.returncode, err)
        self.balanced(out)
        self.assertGreater(self.stopped(out), 0)
        self.assertEqual(line, "qaic-pipe: E_TIMEOUT: slow did not drain in 0.5 s (--drain-limit): "
                         f"{self.stopped(out)} items were dropped")

    def test_a_link_that_must_not_be_full(self):
        r = self.run_tool(self.slow('depth = 16\nwhen_full = "fail"'), "--json")  # nobody stops it
        line = self.refused(r.returncode, r.stderr)
        self.assertIn('link capture -> out with when_full = "fail" was full (depth 16)', line)
        self.assertIn(f"{self.stopped(r.stdout)} items in flight were dropped", line)
        self.balanced(r.stdout)
        report = json.loads(r.stdout)
        self.assertGreater(report["links"][0]["dropped"], 0)
        self.assertEqual(report["stages"][0]["dropped"]["link_full"], report["links"][0]["dropped"])


if __name__ == "__main__":
    main()
