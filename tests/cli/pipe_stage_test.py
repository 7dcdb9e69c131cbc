# SPDX-License-Identifier: BSD-3-Clause
"""A stage of one's own: apps/examples/stage builds out of tree, and qaic-pipe takes it like those it ships.
Arguments: qaic-pipe, source root, folder of libdpdk.pc."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

EXE, SOURCE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
ENV = dict(os.environ, PKG_CONFIG_PATH=sys.argv[3])


def run(*words, **more):
    return subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=120, check=False, **more)


class OwnStage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        place = pathlib.Path(cls.folder.name) / "stage"
        shutil.copytree(SOURCE / "apps/examples/stage", place)
        # One header of ours, as its README says: nothing else of the tree may be needed.
        (place / "include/pipeline").mkdir(parents=True)
        shutil.copy(SOURCE / "lib/pipeline/stage.h", place / "include/pipeline")
        cls.made = run("make", "-C", place, "INCLUDE=include", env=dict(ENV, CFLAGS="-O1 -Werror"))
        cls.plugin = place / "invert.so"

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.assertEqual(self.made.returncode, 0, self.made.stdout + self.made.stderr)
        self.assertNotIn("warning", self.made.stderr)

    def test_it_is_a_kind_like_others(self):
        done = run(EXE, "kinds", "--json", "--plugin", self.plugin)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        invert = [k for k in json.loads(done.stdout) if k["kind"] == "invert"]
        self.assertEqual(invert, [{"kind": "invert", "role": "shape", "options": ["from"], "drop_reasons": ["not_floats"],
                                   "keeps": False, "reloads": False}])
        self.assertIn("invert", run(EXE, "kinds", "--plugin", "./invert.so", cwd=self.plugin.parent).stdout)

    def test_without_the_plugin_it_is_none(self):
        done = run(EXE, "kinds", "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertNotIn("invert", [k["kind"] for k in json.loads(done.stdout)])

    def test_its_options_are_checked_with_the_file(self):
        file = pathlib.Path(self.folder.name) / "p.toml"
        file.write_text('name = "p"\n[[stage]]\nname = "a"\nkind = "invert"\noptions = { form = 1.0 }\n', encoding="utf-8")
        done = run(EXE, "dot", file, "--plugin", self.plugin)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(f'{file}:5:20: a stage of kind invert has no option "form"; it has: from', done.stderr)

    def test_twice_is_told(self):
        again = self.plugin.with_name("again.so")
        shutil.copy(self.plugin, again)
        done = run(EXE, "kinds", "--plugin", self.plugin, "--plugin", again)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("it registered no stage (a name that is taken", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)

    def test_a_role_that_is_none_is_refused(self):
        place = pathlib.Path(self.folder.name) / "role"
        shutil.copytree(self.plugin.parent, place)
        code = (place / "invert.c").read_text(encoding="utf-8")
        (place / "invert.c").write_text(code.replace(".role = QAIC_PIPE_SHAPE", ".role = (enum qaic_pipe_role)9"), encoding="utf-8")
        self.assertEqual(run("make", "-C", place, "-B", "INCLUDE=include", env=dict(ENV, CFLAGS="-O1")).returncode, 0)
        done = run(EXE, "kinds", "--plugin", place / "invert.so")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("it registered no stage", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
