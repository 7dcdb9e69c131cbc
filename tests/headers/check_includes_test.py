# SPDX-License-Identifier: BSD-3-Clause
"""check_includes.py finds what it should find, and only that."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "config/ci/check_includes.py"


def check(files):
    with tempfile.TemporaryDirectory() as root:
        for name, text in files.items():
            path = pathlib.Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout


class CheckIncludes(unittest.TestCase):
    def test_card_must_not_include_the_driver(self):
        rc, out = check({"lib/card/a.cpp": '// x\n#include "qaic/device.hpp"\n'})
        self.assertEqual(rc, 1)
        self.assertIn("lib/card/a.cpp:2: includes qaic/device.hpp", out)

    def test_card_must_not_include_the_container(self):
        self.assertEqual(check({"lib/card/nsp/a.hpp": "#include <qpc/reader.hpp>\n"})[0], 1)

    def test_relative_and_rooted_spellings_are_seen(self):
        self.assertEqual(check({"lib/card/a.cpp": '#include "../../drivers/qaic/device.hpp"\n'})[0], 1)
        self.assertEqual(check({"drivers/qaic/a.cpp": '  #  include "lib/card/card.hpp"\n'})[0], 1)

    def test_only_the_in_process_bus_may_include_the_card(self):
        self.assertEqual(check({"drivers/qaic/bus/in_process.cpp": '#include "card/card.hpp"\n'})[0], 0)
        self.assertEqual(check({"drivers/qaic/bus/pci.cpp": '#include "card/card.hpp"\n'})[0], 1)

    def test_common_ground_is_free_to_all(self):
        text = '#include "aic100/wire/dbc.hpp"\n#include "base/result.hpp"\n'
        self.assertEqual(check({"lib/card/a.cpp": text, "drivers/qaic/a.cpp": text})[0], 0)

    def test_an_empty_tree_is_an_error(self):
        self.assertEqual(check({"README.md": ""})[0], 1)


unittest.main()
