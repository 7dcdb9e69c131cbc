# SPDX-License-Identifier: BSD-3-Clause
"""Debian's unmodified dpdk-test-mldev, the whole matrix: device_ops, model_ops with eight models, inference_ordered and
inference_interleave with four models on three queue pairs, bursts of 32, float and device-type files, statistics,
tolerance 0; on the card in the process and on one that qaic-card serves. "Result: Success" is what counts: its exit
status is 0 for Unsupported, too.

The program polls with two threads a queue pair, its main thread and the card beside them. Where there are not as many
processors, give_way.cpp is loaded before it: else each wait lasts a time slice, and the run does not end within minutes.

Arguments: source root, build root, DPDK prefix (whose sysroot holds the program). QAIC_MLDEV_REPETITIONS: operations a
model and run (100000). QAIC_MLDEV_GIVE_WAY=0 or 1: without or with give_way, whatever there is of processors."""
import math
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

SOURCE, BUILD, DPDK = (pathlib.Path(a) for a in sys.argv[1:4])
REPETITIONS = int(os.environ.get("QAIC_MLDEV_REPETITIONS", "100000"))
SYSROOT, LIBRARIES = DPDK / "sysroot", DPDK / "lib"
CARD, QPC = BUILD / "apps/qaic-card/qaic-card", BUILD / "apps/qaic-qpc/qaic-qpc"
DIGITS = SOURCE / "config/models/digits"
QUEUE_PAIRS, BURST = 3, 32
QUEUE_SIZE = 1024  # what is left of a channel's request ids for each of three queue pairs
CROWDED = len(os.sched_getaffinity(0)) < 2 * QUEUE_PAIRS + 2
GIVE_WAY = os.environ.get("QAIC_MLDEV_GIVE_WAY", "1" if CROWDED else "0") == "1"


def floats(values):
    return struct.pack(f"<{len(values)}f", *values)


def wave(n, most):  # whole numbers: int8 holds them as they are
    return [float(round(most * math.sin(0.37 * i))) for i in range(n)]


class Model:
    """A container with an input and the outputs to expect, in device types and as float32."""

    def __init__(self, folder, name, device, plain):
        self.path = folder / f"{name}.qpc"
        self.files = {}
        for kind, pair in (("device", device), ("float", plain)):
            for end, data in zip(("in", "expected"), pair):
                path = folder / f"{name}.{kind}.{end}"
                path.write_bytes(data)
                self.files[kind, end] = path

    def filelist(self, kind, out):
        parts = (self.path, self.files[kind, "in"], out, self.files[kind, "expected"])
        return ["--filelist", ",".join(str(p) for p in parts)]


def int8(values):
    return struct.pack(f"<{len(values)}b", *(int(v) for v in values))


def build(folder, name, builtin):
    subprocess.run([QPC, "build", "--builtin", builtin, "--name", name, "-o", folder / f"{name}.qpc"], check=True)


def make_models(folder):
    """Four kinds of program: two tensors each way, another output type, float32, and a network."""
    build(folder, "echo", "echo:in=1KiB+64")
    x = wave(1088, 127)
    echo = Model(folder, "echo", (int8(x), int8(x)), (floats(x), floats(x)))
    build(folder, "checksum", "checksum:in=4KiB")
    x = wave(4096, 100)
    crc = struct.unpack("<i", struct.pack("<I", zlib.crc32(int8(x))))[0]
    # An int32 is as long as a float32: test-mldev cannot say that it wants it as it is, and gets a float32 both times.
    checksum = Model(folder, "checksum", (int8(x), floats([crc])), (floats(x), floats([crc])))
    build(folder, "scale", "scale:in=1KiB,factor=0.5")
    x = floats(wave(256, 1000))
    half = floats([v / 2 for v in struct.unpack("<256f", x)])
    scale = Model(folder, "scale", (x, half), (x, half))
    image = (DIGITS / "test_images.f32").read_bytes()[:256]
    (folder / "digits.qpc").write_bytes((BUILD / "config/models/digits/digits.qpc").read_bytes())
    logits = digits_here(folder)
    return [echo, checksum, scale, Model(folder, "digits", (image, logits), (image, logits))]


def digits_here(folder):
    """The network's answers to the bit on this processor, once qaic-perf has found them right within 1e-3."""
    out = folder / "digits.all"
    perf = [BUILD / "apps/qaic-perf/qaic-perf", "run", "--model", folder / "digits.qpc", "--input",
            DIGITS / "test_images.f32", "--expect", DIGITS / "torch_outputs.f32", "--tolerance", "1e-3", "--time", "0.1",
            "--warmup", "0.05", "--output", out, "--", "--no-huge", "-m", "256"]
    done = subprocess.run(perf, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(f"qaic-perf: {done.stdout}{done.stderr}")
    return out.read_bytes()[:40]


class Matrix:
    """The tests, for a class that says which card."""

    @classmethod
    def setUpClass(cls):
        print(f"{REPETITIONS} repetitions, give_way {'on' if GIVE_WAY else 'off'}")
        for needed in (SYSROOT / "usr/bin/dpdk-test-mldev", BUILD / "drivers/qaic/librte_ml_qaic.so",
                       BUILD / "tests/proc/libgive_way.so"):
            if not needed.exists():
                raise unittest.SkipTest(f"{needed} is missing")
        cls.folder = tempfile.TemporaryDirectory(prefix="qaic_mldev_")  # mode 0700
        cls.path = pathlib.Path(cls.folder.name)
        cls.models = make_models(cls.path)
        cls.start_card()

    @classmethod
    def tearDownClass(cls):
        cls.end_card()
        cls.folder.cleanup()

    @classmethod
    def start_card(cls):
        cls.vdev = "ml_qaic_emu0"

    @classmethod
    def end_card(cls):
        pass

    def mldev(self, test, *more, models=(), kind="float", give_way=GIVE_WAY):
        files = [word for i, m in enumerate(models) for word in m.filelist(kind, self.path / f"out{i}")]
        # 2 * pairs + 1 spinning threads on what processors there are. Not pinned one by one: where they outnumber the
        # processors the scheduler finds better places than we do (2 of them: a tenth of the time).
        lcores = f"(0-{2 * QUEUE_PAIRS})@({','.join(str(c) for c in sorted(os.sched_getaffinity(0)))})"
        command = [SYSROOT / "run", SYSROOT / "usr/bin/dpdk-test-mldev", f"--lcores={lcores}", "--no-pci", "--no-huge", "-m",
                   "256", "--no-telemetry", "--file-prefix", f"mldev-{os.getpid()}", "-d",
                   LIBRARIES / "librte_mempool_ring.so", "-d", BUILD / "drivers/qaic/librte_ml_qaic.so",
                   f"--vdev={self.vdev}", "--", f"--test={test}", *files, *more]
        env = dict(os.environ, LD_LIBRARY_PATH=f"{LIBRARIES}:/usr/lib/x86_64-linux-gnu")
        if give_way:
            env["LD_PRELOAD"] = str(BUILD / "tests/proc/libgive_way.so")
        began = time.monotonic()
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=False)
        print(f"{test}: {time.monotonic() - began:.1f} s", flush=True)
        said = done.stdout + done.stderr
        self.assertRegex(done.stdout, r"Result: \S*Success", said)
        self.assertNotRegex(said, r"E_[A-Z]+:", "the driver complained")
        return done.stdout

    def inference(self, test, kind, repetitions=REPETITIONS, give_way=GIVE_WAY):
        more = ["--queue_pairs", str(QUEUE_PAIRS), "--queue_size", str(QUEUE_SIZE), "--burst_size", str(BURST), "--repetitions",
                str(repetitions), "--tolerance", "0", "--stats"]
        if kind == "device":
            more.append("--quantized_io")
        for i in range(len(self.models)):
            (self.path / f"out{i}").unlink(missing_ok=True)
        said = self.mldev(test, *more, models=self.models, kind=kind, give_way=give_way)
        for i in range(len(self.models)):
            self.assertRegex(said, rf"model{i if 'interleave' in test else 0}_inferences += {repetitions}\n")
        for i, model in enumerate(self.models):  # what it wrote, besides what it compared
            expected = model.files[kind, "expected"].read_bytes()
            self.assertEqual((self.path / f"out{i}").read_bytes()[:len(expected)], expected, model.path.name)

    def test_device_ops(self):
        self.mldev("device_ops", "--queue_pairs", str(QUEUE_PAIRS), "--queue_size", str(QUEUE_SIZE))

    def test_model_ops_with_eight_models(self):
        again = [self.path / "echo.qpc", self.path / "digits.qpc"]
        for i, builtin in enumerate(("wait:in=64,us=100", "echo:in=4KiB")):
            build(self.path, f"more{i}", builtin)
            again.append(self.path / f"more{i}.qpc")
        paths = [m.path for m in self.models] + again
        self.assertEqual(len(paths), 8)
        self.mldev("model_ops", "--models", ",".join(str(p) for p in paths), "--stats")

    def test_inference_alone(self):
        """Nothing loaded before the program, whatever there is of processors; no more operations than queues hold."""
        for test in ("inference_ordered", "inference_interleave"):
            with self.subTest(test=test):
                self.inference(test, "float", repetitions=QUEUE_SIZE // 4, give_way=False)

    def test_inference_ordered(self):
        for kind in ("float", "device"):
            with self.subTest(kind=kind):
                self.inference("inference_ordered", kind)

    def test_inference_interleave(self):
        for kind in ("float", "device"):
            with self.subTest(kind=kind):
                self.inference("inference_interleave", kind)


class InProcess(Matrix, unittest.TestCase):
    pass


class Served(Matrix, unittest.TestCase):
    @classmethod
    def start_card(cls):
        socket = cls.path / "card"
        cls.vdev = f"ml_qaic_vfu0,socket={socket}"
        # pylint: disable-next=consider-using-with  # ended by end_card()
        cls.card = subprocess.Popen([CARD, "--socket", socket, "--idle"], stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, text=True)
        line = cls.card.stdout.readline()  # printed once the socket is there
        if str(socket) not in line:
            raise AssertionError(f"qaic-card says: {line}{cls.card.stdout.read()}")

    @classmethod
    def end_card(cls):
        cls.card.terminate()
        cls.card.wait(timeout=20)
        cls.card.stdout.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
