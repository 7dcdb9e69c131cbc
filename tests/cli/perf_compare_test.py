# SPDX-License-Identifier: BSD-3-Clause
"""qaic-perf compare on a report of a real run on the emulated card, and on what may become of one: exit status, one line
a metric, one line an error. Arguments: build root."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv[1])
PERF = BUILD / "apps/qaic-perf/qaic-perf"


class Compare(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keep = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.keep.name)
        done = subprocess.run([PERF, "run", "--model", BUILD / "config/models/digits/digits.qpc", "--count", "2000",
                               "--json", cls.folder / "a.json", "--", "--no-huge", "-m", "512",
                               "--file-prefix", f"compare-{os.getpid()}"],
                              capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stderr
        cls.report = json.loads((cls.folder / "a.json").read_text())

    @classmethod
    def tearDownClass(cls):
        cls.keep.cleanup()

    def write(self, name, throughput=1.0, latency=None, **changes):
        """The report of the run with this much throughput, and with even latencies around `latency` ns if that is given."""
        report = json.loads(json.dumps(self.report)) | changes
        report["throughput"]["inferences_per_s"] *= throughput
        if latency:
            report["latency"]["histogram"] = [[latency * (1 + i / 1000), latency * (1 + i / 1000), 20] for i in range(1000)]
        (self.folder / name).write_text(json.dumps(report))
        return name

    def compare(self, status, *arguments):
        done = subprocess.run([PERF, "compare", *arguments], cwd=self.folder, capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def refuse(self, pattern, *arguments):
        done = self.compare(2, *arguments)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertRegex(done.stderr, "^qaic-perf: " + pattern)

    def test_a_run_is_the_same_as_itself(self):
        done = self.compare(0, "a.json", "a.json")
        self.assertEqual(done.stderr, "")
        lines = done.stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["throughput", "p50", "p99"])
        for line in lines:
            self.assertRegex(line, r"B is 1 times A .*: SAME$")

    def test_slower_is_worse_and_faster_is_better(self):
        slow, fast = self.write("slow.json", throughput=0.8), self.write("fast.json", throughput=1.25)
        self.assertRegex(self.compare(1, "a.json", slow).stdout, r"B is 0\.8 times A .*: WORSE\n")
        self.assertRegex(self.compare(0, "a.json", fast).stdout, r"B is 1\.25 times A .*: BETTER\n")
        self.compare(0, "a.json", slow, "--metric", "p50,p99")
        self.compare(0, "a.json", slow, "--threshold", "30")

    def test_a_longer_tail_is_worse(self):
        short, longer = self.write("short.json", latency=1000), self.write("longer.json", latency=1300)
        for metric in ("p50", "p99", "p99.9"):
            self.assertRegex(self.compare(1, short, longer, "--metric", metric).stdout,
                             rf"^{metric} .* B is 1\.3 times A \(1\.[23]\d* to 1\.3\d*\): WORSE\n$")
        self.assertRegex(self.compare(0, longer, short, "--metric", "p50").stdout, "BETTER")

    def test_repetitions_tell_noise_from_a_difference(self):
        noisy = [self.write(f"n{i}.json", throughput=f) for i, f in enumerate((0.8, 1.3, 0.9, 1.25, 1.0))]
        other = [self.write(f"o{i}.json", throughput=f) for i, f in enumerate((0.7, 1.2, 0.75, 1.2, 0.9))]
        worse = [self.write(f"w{i}.json", throughput=f) for i, f in enumerate((0.5, 0.51, 0.49, 0.505, 0.52))]
        self.assertRegex(self.compare(0, ",".join(noisy), ",".join(other), "--metric", "throughput").stdout, "SAME")
        self.assertRegex(self.compare(1, ",".join(noisy), ",".join(worse), "--metric", "throughput").stdout,
                         r"B is 0\.505 times A \(.*, p 0\.0079\): WORSE")

    def test_other_settings_are_noted(self):
        other = self.write("other.json", options=self.report["options"] | {"burst": 1})
        self.assertEqual(self.compare(0, "a.json", other).stderr, "qaic-perf: note: not the same burst: 8 and 1\n")

    def test_what_cannot_be_compared(self):
        (self.folder / "cut.json").write_text(json.dumps(self.report)[:1000])
        (self.folder / "empty.json").write_text("")
        self.refuse(r"E_INVAL: no\.json: cannot open", "a.json", "no.json")
        self.refuse(r"E_INVAL: \.: is not a regular file", ".", "a.json")
        self.refuse(r"E_INVAL: : cannot open", "a.json,", "a.json")
        self.refuse(r"E_FORMAT: empty\.json: is empty", "a.json", "empty.json")
        self.refuse(r"E_FORMAT: cut\.json: is no JSON: wrong at byte 1001", "cut.json", "a.json")
        self.refuse(r"E_FORMAT: v9\.json: /schema_version: is 9", "a.json", self.write("v9.json", schema_version=9))
        self.refuse(r"E_FORMAT: bad\.json: the run failed: it broke", "a.json",
                    self.write("bad.json", ok=False, problems=["it broke"]))
        self.refuse(r"E_FORMAT: half\.json: /cycles/per_op: missing", "a.json", self.write("half.json", cycles={}),
                    "--metric", "cycles")
        self.refuse(r"E_INVAL: --metric speed: unknown", "a.json", "a.json", "--metric", "speed")
        self.refuse(r"E_INVAL: --threshold nan", "a.json", "a.json", "--threshold", "nan")
        self.refuse(r".*B is required", "a.json")
        huge = self.folder / "huge.json"
        with huge.open("wb") as file:
            file.truncate((64 << 20) + 1)
        self.refuse(r"E_LIMIT: huge\.json: 67108865 bytes, limit 67108864", "a.json", "huge.json")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
