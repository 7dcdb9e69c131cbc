# SPDX-License-Identifier: BSD-3-Clause
"""The sample network with IOVA as PA: physical addresses, page by page, on the card in the process and on one that
qaic-card serves; and EAL's refusal without the devarg. Needs root (EAL reads physical addresses) and 2 MiB hugepages.
Arguments: source root, build root."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE, BUILD = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
HUGE = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB")
PAGES = 128


def lacking():
    if os.geteuid() != 0:
        return "needs root: EAL reads physical addresses"
    if not any(line.split()[2] == "hugetlbfs" for line in open("/proc/mounts", encoding="utf-8")):
        return "no hugetlbfs is mounted"
    if int((HUGE / "free_hugepages").read_text()) < PAGES:
        return f"fewer than {PAGES} hugepages of 2 MiB are free"
    return None


def perf(*eal):
    env = dict(os.environ, QAIC_BUILD=str(BUILD))
    return subprocess.run([SOURCE / "config/demo.sh", "--iova-mode=pa", "-m", "200", "--file-prefix", f"qaic-pa-{os.getpid()}",
                           "--no-pci", *eal], capture_output=True, text=True, timeout=120, check=False, env=env)


@unittest.skipIf(lacking(), lacking())
class PhysicalAddresses(unittest.TestCase):
    def expect_right_answers(self, *eal):
        done = perf(*eal)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("450 of 450 outputs within", done.stdout)

    def test_card_in_the_process(self):
        self.expect_right_answers("--vdev=ml_qaic_emu0,iova=any")

    def test_served_card(self):
        with tempfile.TemporaryDirectory() as folder:
            socket = pathlib.Path(folder) / "card.sock"
            with subprocess.Popen([BUILD / "apps/qaic-card/qaic-card", "--socket", socket], stdout=subprocess.DEVNULL) as card:
                try:
                    end = time.monotonic() + 20
                    while not socket.exists() and card.poll() is None and time.monotonic() < end:
                        time.sleep(0.05)
                    self.expect_right_answers(f"--vdev=ml_qaic_vfu0,socket={socket},iova=any")
                finally:
                    card.terminate()

    def test_refused_without_the_devarg(self):
        done = perf("--vdev=ml_qaic_emu0")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("requires VA IOVA mode", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
