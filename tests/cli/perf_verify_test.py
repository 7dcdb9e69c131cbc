# SPDX-License-Identifier: BSD-3-Clause
"""qaic-perf run: every output verified at full speed. A card that gives one wrong bit in 300 outputs (config/programs/flaky.c)
is found by --checksum and --check, and not by what is compared by default. NaN is counted, and judged by --expect alone.
Arguments: build root."""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv[1]).resolve()
PERF, QPC, CARD = (BUILD / f"apps/{name}/{name}" for name in ("qaic-perf", "qaic-qpc", "qaic-card"))
DIGITS, FLAKY = BUILD / "config/models/digits/digits.qpc", BUILD / "config/programs/flaky.qpc"
FLAKY_PERIOD, FLAKY_ELEMENT = 300, 37
EAL = ["--no-huge", "-m", "512", "--file-prefix", f"verify-{os.getpid()}"]


class Verify(unittest.TestCase):
    def setUp(self):
        self.keep = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
        self.addCleanup(self.keep.cleanup)
        self.folder = pathlib.Path(self.keep.name)

    def perf(self, status, *words, command="run", eal=True):
        line = [PERF, command, *words, *(["--", *EAL] if eal else [])]
        done = subprocess.run([str(w) for w in line], cwd=self.folder, capture_output=True, text=True, timeout=100, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        done.errors = [text for text in done.stderr.splitlines() if not text.startswith("qaic-perf: note: ")]
        return done

    def measure(self, status, *words):
        """Report and output of a run."""
        done = self.perf(status, "--json", "r.json", *words)
        return json.loads((self.folder / "r.json").read_text()), done

    def write(self, name, data):
        (self.folder / name).write_bytes(data)
        return name

    def test_all_outputs_of_two_models_on_two_cards_and_lcores(self):
        self.perf_build("scale:in=1000,factor=0.5", "scale.qpc")
        lcores = min(2, len(os.sched_getaffinity(0)))
        report, done = self.measure(0, "--model", DIGITS, "--model", "scale.qpc@2", "--dev", "ml_qaic_emu0", "--dev", "ml_qaic_emu1",
                                    "--lcores", lcores, "--count", 4000, "--rate", 20000, "--drain", 60, "--checksum", 1, "--warmup", 0)
        sums = report["verification"]["checksums"]
        lanes = [(lane["model"], lane["counts"]["succeeded"]) for lane in report["lanes"]]
        self.assertEqual(len(lanes), 4 * lcores)
        self.assertTrue(all(count > 0 for _, count in lanes), lanes)
        self.assertEqual(sums, {"period": 1, "checked": 4000, "bytes": sum(n * (40, 1000)[model] for model, n in lanes),
                                "mismatches": 0, "without_reference": 0})
        self.assertEqual(report["counts"]["verify"]["succeeded"], 2)
        self.assertEqual(report["options"]["checksum"], 1)
        self.assertRegex(done.stdout, r"4,000 outputs of [0-9,]+ bytes in all checksummed on the way \(one in 1\): 0 differ")
        self.assertIn("OK (outputs the same each time, not verified)", done.stdout)

    def test_each_input_has_a_reference_of_its_own(self):
        self.perf_build("echo:in=64", "echo.qpc")
        self.write("in", bytes(range(256)))  # four tensors
        report, _ = self.measure(0, "--model", "echo.qpc", "--device-io", "--input", "in", "--checksum", 3, "--count", 3000)
        self.assertEqual(report["counts"]["verify"]["succeeded"], 4)
        self.assertEqual(report["verification"]["checksums"]["checked"], 1000)
        report, _ = self.measure(0, "--model", "echo.qpc", "--device-io", "--count", 100)
        self.assertEqual(report["verification"]["checksums"]["checked"], 0)

    def flaky(self, status, *words):
        self.write("in", bytes(range(64)))
        self.write("out", bytes(range(64)))
        return self.measure(status, "--model", FLAKY, "--device-io", "--input", "in", "--expect", "out", "--warmup", 0,
                            "--count", 1000, *words)

    def test_a_rare_wrong_bit_is_missed_by_default(self):
        report, done = self.flaky(0)
        self.assertIn("OK, outputs verified", done.stdout)
        self.assertEqual(report["verification"]["sample_period"], 1009)
        self.assertEqual(report["verification"]["sampled"]["checked"], 0)

    def test_a_rare_wrong_bit_is_found_by_checksum(self):
        report, done = self.flaky(1, "--checksum", 1)
        sums = report["verification"]["checksums"]
        self.assertEqual((sums["checked"], sums["mismatches"]), (1000, 3))
        first = sums["first_mismatch"]
        # its first inference was the one that was verified
        self.assertEqual((first["tensor"], first["op"], first["card"], first["model"]), (0, FLAKY_PERIOD - 1, 0, 0))
        self.assertNotEqual(first["got"], first["want"])
        self.assertEqual(len(done.errors), 1, done.stderr)
        self.assertRegex(done.errors[0], r"^qaic-perf: measure: 3 of 1000 outputs are not the bytes .* input 0 of model 0 on "
                                         r"ml_qaic_emu0, operation 299 of lcore \d+, has checksum [0-9a-f]{8} instead of")
        self.assertIn("FAILED, 1 problem", done.stdout)

    def test_a_rare_wrong_bit_is_found_by_check(self):
        report, done = self.flaky(1, "--check", 1)
        self.assertEqual(report["verification"]["sampled"]["checked"], 1000)
        self.assertEqual(report["verification"]["sampled"]["wrong"], 3)
        self.assertIn(f"measure: output 0 element {FLAKY_ELEMENT} differs by 1, limit 0; 3 of 1000", done.errors[0])
        report, _ = self.flaky(0, "--check", 0)
        self.assertEqual(report["verification"]["sampled"]["checked"], 0)

    def test_the_second_model_of_the_second_card_is_not_left_out(self):
        # open loop: how many inferences a model gets does not hang on how fast it is
        report, _ = self.measure(1, "--model", DIGITS, "--model", f"{FLAKY}@9", "--dev", "ml_qaic_emu0", "--dev", "ml_qaic_emu1",
                                 "--checksum", 1, "--warmup", 0, "--count", 4000, "--rate", 20000, "--drain", 60)
        sums = report["verification"]["checksums"]
        self.assertEqual(sums["first_mismatch"]["model"], 1)
        flaky = [lane["counts"]["succeeded"] for lane in report["lanes"] if lane["model"] == 1]
        # the first card's was verified once
        self.assertEqual(sums["mismatches"], (flaky[0] + 1) // FLAKY_PERIOD + flaky[1] // FLAKY_PERIOD)

    def test_outputs_that_nobody_writes_are_found(self):
        """A card that describes its payloads and does not copy them: buffers keep what the tool has put there."""
        self.perf_build("timed:in=256,out=9000", "timed.qpc")
        card = f'[[card]]\nsocket = "{self.folder / "card"}"\n[card.timing]\nservice = "fixed"\nmean_us = 1\nslots = 1\ncopy = false\n'
        self.write("card.toml", card.encode())
        with subprocess.Popen([CARD, "--config", self.folder / "card.toml"], stdout=subprocess.PIPE, text=True) as process:
            try:
                self.assertIn("card 0", process.stdout.readline())
                report, _ = self.measure(1, "--dev", f"ml_qaic_vfu0,socket={self.folder / 'card'}", "--model", "timed.qpc",
                                         "--device-io", "--checksum", 1, "--warmup", 0, "--count", 64, "--queue-depth", 1)
            finally:
                process.terminate()
        # also in the buffer in which the reference was not written
        self.assertEqual(report["verification"]["checksums"]["mismatches"], 64)

    def test_other_commands_fail_too(self):
        for command, more in (("sweep", ["--depths", "4", "--bursts", "4", "--count", "1000"]),
                              ("mlperf", ["--scenario", "Offline", "--seconds", "1"])):
            done = self.perf(1, "--model", FLAKY, "--device-io", "--checksum", 1, "--warmup", 0, *more, command=command)
            self.assertRegex(done.errors[-1], "outputs are not the bytes that their input gave first")

    def scaled(self, status, values, expected, *words):
        self.perf_build("scale:in=16,factor=2", "scale.qpc")
        self.write("in", struct.pack("4f", *values))
        if expected:
            words += ("--expect", self.write("out", struct.pack("4f", *expected)))
        return self.measure(status, "--model", "scale.qpc", "--input", "in", "--count", 100, *words)

    def test_nan_is_counted_and_judged_by_the_expectation(self):
        nan, inf = float("nan"), float("inf")
        values = (1, nan, -inf, 2)
        report, done = self.scaled(0, values, (2, nan, -inf, 4), "--check", 2)
        for part, outputs in (("all", 1), ("sampled", 50)):
            v = report["verification"][part]
            self.assertEqual((v["checked"], v["nan_elements"], v["infinite_elements"]), (outputs, outputs, outputs), part)
        self.assertIn("1 elements of the outputs are NaN, 1 infinite", done.stdout)
        self.assertEqual((done.errors, report["warnings"]), ([], []))
        _, done = self.scaled(1, values, (2, 2, -inf, 4))
        self.assertIn("output 0 element 1 is not a number", done.errors[0])
        _, done = self.scaled(1, (1, 1, 1, 1), (2, nan, 2, 2))
        self.assertIn("output 0 element 1 is not a number", done.errors[0])
        report, done = self.scaled(0, values, None, "--checksum", 1)
        self.assertEqual(len(report["warnings"]), 1)
        self.assertEqual(done.errors, ["qaic-perf: warning: " + report["warnings"][0]])
        self.assertRegex(done.errors[0], "1 elements of the outputs are NaN and 1 infinite; give --expect")

    def test_job_files_and_dry_runs_know_it(self):
        self.write("job.toml", b"checksum = 7\n")
        done = self.perf(0, "--model", DIGITS, "--job", "job.toml", "--dry-run", eal=False)
        self.assertIn("\nchecksum=7\n", done.stdout)
        self.write("all.toml", done.stdout.encode())
        report, _ = self.measure(0, "--job", "all.toml", "--time", "0.1")
        self.assertEqual(report["verification"]["checksums"]["period"], 7)
        self.assertGreater(report["verification"]["checksums"]["checked"], 0)

    def perf_build(self, builtin, name):
        subprocess.run([QPC, "build", "--builtin", builtin, "--name", name.split(".", maxsplit=1)[0], "-o", self.folder / name],
                       check=True, capture_output=True, timeout=60)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
