# SPDX-License-Identifier: BSD-3-Clause
"""sum_tests.py counts cases, and no bad ending of a program passes as good."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "config/ci/sum_tests.py"
CASES = """<testsuite name="p.unit/a.S"><testcase name="one" classname="S" status="run"/>
<testcase name="two" classname="S" status="run"/></testsuite>"""


def run(programs, suites, status=0):
    with tempfile.TemporaryDirectory() as logs:
        if programs is not None:
            rows = [json.dumps({"name": n, "result": r, "returncode": c, "stdout": o}) for n, r, c, o in programs]
            pathlib.Path(logs, "testlog.json").write_text("\n".join(rows) + "\n", encoding="utf-8")
            pathlib.Path(logs, "testlog.junit.xml").write_text(f"<testsuites>{suites}</testsuites>", encoding="utf-8")
        counts = pathlib.Path(logs, "counts")
        done = subprocess.run([sys.executable, SCRIPT, logs, str(status)], capture_output=True, text=True, check=False,
                              env={**os.environ, "QAIC_COUNTS": str(counts)})
        return done.returncode, done.stdout.splitlines(), counts.read_text(encoding="utf-8").split()


class SumTests(unittest.TestCase):
    def test_gtest_cases_and_plain_programs_add_up(self):
        rc, out, counts = run([("unit/a", "OK", 0, ""), ("cli/b", "OK", 0, "")], CASES)
        self.assertEqual((rc, out[-1], counts), (0, "3 passed, 0 failed", ["3", "0", "0"]))

    def test_a_failed_case_is_named(self):
        bad = CASES.replace('<testcase name="two" classname="S" status="run"/>',
                            '<testcase name="two" classname="S"><failure message="x"/></testcase>')
        rc, out, _ = run([("unit/a", "FAIL", 1, "")], bad, 1)
        self.assertEqual((rc, out), (1, ["FAILED: unit/a: S.two", "1 passed, 1 failed"]))

    def test_a_crash_after_the_last_case_is_a_failure(self):
        rc, out, _ = run([("unit/a", "FAIL", 3, "")], CASES, 1)
        self.assertEqual((rc, out[-1]), (1, "2 passed, 1 failed"))
        self.assertIn("exit status 3", out[0])

    def test_a_time_limit_is_a_failure(self):
        rc, out, _ = run([("unit/t", "TIMEOUT", -15, "")], "", 1)
        self.assertEqual((rc, out), (1, ["FAILED: unit/t: ran into its time limit", "0 passed, 1 failed"]))

    def test_skips_give_their_reason(self):
        skip = ('<testsuite name="p.unit/a.S"><testcase name="x" classname="S"><skipped message="f.cpp:2&#10;no card"/>'
                '</testcase><testcase name="y" classname="S"/></testsuite>')
        rc, out, _ = run([("unit/a", "OK", 0, ""), ("sh", "SKIP", 77, "needs\nroot\n")], skip)
        self.assertEqual((rc, out), (0, ["skipped: unit/a: S.x: no card", "skipped: sh: root",
                                         "1 passed, 0 failed, 2 skipped"]))

    def test_a_program_whose_name_begins_like_anothers(self):
        suites = CASES + CASES.replace("unit/a.S", "unit/a.b.S")
        rc, out, _ = run([("unit/a", "OK", 0, ""), ("unit/a.b", "FAIL", 9, "")], suites, 1)
        self.assertEqual((rc, out), (1, ["FAILED: unit/a.b: fail, exit status 9", "4 passed, 1 failed"]))

    def test_nothing_ran(self):
        rc, out, _ = run([], "")
        self.assertEqual((rc, out), (1, ["no test ran", "0 passed, 0 failed"]))
        self.assertEqual(run([("sh", "SKIP", 77, "no")], "")[0], 1)

    def test_no_results_at_all(self):
        rc, out, _ = run(None, "", 2)
        self.assertEqual((rc, out[-1]), (1, "0 passed, 1 failed"))

    def test_a_status_that_no_test_explains(self):
        self.assertEqual(run([("cli/b", "OK", 0, "")], "", 1)[0], 1)


unittest.main()
