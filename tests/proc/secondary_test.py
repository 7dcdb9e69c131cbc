# SPDX-License-Identifier: BSD-3-Clause
"""Primary and secondary processes on one card (docs/adr/0010; reliability.md H13, H14, H28). Needs hugepages, which EAL shares
between processes: skipped where there are none. Arguments: role program, qaic-card, echo_4k.qpc, firmware folder."""
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROLE, CARD, QPC, FIRMWARE = sys.argv[1:5]
NEEDED_PAGES = 64  # of 2 MiB


def why_not():
    """What keeps this test from running, or None."""
    try:
        with open('/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages', encoding='ascii') as f:
            free = int(f.read())
    except OSError:
        free = 0
    with open('/proc/mounts', encoding='ascii') as f:
        mounts = [line.split()[1] for line in f if line.split()[2] == 'hugetlbfs' and 'pagesize=1' not in line]
    if free < NEEDED_PAGES:
        return f'{free} free 2 MiB hugepages, {NEEDED_PAGES} needed: ./dev demo as root reserves some'
    if not any(os.access(m, os.W_OK) for m in mounts):
        return 'no hugetlbfs that may be written to'
    return None


class Process:
    """A role program, and its commands."""

    # EAL's own choice, 4 GiB, lies in AddressSanitizer's shadow: it then takes what the kernel gives, among the libraries, where a
    # secondary that is laid out otherwise may have something. This is free under both.
    LAYOUT = '--base-virtaddr=0x200000000000'

    def __init__(self, prefix, *eal, program=QPC):
        self.log = tempfile.TemporaryFile()
        self.child = subprocess.Popen(
            [ROLE, f'--file-prefix={prefix}', '-l', '0', '--no-telemetry', '--no-pci', self.LAYOUT, *eal, '--', program],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True,
            env={**os.environ, 'QAIC_FIRMWARE_PATH': FIRMWARE})
        self.greeting = self.answer()

    def answer(self):
        return self.child.stdout.readline().strip()

    def send(self, command):
        self.child.stdin.write(command + '\n')
        self.child.stdin.flush()

    def ask(self, command):
        self.send(command)
        return self.answer()

    def kill(self):
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()

    def end(self):
        self.child.stdin.close()
        return self.child.wait(timeout=30)

    def text(self):
        self.log.seek(0)
        return self.log.read().decode(errors='replace')


@unittest.skipIf(why_not(), why_not())
class Secondary(unittest.TestCase):
    count = 0

    def setUp(self):
        Secondary.count += 1
        self.prefix = f'qaic_sec_{os.getpid()}_{Secondary.count}'
        self.processes = []
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        for p in self.processes:
            if p.child.poll() is None:
                p.kill()
            p.child.stdout.close()
            p.log.close()
        for f in os.listdir('/dev/hugepages') if os.path.isdir('/dev/hugepages') else []:
            if f.startswith(self.prefix):
                os.unlink('/dev/hugepages/' + f)
        self.folder.cleanup()

    def start(self, *eal):
        p = Process(self.prefix, *eal)
        self.processes.append(p)
        return p

    def primary(self, vdev='ml_qaic_emu0'):
        p = self.start(f'--vdev={vdev}')
        self.assertEqual(p.greeting, 'devices 1', p.text())
        self.assertEqual(p.ask('up 2'), 'ok', p.text())
        return p

    def secondary(self):
        p = self.start('--proc-type=secondary')
        self.assertEqual(p.greeting, 'devices 1', p.text())
        return p

    def both_work(self, vdev):
        one, two = self.primary(vdev), self.secondary()
        self.assertEqual(two.ask('control'), 'refused', two.text())
        self.assertEqual(two.text().count(' stop in a secondary process: do it in the primary'), 1, two.text())
        self.assertEqual(two.ask('claim 1'), '0', two.text())
        one.send('infer 0 100000')
        two.send('infer 1 100000')
        self.assertEqual(one.answer(), 'ok', one.text())
        self.assertEqual(two.answer(), 'ok', two.text())
        for p in (one, two):
            self.assertEqual(p.ask('xstat qp1_dequeued'), '100000')
            self.assertEqual(p.ask('stats'), '200000')
        self.assertEqual(two.ask('release 1'), '0', two.text())
        self.assertEqual(one.ask('infer 1 1000'), 'ok', one.text())
        self.assertEqual(two.end(), 0, two.text())
        self.assertEqual(one.end(), 0, one.text())

    def test_both_run_on_the_emulated_card(self):
        self.both_work('ml_qaic_emu0')

    def serve(self):
        socket = self.folder.name + '/card'
        card = subprocess.Popen([CARD, '--socket', socket], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (card.kill(), card.wait()))
        end = time.monotonic() + 20
        while not os.path.exists(socket) and time.monotonic() < end:
            time.sleep(0.02)
        return f'ml_qaic_vfu0,socket={socket}'

    def test_both_run_on_a_served_card(self):
        self.both_work(self.serve())

    def killed_secondary(self, vdev):
        one = self.primary(vdev)
        for round_ in range(3):
            two = self.secondary()
            self.assertEqual(two.ask('claim 1'), '0', two.text())
            one.send('infer 0 5000')
            two.send('infer 1 100000000')
            time.sleep(0.2 + 0.05 * round_)
            two.kill()
            died = time.monotonic()
            self.assertEqual(one.answer(), 'ok', one.text())
            self.assertEqual(one.ask('infer 0 1000'), 'ok', one.text())
            three = self.secondary()
            while three.ask('claim 1') != '0' and time.monotonic() < died + 10:
                pass
            self.assertEqual(three.ask('infer 1 1000'), 'ok', three.text())
            self.assertEqual(three.ask('release 1'), '0', three.text())
            self.assertEqual(three.end(), 0)
        self.assertEqual(one.ask('xstat qp1_in_flight'), '0')
        self.assertGreater(int(one.ask('xstat qp1_canceled')), 0, one.text())
        self.assertEqual(one.ask('infer 1 1000'), 'ok', one.text())
        self.assertEqual(one.text().count('died: queue pair 1 is free again'), 3)

    def test_killed_secondary_on_the_emulated_card(self):
        self.killed_secondary('ml_qaic_emu0,instances=2')  # a DBC each

    def killed_primary(self, vdev):
        one, two = self.primary(vdev), self.secondary()
        self.assertEqual(two.ask('claim 1'), '0', two.text())
        two.send('infer 1 100000000')
        time.sleep(0.3)
        one.kill()
        died = time.monotonic()
        answer = two.answer()
        self.assertIn('E_REMOVED', answer)
        self.assertLess(time.monotonic() - died, 1.0)
        self.assertNotEqual(two.ask('claim 0'), '0')
        self.assertEqual(two.end(), 0, two.text())
        self.primary(vdev)

    def test_no_new_primary_beside_an_orphan(self):
        one, two = self.primary(), self.secondary()
        one.kill()
        heir = self.start('--vdev=ml_qaic_emu0')
        self.assertNotEqual(heir.greeting, 'devices 1', heir.text())
        self.assertIn('EAL: Cannot', heir.text())  # EAL's memory is locked by the secondary
        heir.kill()
        two.kill()
        self.primary()

    def test_killed_primary_on_the_emulated_card(self):
        self.killed_primary('ml_qaic_emu0')

    def test_killed_primary_of_a_served_card(self):
        self.killed_primary(self.serve())


if __name__ == '__main__':
    if why_not():
        print('skipped:', why_not())
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], '-v', *sys.argv[5:]])
