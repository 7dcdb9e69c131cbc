# SPDX-License-Identifier: BSD-3-Clause
"""The example applications build out of tree, with make and DPDK's pkg-config file alone, and run on the emulated card.
Arguments: source root, build root, folder of libdpdk.pc."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE, BUILD = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
ENV = dict(os.environ, PKG_CONFIG_PATH=sys.argv[3])
DIGITS = SOURCE / "config/models/digits"
QPC, IMAGES, LABELS = BUILD / "config/models/digits/digits.qpc", DIGITS / "test_images.f32", DIGITS / "test_labels.u8"


def run(command, **more):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120, check=False, **more)


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        libdir = run(["pkg-config", "--variable=libdir", "libdpdk"], env=ENV).stdout.strip()
        cls.eal = ["--no-huge", "-m", "512", "--no-pci", "--file-prefix", f"examples-{os.getpid()}",
                   "-d", f"{libdir}/librte_mempool_ring.so", "-d", BUILD / "drivers/qaic/librte_ml_qaic.so",
                   "--vdev=ml_qaic_emu0", "--"]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def build(self, name, program, flags):
        """Copies the example out of the tree and makes it there."""
        place = pathlib.Path(self.folder.name) / name
        shutil.copytree(SOURCE / "apps/examples" / name, place, dirs_exist_ok=True)
        made = run(["make", "-C", place], env=dict(ENV, **flags))
        self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
        self.assertNotIn("warning", made.stderr)
        return place / program

    def test_c(self):
        first = self.build("c", "qaic-first", {"CFLAGS": "-O1 -Werror"})
        for number in (0, 7):
            done = run([first, *self.eal, QPC, IMAGES, number])
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            scores = [float(s) for s in re.findall(r"^\d: (-?\d+\.\d+)$", done.stdout, re.M)]
            self.assertEqual(len(scores), 10, done.stdout)
            self.assertEqual(scores.index(max(scores)), LABELS.read_bytes()[number])

    def test_c_says_what_is_wrong(self):
        first = self.build("c", "qaic-first", {"CFLAGS": "-O1 -Werror"})
        for words, says in (([QPC], "usage"), ([QPC, "/no/such/file"], "/no/such/file"), ([QPC, IMAGES, 450], "needs"),
                            ([IMAGES, IMAGES], "load")):
            done = run([first, *self.eal, *words])
            self.assertEqual(done.returncode, 1, words)
            self.assertIn(says, done.stderr)

    def test_cpp(self):
        classify = self.build("cpp", "qaic-classify", {"CXXFLAGS": "-O1 -Werror"})
        done = run([classify, *self.eal, QPC, IMAGES, LABELS])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        right, of = (int(n) for n in re.search(r"^(\d+) of (\d+) right$", done.stdout, re.M).groups())
        self.assertEqual(of, 450)
        self.assertGreater(right, 420)
        self.assertEqual(sum(int(n) for n in re.findall(r"^class \d+: (\d+)$", done.stdout, re.M)), 450)

    def test_cpp_says_what_is_wrong(self):
        classify = self.build("cpp", "qaic-classify", {"CXXFLAGS": "-O1 -Werror"})
        done = run([classify, *self.eal, QPC, "/no/such/file"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("/no/such/file: cannot be read", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
