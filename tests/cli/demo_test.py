# SPDX-License-Identifier: BSD-3-Clause
"""The demo ends well with the sample network, and fails when one weight of it was changed; README's first program
compiles as printed and runs. Arguments: source root, build root, prefix of DPDK for pkg-config ('' = the system's)."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE, BUILD = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
PKG_CONFIG = sys.argv[3]
DIGITS = SOURCE / "config/models/digits"
QPC = BUILD / "config/models/digits/digits.qpc"
EAL = ["--no-huge", "-m", "512", "--file-prefix", f"demo-test-{os.getpid()}"]


def run(command, **more):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=90, check=False, **more)


class Demo(unittest.TestCase):
    def demo(self, model):
        env = dict(os.environ, QAIC_BUILD=str(BUILD), QAIC_MODEL=str(model))
        return run([SOURCE / "config/demo.sh", *EAL], env=env)

    def test_ends_well(self):
        done = self.demo(QPC)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for word in ("450 of 450 outputs within", "boot", "sahara", "p99.9", "inferences/s", "OK, outputs verified"):
            self.assertIn(word, done.stdout)

    def test_fails_with_one_weight_changed(self):
        with tempfile.TemporaryDirectory() as folder:
            onnx, qpc = pathlib.Path(folder) / "changed.onnx", pathlib.Path(folder) / "changed.qpc"
            changed = run(["/usr/bin/python3", DIGITS / "perturb_onnx.py", DIGITS / "digits.onnx", onnx])
            self.assertEqual(changed.returncode, 0, changed.stderr)
            self.assertEqual(onnx.stat().st_size, (DIGITS / "digits.onnx").stat().st_size)
            built = run([BUILD / "apps/qaic-qpc/qaic-qpc", "build", "--onnx", onnx, "-o", qpc, "--name", "digits"])
            self.assertEqual(built.returncode, 0, built.stderr)
            done = self.demo(qpc)
        self.assertNotEqual(done.returncode, 0, "a wrong network passed:\n" + done.stdout)
        self.assertIn("verify", done.stdout, done.stdout + done.stderr)  # it ran, and was found out
        self.assertNotIn("OK, outputs verified", done.stdout)


class FirstProgram(unittest.TestCase):
    def test_compiles_and_runs_as_printed(self):
        text = (SOURCE / "README.md").read_text(encoding="utf-8")
        block = re.search(r"<!-- first-program.*?-->\n```c\n(.*?)```", text, re.S)
        self.assertIsNotNone(block, "README.md has no first program")
        env = dict(os.environ, PKG_CONFIG_PATH=PKG_CONFIG)
        flags = run(["pkg-config", "--cflags", "--libs", "libdpdk"], env=env).stdout.split()
        library = run(["pkg-config", "--variable=libdir", "libdpdk"], env=env).stdout.strip()
        with tempfile.TemporaryDirectory() as folder:
            source, program = pathlib.Path(folder) / "first.c", pathlib.Path(folder) / "first"
            source.write_text(block.group(1), encoding="utf-8")
            built = run(["cc", "-Wall", "-Wextra", "-Werror", source, *flags, "-DALLOW_EXPERIMENTAL_API", f"-Wl,-rpath,{library}",
                         "-o", program])
            self.assertEqual(built.returncode, 0, built.stderr)
            plugins = ["-d", f"{library}/librte_mempool_ring.so", "-d", BUILD / "drivers/qaic/librte_ml_qaic.so"]
            done = run([program, *EAL, "--no-pci", *plugins, "--vdev=ml_qaic_emu0", "--", QPC, DIGITS / "test_images.f32"])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        scores = [float(s) for s in re.findall(r"^\d: +(-?\d+\.\d+)$", done.stdout, re.M)]
        self.assertEqual(len(scores), 10, done.stdout)
        label = (DIGITS / "test_labels.u8").read_bytes()[0]
        self.assertEqual(scores.index(max(scores)), label)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
