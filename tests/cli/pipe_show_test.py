# SPDX-License-Identifier: BSD-3-Clause
"""What a running qaic-pipe shows: the table on a terminal, drawn where the last one was, and DPDK's telemetry.

Usage: pipe_show_test.py QAIC-PIPE SOURCE-ROOT"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import time
import unittest

from pipe_program import EAL, EXE, LIMIT, PipeProgram, main

STAGES = ("numbers", "floats", "best", "counter")


def screen(text, columns):
    """The lines that a terminal of this width shows after `text`: as much of one as the table needs."""
    lines, row, column = [""], 0, 0
    for part in re.findall(r"\x1b\[\d*[A-Za-z]|.|\n", text):
        if part[0] == "\x1b":
            count, what = int(part[2:-1] or 1), part[-1]
            assert what in "AJ", part
            if what == "A":
                row = max(0, row - count)
            else:
                lines[row:] = [lines[row][:column]]
        elif part == "\r":
            column = 0
        elif part == "\n":
            row += 1
        else:
            if column == columns:  # it wraps
                row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
            lines[row] = lines[row][:column].ljust(column) + part + lines[row][column + 1:]
            column += 1
        lines += [""] * (row + 1 - len(lines))
    return lines


class PipeShow(PipeProgram):
    def on_terminal(self, columns, *options):
        """The program with its stderr on a terminal, and the terminal's other side."""
        ours, its = pty.openpty()
        self.addCleanup(os.close, ours)
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        p = subprocess.Popen([EXE, "run", self.endless(), *options, *EAL], text=True, stdout=subprocess.PIPE, stderr=its)
        os.close(its)
        self.addCleanup(p.communicate)
        self.addCleanup(p.kill)
        return p, ours

    def read(self, terminal, enough):
        """What came until it was enough, or the program closed its side."""
        text, end = "", time.monotonic() + LIMIT
        while not enough(text):
            self.assertTrue(select.select([terminal], [], [], max(0, end - time.monotonic()))[0], text)
            try:
                text += os.read(terminal, 65536).decode()
            except OSError:  # Linux says EIO when nobody is left on the other side
                break
        return text

    def test_a_table_that_stays_where_it_is(self):
        p, terminal = self.on_terminal(120)
        last = "items\r\n"  # of a table's last line
        text = self.read(terminal, lambda text: len(re.findall(r"end to end .*" + last, text)) >= 3)
        p.send_signal(signal.SIGINT)
        text = text[:text.rindex(last) + len(last)]
        self.assertGreaterEqual(len(re.findall(r"\x1b\[\d+A\x1b\[J", text)), 2, text)
        shown = [line for line in screen(text, 120) if line and "qaic-pipe: note" not in line and "qaic-pipe: m" not in line]
        self.assertEqual([n for n, line in enumerate(shown) if re.match(r"numbers, \d+\.\d s$", line)], [len(shown) - 12], shown)
        self.assertEqual(sum(line.startswith("stage ") for line in shown), 1, shown)
        for stage in STAGES:
            self.assertEqual(sum(bool(re.match(rf"{stage} +\d+ +\d+ ", line)) for line in shown), 1, shown)
        self.assertGreater(float(re.search(r", (\d+\.\d) s", shown[-12]).group(1)), 1)
        self.assertIn("numbers drains", self.read(terminal, lambda _: False))
        self.assertIn("in flight 0", p.communicate(timeout=LIMIT)[0])
        self.assertEqual(p.returncode, 0)

    def test_a_table_wider_than_the_terminal_stays_where_it_is(self):
        # 80 columns are what a terminal has unless somebody makes it wider.
        p, terminal = self.on_terminal(80)
        last = r"end to end [^\n]*\n"
        text = self.read(terminal, lambda text: len(re.findall(last, text)) >= 3)
        p.send_signal(signal.SIGINT)
        shown = screen(text[:list(re.finditer(last, text))[-1].end()], 80)
        self.assertEqual(sum(bool(re.match(r"numbers, \d+\.\d s", line)) for line in shown), 1, "\n".join(shown))
        self.assertEqual(sum(line.startswith("stage ") for line in shown), 1, "\n".join(shown))
        self.read(terminal, lambda _: False)
        p.communicate(timeout=LIMIT)

    def test_no_table(self):
        p, terminal = self.on_terminal(120, "--no-live", "--seconds", "0.5")
        text = self.read(terminal, lambda _: False)
        self.assertIn("numbers drains: its time is over", text)
        self.assertNotIn("\x1b", text)
        self.assertNotIn("items/s", text)
        self.assertIn("items/s", p.communicate(timeout=LIMIT)[0])  # that of the end goes to stdout
        self.assertEqual(p.returncode, 0)

    def test_the_graph_as_it_runs(self):
        svg = self.path("runs.svg")
        self.start(self.endless(), "--svg", svg)
        end, seen = time.monotonic() + LIMIT, set()
        while len(seen) < 2:  # of the time since the last one
            self.assertLess(time.monotonic(), end, seen)
            time.sleep(0.1)
            if os.path.exists(svg):
                with open(svg, encoding="utf-8") as f:
                    text = f.read()
                self.assertTrue(text.endswith("</svg>\n"), text[-80:])  # never half of one
                seen.update(re.findall(r"running for ([\d.]+) s, rates of the last", text))

    def test_telemetry(self):
        # EAL makes its folder below this one.
        self.start(self.endless(), eal=("--file-prefix=show",), env=dict(os.environ, RUNTIME_DIRECTORY=self.dir))
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            s.settimeout(LIMIT)
            s.connect(self.path("dpdk/show/dpdk_telemetry.v2"))
            longest = json.loads(s.recv(4096))["max_output_len"]

            def ask(command):
                s.sendall(command.encode())
                return json.loads(s.recv(longest))[command.split(",")[0]]
            self.assertEqual(ask("/qaic/pipe/list"), ["numbers"])
            ledger = {"in": 0}
            for _ in range(20):
                before, ledger = ledger, ask("/qaic/pipe/ledger,numbers")
                self.assertEqual(ledger["in"], ledger["out"] + ledger["dropped"] + ledger["in_flight"])
                self.assertLess(ledger["in_flight"], 1 << 20)  # a difference below 0 would be huge
                self.assertGreaterEqual(ledger["in"], before["in"])
            self.assertGreater(ledger["in"], 0)
            stages = ask("/qaic/pipe/stages,numbers")
            self.assertEqual([stages[row]["name"] for row in sorted(stages)], list(STAGES))
            self.assertGreaterEqual(stages["0"]["out"], ledger["in"])  # asked later
            self.assertEqual(list(ask("/qaic/pipe/stages,numbers,3")), ["3"])
            self.assertIn("no pipeline 'letters' runs here", ask("/qaic/pipe/ledger,letters")["error"])


if __name__ == "__main__":
    main()
