# SPDX-License-Identifier: BSD-3-Clause
"""qaic-perf run --until on the in-process card: it ends when the percentile is known, and fails when a limit comes first.
Arguments: build root."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv[1])
LIMIT_S = 60  # qaic-perf's own, without --time and --count


class Until(unittest.TestCase):
    def run_perf(self, status, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder) / "report.json"
            done = subprocess.run([BUILD / "apps/qaic-perf/qaic-perf", "run", "--model", BUILD / "config/models/digits/digits.qpc",
                                   "--warmup", "0", "--json", report, *arguments, "--", "--no-huge", "-m", "512",
                                   "--file-prefix", f"until-{os.getpid()}"],
                                  capture_output=True, text=True, timeout=100, check=False)
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
            return done, json.loads(report.read_text())

    def check_reached(self, report, percentile, error):
        until = report["until"]
        self.assertTrue(until["reached"])
        self.assertEqual((until["percentile"], until["wanted_error"], until["confidence"]), (percentile, error, 0.95))
        self.assertEqual(until["samples"], report["latency"]["count"])
        self.assertLessEqual(until["low_ns"], until["value_ns"])
        self.assertLessEqual(until["value_ns"], until["high_ns"])
        self.assertLess(until["error"], 1.3 * error)  # what was out when it was known came on top
        self.assertLess(report["throughput"]["seconds"], 0.9 * LIMIT_S)
        self.assertEqual(report["options"]["time_s"], LIMIT_S)

    def test_a_closed_loop_ends_when_it_is_known(self):
        done, report = self.run_perf(0, "--until", "p50", "--error", "0.05")
        self.check_reached(report, 50, 0.05)
        self.assertRegex(done.stdout, r"\nuntil +p50 is .* us \(.* to .* us at 95 % confidence: .* %, asked for 5 %\)")

    def test_an_open_loop_ends_when_it_is_known(self):
        _, report = self.run_perf(0, "--until", "p50", "--error", "0.1", "--rate", "2000", "--arrivals", "fixed")
        self.check_reached(report, 50, 0.1)
        self.assertEqual(report["latency"]["from"], "due time to return of the dequeue call")
        self.assertAlmostEqual(report["open_loop"]["offered_per_s"], 2000, delta=40)

    def test_options_from_a_job_file(self):
        with tempfile.TemporaryDirectory() as folder:
            job = pathlib.Path(folder) / "job.toml"
            job.write_text('until = "p50"\nerror = 0.1\nconfidence = 0.9\ntime = 50\n')
            _, report = self.run_perf(0, "--job", job)
        self.assertEqual((report["until"]["confidence"], report["options"]["time_s"]), (0.9, 50))
        self.assertTrue(report["until"]["reached"])

    def test_a_limit_that_comes_first_is_a_problem(self):
        done, report = self.run_perf(1, "--until", "p99.99", "--error", "0.01", "--count", "2000")
        self.assertFalse(report["until"]["reached"])
        self.assertEqual(report["until"]["samples"], 2000)
        self.assertEqual(report["until"]["needed"], 36887)  # 0.9999^n <= 0.025
        self.assertIsNone(report["until"]["error"])
        self.assertEqual(report["ok"], False)
        self.assertRegex(done.stderr, r"qaic-perf: measure: p99\.99 .* 2000 samples .* 36887 ")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
