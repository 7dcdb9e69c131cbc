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

import numpy as np

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

    def run_pipeline(self, source, sink, code=0):
        """Of `source`, through the stage, to `sink`; the end's figures by stage."""
        file = pathlib.Path(self.folder.name) / "run.toml"
        text = "".join(f'[[stage]]\nname = "{name}"\nkind = "{kind}"\noptions = {{ {options} }}\n'
                       for name, (kind, options) in (("a", source), ("b", ("invert", "from = 0.25")), ("c", sink)))
        file.write_text(f'name = "p"\n{text}[[link]]\nfrom = "a"\nto = "b"\n[[link]]\nfrom = "b"\nto = "c"\n', encoding="utf-8")
        done = run(EXE, "run", file, "--json", "--plugin", self.plugin, "--", "--no-huge", "-m", "256")
        self.assertEqual(done.returncode, code, done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(report["ledger"]["in"], report["ledger"]["out"] + report["ledger"]["dropped"])
        return {stage["name"]: stage for stage in report["stages"]}

    def test_it_computes_in_a_pipeline(self):
        place = pathlib.Path(self.folder.name)
        came = np.random.default_rng(6).standard_normal((300, 12)).astype(np.float32)
        came[7] = [0, -0.0, np.inf, -np.inf, 1e-45, -1e-38, 3.4e38, 0.25, 1, -1, 16777216, 0.1]
        (place / "came.f32").write_bytes(came.tobytes())
        stages = self.run_pipeline(("tensor-file", 'path = "came.f32", shape = "12"'), ("tensor-out", 'path = "went.f32"'))
        self.assertEqual((stages["b"]["in"], stages["c"]["in"]), (300, 300))
        self.assertEqual((place / "went.f32").read_bytes(), (np.float32(0.25) - came).tobytes())

    def test_what_it_drops_is_counted(self):
        stages = self.run_pipeline(("generator", "bytes = 10, items = 100"), ("null", ""), code=1)  # nothing came through
        self.assertEqual(stages["b"]["dropped"]["not_floats"], 100)
        self.assertEqual(stages["c"]["in"], 0)

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
