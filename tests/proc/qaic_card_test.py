# SPDX-License-Identifier: BSD-3-Clause
"""qaic-card and qaic-perf as two processes: the digits network over vfio-user with every output checked, in each of
EAL's memory modes; qaic-perf killed at random points and run again; qaic-card killed under load (S17) and restarted;
every refusal in one line; Debian's unmodified dpdk-test-mldev. Arguments: source root, build root, DPDK's libraries."""
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE, BUILD, DPDK = (pathlib.Path(a) for a in sys.argv[1:4])
DIGITS = SOURCE / "config/models/digits"
PERF, CARD = BUILD / "apps/qaic-perf/qaic-perf", BUILD / "apps/qaic-card/qaic-card"
NO_HUGE = ["--no-huge", "-m", "256"]


def free_hugepages():
    text = pathlib.Path("/proc/meminfo").read_text(encoding="ascii")
    return int(re.search(r"HugePages_Free: *(\d+)", text).group(1))


class Card:
    """A running qaic-card; its output is kept."""

    def __init__(self, socket, *options):
        self.process = subprocess.Popen([CARD, "--socket", socket, "--idle", *options], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        line = self.process.stdout.readline()  # printed once the socket is there
        if str(socket) not in line:
            raise AssertionError(f"qaic-card says: {line}{self.process.stdout.read()}")

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(timeout=20)
        finally:
            self.process.stdout.close()
        return self.process.returncode

    def held(self):
        """Descriptors, and mapped files of clients."""
        pid = self.process.pid
        maps = pathlib.Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
        return len(os.listdir(f"/proc/{pid}/fd")), len(re.findall(r"/memfd:nohuge|/dev/hugepages|anon_huge", maps))


class Processes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="qaic_card_")  # mode 0700
        self.socket = pathlib.Path(self.folder.name) / "card"
        self.card = Card(self.socket)

    def tearDown(self):
        self.card.end()
        self.folder.cleanup()

    def command(self, *more, eal=tuple(NO_HUGE), device=None):
        return [str(c) for c in (
            PERF, "run", "--model", BUILD / "config/models/digits/digits.qpc", "--input", DIGITS / "test_images.f32",
            "--expect", DIGITS / "torch_outputs.f32", "--labels", DIGITS / "test_labels.u8", "--tolerance", "1e-3",
            "--dev", device or f"ml_qaic_vfu0,socket={self.socket}", "--warmup", "0.05", *more, "--", *eal)]

    def run_to_success(self, *more, eal=tuple(NO_HUGE)):
        done = subprocess.run(self.command("--time", "0.2", *more, eal=eal), capture_output=True, text=True,
                              timeout=90, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("450 of 450 outputs within", done.stdout)
        self.assertIn("OK, outputs verified", done.stdout)
        return done.stdout

    def test_memory_modes(self):
        modes = [NO_HUGE]
        if free_hugepages() >= 64:
            modes += [["--in-memory"], ["--in-memory", "-m", "32"], ["--in-memory", "--single-file-segments"],
                      ["--huge-unlink"], ["--legacy-mem", "--huge-unlink", "-m", "64"]]
        for mode in modes:
            with self.subTest(mode=mode):
                out = self.run_to_success(eal=mode)
                self.assertIn("driver ml_qaic_vfu", out)

    def test_client_killed_at_random_points(self):
        first = subprocess.Popen(self.command("--time", "1"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while self.card.held()[1] == 0 and time.monotonic() < until:
            time.sleep(0.02)
        self.assertGreater(self.card.held()[1], 0, "a client's memory is not seen among the server's mappings")
        self.assertEqual(first.wait(timeout=60), 0)
        before = self.settled()
        self.assertEqual(before[1], 0)
        points = random.Random(20261123)
        for i in range(10):
            victim = subprocess.Popen(self.command("--time", "60"), stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            time.sleep(points.uniform(0.02, 1.0))  # EAL, attach, boot, load, inferences
            self.assertIsNone(victim.poll(), f"round {i}: ended by itself")
            victim.kill()
            victim.wait(timeout=20)
            self.run_to_success()
        self.assertEqual(self.settled(), before, "the server holds something of a client that is gone")

    def settled(self):
        """What the server holds once the last client's end has been seen."""
        until = time.monotonic() + 5
        while time.monotonic() < until:
            held = self.card.held()
            if held[1] == 0:
                return held
            time.sleep(0.02)
        return self.card.held()

    def test_server_killed_under_load(self):
        run = subprocess.Popen(self.command("--time", "3"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(1.8)
        self.assertIsNone(run.poll(), "ended before the server was killed")
        self.card.end(signal.SIGKILL)
        out, err = run.communicate(timeout=30)
        self.assertEqual(run.returncode, 1, out + err)  # an error, not a signal
        self.assertRegex(err, r"ml_qaic_vfu0: E_REMOVED: socket .*: (server closed the connection|send: |receive: )")
        self.assertIn("device is REMOVED", err)
        self.assertRegex(out, r"submitted ([\d,]+) = succeeded [\d,]+ \+ failed [1-9][\d,]* \+ in flight 0")
        self.card = Card(self.socket)  # over the path the dead one left
        self.run_to_success()

    def test_unmodified_test_mldev(self):
        root = DPDK.parent / "sysroot"
        if not (root / "usr/bin/dpdk-test-mldev").exists():
            self.skipTest("no dpdk-test-mldev beside this DPDK")
        model, folder = BUILD / "config/models/digits/digits.qpc", pathlib.Path(self.folder.name)
        (folder / "in").write_bytes((DIGITS / "test_images.f32").read_bytes()[:256])
        (folder / "expected").write_bytes((DIGITS / "torch_outputs.f32").read_bytes()[:40])
        files = ",".join(str(f) for f in (model, folder / "in", folder / "out", folder / "expected"))
        inference = ["--filelist", files, "--repetitions", "1000", "--burst_size", "8", "--queue_size", "64", "--tolerance", "1"]
        for test, more in (("device_ops", []), ("model_ops", ["--models", f"{model},{model}"]),
                           ("inference_ordered", inference), ("inference_interleave", inference)):
            with self.subTest(test=test):
                done = subprocess.run(
                    [root / "run", root / "usr/bin/dpdk-test-mldev", "--lcores=0@0,1@0,2@0", "--no-pci", *NO_HUGE,
                     "--no-telemetry", "--file-prefix", f"qaic-card-{os.getpid()}", "-d", DPDK / "librte_mempool_ring.so",
                     "-d", BUILD / "drivers/qaic/librte_ml_qaic.so", f"--vdev=ml_qaic_vfu0,socket={self.socket}", "--",
                     f"--test={test}", *more],
                    env=dict(os.environ, LD_LIBRARY_PATH=f"{DPDK}:/usr/lib/x86_64-linux-gnu"), capture_output=True,
                    text=True, timeout=120, check=False)
                # Its exit status is 0 for "Unsupported", too.
                self.assertRegex(done.stdout, r"Result: \S*Success", done.stdout + done.stderr)

    def refusal(self, device):
        done = subprocess.run(self.command("--time", "0.1", device=device), capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertNotEqual(done.returncode, 0)
        lines = [line for line in done.stderr.splitlines() if "ml_qaic_vfu0: " in line]
        self.assertEqual(len(lines), 1, done.stderr)
        return lines[0]

    def test_refusals(self):
        self.assertIn("give socket=PATH of a running qaic-card", self.refusal("ml_qaic_vfu0"))
        self.assertIn("start qaic-card --socket", self.refusal(f"ml_qaic_vfu0,socket={self.socket}x"))
        self.assertIn("limit 1..107", self.refusal(f"ml_qaic_vfu0,socket={'/long' * 30}"))
        self.card.end(signal.SIGKILL)  # leaves the path
        self.assertIn("nobody listens there", self.refusal(f"ml_qaic_vfu0,socket={self.socket}"))
        self.card = Card(self.socket, "--trap")
        self.assertIn("start qaic-card without --trap", self.refusal(f"ml_qaic_vfu0,socket={self.socket}"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
