# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's own dpdk-pmdinfo.py shows what the plugin drives and how. Arguments: plugin, sysroot of DPDK, source root."""
import json
import pathlib
import re
import subprocess
import sys
import unittest

PLUGIN, SYSROOT, SOURCE = (pathlib.Path(a) for a in sys.argv[1:4])


def tool():
    """The script of the DPDK this was built with, or else the system's."""
    own = SYSROOT / "usr/bin/dpdk-pmdinfo.py"
    return own if own.exists() else pathlib.Path("/usr/bin/dpdk-pmdinfo.py")


class PmdInfo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = subprocess.run(["/usr/bin/python3", str(tool()), str(PLUGIN)], capture_output=True, text=True, timeout=60,
                              check=False)
        assert done.returncode == 0, done.stderr
        cls.drivers = {d["name"]: d for d in json.loads(done.stdout)}

    def test_three_drivers(self):
        self.assertEqual(set(self.drivers), {"ml_qaic", "ml_qaic_emu", "ml_qaic_vfu"})

    def test_the_cards_of_the_table(self):
        table = (SOURCE / "drivers/qaic/pci_ids.hpp").read_text(encoding="utf-8")
        ids = re.findall(r"\((0x[0-9a-f]{4}), (0x[0-9a-f]{4})\)|(\d{4,5}), (\d{4,5})", table)
        wanted = {(int(a or c, 0), int(b or d, 0)) for a, b, c, d in ids}
        shown = {(int(i["vendor"], 16), int(i["device"], 16)) for i in self.drivers["ml_qaic"]["pci_ids"]}
        self.assertEqual(shown, wanted)
        self.assertIn((0x17cb, 0xa100), shown)

    def test_kernel_module(self):
        self.assertEqual(self.drivers["ml_qaic"]["kmod"], "* vfio-pci")

    def test_parameters(self):
        for name, own in (("ml_qaic", "fw=<dir>"), ("ml_qaic_emu", "nsps=<int>"), ("ml_qaic_vfu", "socket=<path>")):
            self.assertIn(own, self.drivers[name]["params"], name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
