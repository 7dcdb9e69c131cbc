# SPDX-License-Identifier: BSD-3-Clause
"""qaic-perf with models that only the driver can refuse: one line on stderr after EAL's, naming file, offset and rule.
Arguments: build root."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv[1])
GOOD = (BUILD / "config/models/digits/digits.qpc").read_bytes()
EAL = ["--no-huge", "-m", "512", "--file-prefix", f"refusals-{os.getpid()}"]


class Refusals(unittest.TestCase):
    def refuse(self, content):
        with tempfile.TemporaryDirectory() as folder:
            model = pathlib.Path(folder) / "model.qpc"
            model.write_bytes(content)
            done = subprocess.run([BUILD / "apps/qaic-perf/qaic-perf", "run", "--model", model, "--", *EAL],
                                  capture_output=True, text=True, timeout=90, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(done.stdout, "")
        lines = [line for line in done.stderr.splitlines() if not line.startswith("qaic-perf: note: ")]
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertIn("model.qpc: the driver refused the model", lines[0])
        return lines[0]

    def test_truncated(self):
        self.assertRegex(self.refuse(GOOD[:30000]), rf"total size differs .* got={len(GOOD)} expected=30000 offset=0x8$")

    def test_one_byte_of_the_constants_changed(self):
        at = len(GOOD) // 3
        changed = GOOD[:at] + bytes([GOOD[at] ^ 1]) + GOOD[at + 1:]
        self.assertRegex(self.refuse(changed), r"constants\.bin: checksum differs .* offset=0x")

    def test_not_a_container(self):
        self.assertRegex(self.refuse(b"\0" * 4096), r"offset=0x0")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
