#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""qaic-qpc from outside: what its commands do, and that each error is one line on stderr with the right exit code.

Usage: qaic_qpc_test.py PATH-OF-QAIC-QPC"""
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

EXE = ""
OK, DATA, USAGE = 0, 1, 2


def field(number, content):
    """A length-delimited protobuf field."""
    out, n = bytes([number << 3 | 2]), len(content)
    while n >= 0x80:
        out, n = out + bytes([n & 0x7F | 0x80]), n >> 7
    return out + bytes([n]) + content


def varint(number, value):
    return bytes([number << 3, value])


def value_info(name, dims, elem=1):
    shape = b"".join(field(1, varint(1, d) if isinstance(d, int) else field(2, d.encode())) for d in dims)
    return field(1, name) + field(2, field(1, varint(1, elem) + field(2, shape)))


def onnx_model(inputs, outputs):
    """A model of the ONNX format: just what the tool looks at, and some weights."""
    graph = field(2, b"net") + field(1, b"\x22\x04Relu") + field(5, field(8, b"w") + field(9, bytes(256)))
    graph += b"".join(field(11, i) for i in inputs) + b"".join(field(12, o) for o in outputs)
    return varint(1, 8) + field(7, graph)


class QaicQpc(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.dir = self.tmp.name
        self.addCleanup(self.tmp.cleanup)

    def path(self, name, content=None):
        p = os.path.join(self.dir, name)
        if content is not None:
            with open(p, "wb") as f:
                f.write(content)
        return p

    def run_tool(self, *args):
        return subprocess.run([EXE, *args], capture_output=True, timeout=60, check=False)

    def good(self, *args):
        r = self.run_tool(*args)
        self.assertEqual((r.returncode, r.stderr), (OK, b""), args)
        return r.stdout.decode()

    def bad(self, code, text, *args):
        """Expects that exit code, nothing on stdout, and one line on stderr that holds the text."""
        r = self.run_tool(*args)
        err = r.stderr.decode()
        self.assertEqual(r.returncode, code, err)
        self.assertEqual(r.stdout, b"")
        self.assertEqual(err.count("\n"), 1, err)
        self.assertTrue(err.startswith("qaic-qpc: ") and err.endswith("\n"), err)
        self.assertIn(text, err)
        return err

    def build(self, spec="echo:in=64", name="net.qpc", *more):
        out = self.path(name)
        self.assertEqual(self.good("build", "--builtin", spec, "-o", out, *more), "")
        return out

    # ---- what it does

    def test_every_builtin_builds_verifies_and_shows(self):
        for i, spec in enumerate(["echo:in=64,out=64", "checksum:in=64+128", "scale:in=1KiB,factor=0.5",
                                  "wait:in=64,out=64,us=100"]):
            out = self.build(spec, f"{i}.qpc")
            self.assertIn(": ok, 4 segments", self.good("verify", "--strict", out))
            self.assertIn(f"NSP program: built-in {spec.split(':')[0]}", self.good("show", out))

    def test_onnx_becomes_constants(self):
        model = onnx_model([value_info(b"image", [1, 1, 8, 8])], [value_info(b"logits", [1, 10])])
        net = self.path("digits.onnx", model)
        out = self.path("digits.qpc")
        self.good("build", "--onnx", net, "-o", out, "--nsps", "2")
        info = json.loads(self.good("show", out, "--json"))
        self.assertEqual(info["network"], "digits")
        self.assertEqual(info["needs"]["nsps"], 2)
        self.assertEqual([(i["name"], i["dims"]) for i in info["inputs"]], [("image", [1, 1, 8, 8])])
        self.assertEqual(info["needs"]["static_constants"], len(model))
        segment = next(s for s in info["segments"] if s["name"] == "constants.bin")
        self.assertEqual((segment["size"], segment["split"]), (len(model), len(model)))
        self.assertEqual(segment["crc32"], zlib.crc32(model))
        with open(out, "rb") as f:
            self.assertEqual(f.read()[segment["offset"]:][:len(model)], model)
        constants = self.path("constants")
        self.good("extract", out, "--segment", "constants.bin", "-o", constants)
        with open(constants, "rb") as f:
            self.assertEqual(f.read(), model)

    def test_memory_and_names(self):
        out = self.build("echo:in=64", "v.qpc", "--memory", "vtcm", "--name", "mine")
        info = json.loads(self.good("show", "--json", out))
        self.assertEqual(info["network"], "mine")
        self.assertEqual([r["space"] for r in info["dma_requests"]], ["multicast", "multicast"])
        self.assertEqual(info["nsp_program"]["inputs"][0]["memory"], "VTCM")
        in_place = json.loads(self.good("show", "--json", self.build("echo:in=64")))["dma_requests"]
        apart = json.loads(self.good("show", "--json", self.build("echo:in=64", "s.qpc", "--separate")))["dma_requests"]
        self.assertEqual(in_place[0]["dev_offset"], in_place[1]["dev_offset"])
        self.assertNotEqual(apart[0]["dev_offset"], apart[1]["dev_offset"])

    def test_show_prints_the_decoded_request(self):
        text = self.good("show", self.build("echo:in=4KiB"))
        lines = [" ".join(line.split()) for line in text.splitlines()]
        self.assertIn("0 0+0x0 -> DDR+0x0 4096 wait sem0 == 1 sem0 := 0 MCID 0+0x0 := 1 (32 bit)", lines)
        self.assertIn("1 1+0x0 <- DDR+0x0 4096 wait sem1 == 0 sem1 := 1 MCID 0+0x4 := 1 (32 bit)", lines)
        self.assertIn("semaphores 2, at first sem0 = 0, sem1 = 1", lines)

    def test_extract_all_into_a_directory(self):
        out = self.build()
        self.good("extract", out, "-o", self.dir)
        for name in ("network.elf", "networkdesc.bin", "constantsdesc.bin", "network.elf.crc"):
            self.assertTrue(os.path.exists(self.path(name)), name)
        with open(self.path("network.elf"), "rb") as f, open(self.path("network.elf.crc"), "rb") as crc:
            self.assertEqual(struct.unpack("<I", crc.read())[0], zlib.crc32(f.read()))

    def test_help_and_version(self):
        self.assertIn("build", self.good("--help"))
        self.assertIn("--builtin", self.good("build", "--help"))
        self.assertRegex(self.good("--version"), r"^\d+\.\d+")

    def test_the_same_command_writes_the_same_bytes(self):
        with open(self.build(name="a"), "rb") as a, open(self.build(name="b"), "rb") as b:
            self.assertEqual(a.read(), b.read())

    # ---- wrong command lines: exit code 2

    def test_usage_errors(self):
        o = ("-o", self.path("x.qpc"))
        cases = [
            ((), "a sub-command is required known=build,show,verify,extract"),
            (("frobnicate",), 'unknown sub-command got="frobnicate" known=build,show,verify,extract'),
            (("build",), "--output is required"),
            (("build", *o), "Exactly 1 option from [--onnx,--builtin,--program] is required"),
            (("build", "--builtin", "echo:in=64"), "--output is required"),
            (("build", "--builtin", "echo:in=64", "--onnx", "x", *o), "Exactly 1 option from [--onnx,--builtin,--program] is required"),
            (("build", "--builtin", "nothing:in=64", *o), 'option --builtin: unknown program got="nothing"'),
            (("build", "--builtin", "echo:in=4kb", *o), 'option --builtin: in: not a size got="4kb"'),
            (("build", "--builtin", "echo:in=99999999999", *o), "option --builtin: in: size out of range"),
            (("build", "--builtin", "wait:in=64,us=abc", *o), "option --builtin: us is not a number"),
            (("build", "--builtin", "echo:in=64", *o, "--nsps", "17"), "--nsps"),
            (("build", "--builtin", "echo:in=64", *o, "--nsps", "-1"), "--nsps"),
            (("build", "--builtin", "echo:in=64", *o, "--memory", "l3"), "--memory"),
            (("build", "--builtin", "echo:in=64", *o, "--wat"), "--wat"),
            (("show",), "file is required"),
            (("show", "a", "b"), "b"),
            (("verify",), "file is required"),
            (("extract", "x"), "--output is required"),
        ]
        for args, text in cases:
            with self.subTest(args=args):
                self.bad(USAGE, text, *args)
        self.assertFalse(os.path.exists(self.path("x.qpc")))
        self.bad(USAGE, r'got="frob\x0anicate"', "frob\nnicate")

    # ---- wrong data: exit code 1, the file's name and the rule

    def test_container_errors_name_file_offset_and_rule(self):
        with open(self.build(), "rb") as f:
            good = f.read()
        def patched(at, fmt, value):
            return good[:at] + struct.pack(fmt, value) + good[at + struct.calcsize(fmt):]
        data0 = struct.unpack_from("<Q", good, 40 + 24)[0]
        cases = [
            (b"", "shorter than a container header got=0 limit=40 offset=0x0"),
            (good[:-1], "total size differs from the file (truncated?)"),
            (good + b"x", "total size differs from the file"),
            (patched(0, "<I", 1), "not a program container (magic) got=0x00000001 expected=0x00a1cd7c offset=0x0"),
            (patched(4, "<B", 3), "unknown major version got=3 expected=0 offset=0x4"),
            (patched(24, "<Q", 1 << 63), "too many segments got=9223372036854775808 limit=64 offset=0x18"),
            (patched(72 + 24, "<Q", data0), f"segment 1 overlaps segment 0 got={data0:#x}.."),
            (patched(72 + 24, "<Q", data0), "offset=0x60"),
            (patched(data0, "<B", 1), "constantsdesc.bin: static + dynamic size differs from constants.bin"),
        ]
        for content, text in cases:
            with self.subTest(text=text):
                path = self.path("bad.qpc", content)
                for command in ("show", "verify"):
                    err = self.bad(DATA, text, command, path)
                    self.assertTrue(err.startswith(f"qaic-qpc: E_FORMAT: {path}: "), err)

    def test_damage_to_the_program_is_noticed(self):
        with open(self.build(), "rb") as f:
            good = bytearray(f.read())
        good[good.index(b"\x7fELF") + 100] ^= 1
        self.bad(DATA, "network.elf: checksum differs from network.elf.crc", "verify", self.path("bad.qpc", bytes(good)))

    def test_onnx_errors_name_file_tensor_and_remedy(self):
        image, logits = value_info(b"image", [1, 64]), value_info(b"logits", [1, 10])
        model = onnx_model([image], [logits])
        cases = [
            (b"", "E_FORMAT", "ONNX file is empty"),
            (b"hello, world\n", "E_FORMAT", "not an ONNX model"),
            (model[:-7], "E_FORMAT", "offset=0x2"),
            (varint(1, 8), "E_FORMAT", "model.graph is missing"),
            (onnx_model([], [logits]), "E_FORMAT", "graph.input is missing"),
            (onnx_model([value_info(b"image", ["N", 64])], [logits]), "E_UNSUPP",
             'input "image": dimension 0 is not fixed ("N"); export the model with a fixed batch'),
            (onnx_model([value_info(b"ids", [1], 7)], [logits]), "E_UNSUPP", 'input "ids" is int64, supported is float32'),
            (onnx_model([value_info(b"x" * 64, [1])], [logits]), "E_INVAL", "name too long got=64 limit=63"),
            (onnx_model([value_info(b"a\n\x1bb", [1], 7)], [logits]), "E_UNSUPP", r'input "a\x0a\x1bb" is int64'),
        ]
        for content, code, text in cases:
            with self.subTest(text=text):
                path = self.path("bad.onnx", content)
                err = self.bad(DATA, text, "build", "--onnx", path, "-o", self.path("x.qpc"))
                self.assertTrue(err.startswith(f"qaic-qpc: {code}: {path}: "), err)
        self.assertEqual(os.listdir(self.dir), ["bad.onnx"])

    def test_programs_that_do_not_fit(self):
        self.bad(DATA, "tensors do not fit the VTCM", "build", "--builtin", "echo:in=8MiB", "--memory", "vtcm", "-o",
                 self.path("x.qpc"))

    def test_files_that_are_none(self):
        os.mkfifo(self.path("fifo"))
        os.symlink(self.path("nowhere"), self.path("dangling"))
        net = self.build()
        self.bad(DATA, "fifo: not a regular file", "show", self.path("fifo"))
        self.bad(DATA, f"{self.dir}: not a regular file", "show", self.dir)
        self.bad(DATA, "dangling: cannot open: No such file or directory", "show", self.path("dangling"))
        self.bad(DATA, "fifo: not a regular file", "build", "--onnx", self.path("fifo"), "-o", self.path("x"))
        self.bad(DATA, "fifo: exists and is not a regular file", "build", "--builtin", "echo:in=64", "-o",
                 self.path("fifo"))
        self.bad(DATA, "cannot create: No such file", "build", "--builtin", "echo:in=64", "-o", self.path("no/x"))
        self.bad(DATA, 'no segment "nothing"', "extract", net, "--segment", "nothing", "-o", self.path("x"))

    def test_a_full_disk_is_an_error(self):
        net = self.build()
        for command in (["show", net], ["show", "--json", net], ["verify", net]):
            with open("/dev/full", "wb") as full:
                r = subprocess.run([EXE, *command], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
            self.assertEqual(r.returncode, DATA)
            self.assertRegex(r.stderr.decode(), r"\Aqaic-qpc: [^\n]*\n\Z")

    def test_a_failed_build_leaves_the_old_file(self):
        out = self.build()
        with open(out, "rb") as f:
            before = f.read()
        self.bad(DATA, "not an ONNX model", "build", "--onnx", self.path("bad.onnx", b"junk!"), "-o", out)
        with open(out, "rb") as f:
            self.assertEqual(f.read(), before)
        self.assertEqual(sorted(os.listdir(self.dir)), ["bad.onnx", "net.qpc"])


if __name__ == "__main__":
    EXE = sys.argv.pop(1)
    unittest.main(verbosity=1)
