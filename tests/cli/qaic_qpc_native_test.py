#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""qaic-qpc build --program from outside: what it writes can be shown and verified, and each mistake is one line.

Usage: qaic_qpc_native_test.py PATH-OF-QAIC-QPC SHARED-OBJECT CONFIG"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

EXE = OBJECT = CONFIG = ""
OK, DATA, USAGE = 0, 1, 2


class NativeProgram(unittest.TestCase):
    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.addCleanup(self.tmp.cleanup)

    def path(self, name, content=None):
        p = os.path.join(self.tmp.name, name)
        if content is not None:
            with open(p, "wb") as f:
                f.write(content)
        return p

    def run_exe(self, *args):
        return subprocess.run([EXE, *args], capture_output=True, text=True, timeout=60, check=False)

    def refused(self, code, text, *args):
        r = self.run_exe("build", "-o", self.path("none.qpc"), *args)
        self.assertEqual(r.returncode, code, r.stderr)
        self.assertEqual(len(r.stderr.splitlines()), 1, r.stderr)
        self.assertIn(text, r.stderr)
        self.assertEqual(r.stdout, "")
        self.assertFalse(os.path.exists(self.path("none.qpc")))

    def test_builds_what_show_and_verify_take(self):
        out = self.path("p.qpc")
        r = self.run_exe("build", "--program", OBJECT, "--config", CONFIG, "-o", out, "--name", "mine")
        self.assertEqual((r.returncode, r.stdout, r.stderr), (OK, "", ""))
        self.assertEqual(self.run_exe("verify", out).returncode, OK)
        text = self.run_exe("show", out).stdout
        self.assertIn('network    "mine"', text)
        self.assertIn("host-native NSP program", text)
        self.assertIn("version 0x8005", text)
        self.assertIn("mine", json.dumps(json.loads(self.run_exe("show", "--json", out).stdout)))
        again = self.path("q.qpc")
        self.run_exe("build", "--program", OBJECT, "--config", CONFIG, "-o", again, "--name", "mine")
        with open(out, "rb") as a, open(again, "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_every_mistake_is_one_line(self):
        with open(OBJECT, "rb") as f:
            program = f.read()
        bad = self.path("bad.json", b'{"hwVersionMajor": 2, "numNSPs": 1, "outputs": [], "colour": 1}')
        self.refused(USAGE, "--config", "--program", OBJECT)
        self.refused(USAGE, "--program", "--config", CONFIG)
        self.refused(USAGE, "", "--program", OBJECT, "--config", CONFIG, "--builtin", "echo:in=64")
        self.refused(DATA, "none.so", "--program", self.path("none.so"), "--config", CONFIG)
        self.refused(DATA, "none.json", "--program", OBJECT, "--config", self.path("none.json"))
        self.refused(DATA, 'unknown key got=\\"colour\\"'.replace("\\", ""), "--program", OBJECT, "--config", bad)
        self.refused(DATA, "parse error", "--program", OBJECT, "--config", self.path("e.json", b"{"))
        self.refused(DATA, "not an ELF file", "--program", CONFIG, "--config", CONFIG)
        self.refused(DATA, "ELF", "--program", self.path("cut.so", program[:5000]), "--config", CONFIG)
        arm = program[:18] + b"\xb7\x00" + program[20:]
        self.refused(DATA, "not an x86-64 shared object", "--program", self.path("arm.so", arm), "--config", CONFIG)


if __name__ == "__main__":
    CONFIG, OBJECT, EXE = sys.argv.pop(), sys.argv.pop(), sys.argv.pop()
    unittest.main()
