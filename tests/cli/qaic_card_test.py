#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""qaic-card from outside: start and end, configuration files, the control socket, counters and faults.

Usage: qaic_card_test.py PATH-OF-QAIC-CARD PROJECT-ROOT"""
import json
import os
import re
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time
import unittest

EXE, ROOT = "", ""
VERSION, REGION_READ, REGION_WRITE = 1, 9, 10
CONFIG_REGION = 7
MHISTATUS, EXECENV = 0x48, 0x128


class Client:
    """As much of a vfio-user client as these tests need."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(path)
        self.id = 0
        self.call(VERSION, struct.pack("<HH", 0, 1) + b"{}\0")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def call(self, command, body):
        self.id += 1
        self.sock.sendall(struct.pack("<HHIII", self.id, command, 16 + len(body), 0, 0) + body)
        head = self.take(16)
        number, _, size, flags, error = struct.unpack("<HHIII", head)
        body = self.take(size - 16)
        assert number == self.id and flags & 0xF == 1, "not a reply"
        assert not flags & 0x20, os.strerror(error)
        return body

    def take(self, n):
        got = b""
        while len(got) < n:
            part = self.sock.recv(n - len(got))
            assert part, "card hung up"
            got += part
        return got

    def read(self, region, offset, size=4):
        return int.from_bytes(self.call(REGION_READ, struct.pack("<QII", offset, region, size))[16:], "little")

    def write(self, region, offset, value, size=4):
        self.call(REGION_WRITE, struct.pack("<QII", offset, region, size) + value.to_bytes(size, "little"))


class QaicCard(unittest.TestCase):
    def setUp(self):
        tmp = tempfile.TemporaryDirectory()
        self.addCleanup(tmp.cleanup)
        self.dir = tmp.name
        self.sock, self.ctl = self.path("card"), self.path("ctl")

    def path(self, name, text=None):
        p = os.path.join(self.dir, name)
        if text is not None:
            with open(p, "w", encoding="utf-8") as f:
                f.write(text)
        return p

    def start(self, *args, cards=1):
        """A running qaic-card, and the lines it printed when it was ready."""
        p = subprocess.Popen([EXE, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.finish, p)
        lines = [p.stdout.readline().rstrip("\n") for _ in range(cards)]
        self.assertTrue(all(lines), lines)
        return p, lines

    @staticmethod
    def finish(p):
        if p.poll() is None:
            p.kill()
        p.communicate(timeout=20)

    def served(self, *more):
        return self.start("--socket", self.sock, "--idle", "--control", self.ctl, *more)[0]

    def end(self, p, number=signal.SIGTERM):
        p.send_signal(number)
        out, err = p.communicate(timeout=20)
        self.assertEqual(p.returncode, 0, err)
        return out

    def tool(self, *args):
        return subprocess.run([EXE, *args], capture_output=True, text=True, timeout=30, check=False)

    def ask(self, request, rc=0):
        r = self.tool("ask", self.ctl, json.dumps(request))
        self.assertEqual(r.returncode, rc, r)
        return json.loads(r.stdout)

    def stats(self, card=0):
        return self.ask({"op": "stats"})["cards"][card]

    def refused(self, *args, rc=1, env=None):
        """Ends with rc and one line, which is returned."""
        r = subprocess.run([EXE, *args], capture_output=True, text=True, timeout=30, check=False, env=env)
        self.assertEqual(r.returncode, rc, r)
        self.assertRegex(r.stderr, r"\Aqaic-card: [^\n]+\n\Z")
        self.assertEqual(r.stdout, "")
        return r.stderr

    # ---- start and end
    def test_says_when_it_is_ready_and_ends_cleanly(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            p, lines = self.start("--socket", self.sock)
            self.assertEqual(lines, [f"qaic-card: card 0 (17cb:a100, serial EMU0000000000001) on {self.sock}"])
            self.assertEqual(stat.S_IMODE(os.lstat(self.sock).st_mode), 0o600)
            self.end(p, number)
            self.assertFalse(os.path.exists(self.sock))

    def test_killed_card_leaves_a_path_that_the_next_one_takes(self):
        p, _ = self.start("--socket", self.sock)
        p.kill()
        p.communicate()
        self.assertTrue(os.path.exists(self.sock))
        p, _ = self.start("--socket", self.sock)
        self.assertIn("E_BUSY", self.refused("--socket", self.sock))
        with Client(self.sock) as c:
            self.assertEqual(c.read(CONFIG_REGION, 0), 0xA10017CB)
        self.end(p)

    def test_bad_command_lines(self):
        self.assertIn("not expected", self.refused("--sockets", "x", rc=2))
        self.assertIn("excludes", self.refused("--config", "x", "--socket", "y", rc=2))
        self.assertIn("required", self.refused("ask", rc=2))
        env = {k: v for k, v in os.environ.items() if k != "XDG_RUNTIME_DIR"}
        self.assertIn("--socket PATH", self.refused(env=env))
        self.assertIn("limit 107", self.refused("--socket", "/tmp/" + "x" * 108))
        self.assertIn("no directory", self.refused("--socket", self.path("none/card")))
        self.assertIn("17 cards, limit 16", self.refused(*[a for i in range(17) for a in ("--socket", self.path(str(i)))]))
        os.mkdir(self.path("open"))
        os.chmod(self.path("open"), 0o777)
        self.assertIn("writable for everybody", self.refused("--socket", self.path("open/card")))

    def test_default_place_is_the_users_runtime_directory(self):
        env = dict(os.environ, XDG_RUNTIME_DIR=self.dir)
        p = subprocess.Popen([EXE, "--idle"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        self.addCleanup(self.finish, p)
        self.assertIn(f"on {self.dir}/qaic-card0", p.stdout.readline())
        self.end(p)

    # ---- configuration
    def test_shipped_files_are_good(self):
        folder = os.path.join(ROOT, "config/cards")
        names = sorted(os.listdir(folder))
        self.assertGreaterEqual(len(names), 3)
        for name in names:
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                text = f.read()
            many = [int(n) for n in re.findall(r"^count = (\d+)", text, re.M)]
            count = len(re.findall(r"^\[\[card\]\]", text, re.M)) - len(many) + sum(many)
            own = self.path(name, text.replace("/tmp/", self.dir + "/"))
            p, lines = self.start("--config", own, cards=count)
            self.assertEqual(len({line.split("serial ")[1] for line in lines}), count)
            self.end(p)

    def test_mistakes_are_named_with_their_place(self):
        good = f'[[card]]\nsocket = "{self.sock}"\n'
        timed = good + "[card.timing]\n"
        cases = [
            ("", "1:1: no [[card]] table"),
            ("[card]\n", "1:2: only threads and [[card]] tables"),
            ("x = 1\n", "1:1: only threads and [[card]] tables"),
            ("[[card]]\n", "1:1: a card needs a socket"),
            (good + "nsp = 3\n", '3:1: unknown key "nsp"'),
            (good + "nsps = 0\n", "3:8: nsps takes 1 to 16"),
            (good + "nsps = 17\n", "3:8: nsps takes 1 to 16"),
            (good + 'nsps = "4"\n', "3:8: nsps takes 1 to 16"),
            (good + "nsps = 4.0\n", "3:8: nsps takes 1 to 16"),
            (good + "trap = 1\n", "3:8: trap takes true or false"),
            (good + "pci_device = 0xa110\n", "3:14: pci_device takes 0xa100 or 0xa080"),
            (good + "ready_delay_ms = 2000\n", "3:18: ready_delay_ms takes 0 to 1999"),
            (good + "ready_delay_ms = -1\n", "3:18: ready_delay_ms takes 0 to 1999"),
            (good + "serial = 0xffffffff\n", "3:10: serial takes"),
            (good + 'board_serial = ""\n', "3:16: board_serial takes 1 to 32"),
            (good + 'reset = "flr"\n', '3:9: reset takes "restart" or "none"'),
            (good + "allow_uids = [-1]\n", "3:14: allow_uids takes"),
            (good + "ddr_bytes = 4096\n", "3:13: ddr_bytes takes"),
            (good + good, "3:1: another card has the same socket"),
            (good + "socket = 5\n", "3:"),
            (good + "nsps 4\n", "3:6:"),
            ("threads = 0\n" + good, "1:11: threads takes 1 to 16"),
            (good + "count = 17\n", "3:9: count takes 1 to 16"),
            (good + "count = 9\n[[card]]\nsocket='x'\ncount = 8\n", "4:1: 17 cards, limit 16"),
            (good + "count = 2\nserial = 5\n", "4:10: serial excludes count"),
            (good + "timing = 3\n", "3:10: timing takes a table: [card.timing]"),
            (timed + "mean = 3\n", '4:1: unknown key "mean"'),
            (timed + 'service = "uniform"\n', '4:11: service takes "fixed", "exponential" or "lognormal"'),
            (timed + "mean_us = -1\n", "4:11: mean_us takes 0 to 60000000 microseconds"),
            (timed + "mean_us = nan\n", "4:11: mean_us takes"),
            (timed + 'mean_us = "5"\n', "4:11: mean_us takes"),
            (timed + "mean_us = 60000000.1\n", "4:11: mean_us takes"),
            (timed + "spread_us = 5\n", '4:13: only service = "lognormal" has a spread_us'),
            (timed + "slots = 0\n", "4:9: slots takes 1 to 16384"),
            (timed + "slots = 2.0\n", "4:9: slots takes 1 to 16384"),
            (timed + "link_in_bytes_per_s = -1\n", "4:23: link_in_bytes_per_s takes 0 (infinitely fast) to 10^12"),
            (timed + "link_out_bytes_per_s = true\n", "4:24: link_out_bytes_per_s takes 0"),
            (timed + "copy = 0\n", "4:8: copy takes true or false"),
            (timed + "seed = -1\n", "4:8: seed takes 0 to 4294967295"),
            ("".join(f'[[card]]\nsocket="{i}"\n' for i in range(17)), "33:1: 17 cards, limit 16"),
        ]
        for text, want in cases:
            file = self.path("c.toml", text)
            self.assertIn(f"E_FORMAT: {file}:{want}", self.refused("--config", file), text)
        self.assertIn("limit 1048576", self.refused("--config", self.path("c.toml", "#" * (1 << 20) + "\n")))
        self.assertIn("No such file", self.refused("--config", self.path("missing")))

    def test_configuration_reaches_the_card(self):
        file = self.path("c.toml", f'[[card]]\nsocket="{self.sock}"\nidle=true\ntrap=true\npci_device=0xa080\nserial=77\n'
                         'board_serial="MINE"\nreset="none"\n')
        p, lines = self.start("--config", file)
        self.assertEqual(lines, [f"qaic-card: card 0 (17cb:a080, serial MINE) on {self.sock}"])
        with Client(self.sock) as c:
            self.assertEqual(c.read(CONFIG_REGION, 0), 0xA08017CB)
            self.assertEqual(c.read(0, 0x140), 77)
            with self.assertRaisesRegex(AssertionError, os.strerror(95)):
                c.call(13, b"")
        self.end(p)

    # ---- counters
    def test_every_access_is_counted_by_register(self):
        p = self.served("--trap", "--stats", self.path("stats.json"))
        with Client(self.sock) as c:
            for _ in range(5):
                c.read(0, MHISTATUS)
            c.write(0, 0x300 + 8 * 20, 1)
            c.write(2, 0x23004, 1)
            c.write(2, 0x23004, 2)
            c.read(2, 0x2300C)
            s = self.stats()
            self.assertTrue(s["attached"] and s["trap"])
            self.assertEqual(s["mmio"]["bar0"]["registers"]["MHISTATUS"], {"reads": 5, "writes": 0})
            self.assertEqual(s["mmio"]["bar0"]["registers"]["CHDB[20].LOW"], {"reads": 0, "writes": 1})
            self.assertEqual(s["mmio"]["bar2"]["dbcs"], {"3": {"REQTP": {"reads": 0, "writes": 2},
                                                              "RSPTP": {"reads": 1, "writes": 0}}})
            self.assertEqual((s["mmio"]["reads"], s["mmio"]["writes"]), (6, 3))
            self.ask({"op": "reset-stats"})
            self.assertEqual(self.stats()["mmio"]["reads"], 0)
            c.read(0, EXECENV)
        printed = self.tool("stats", self.ctl)
        self.assertEqual(json.loads(printed.stdout)["cards"][0]["mmio"]["bar0"]["registers"],
                         {"BHI_EXECENV": {"reads": 1, "writes": 0}})
        p.send_signal(signal.SIGUSR1)
        self.assertEqual(json.loads(p.stdout.readline())["cards"][0]["mmio"]["reads"], 1)
        self.end(p)
        with open(self.path("stats.json"), encoding="utf-8") as f:
            at_end = json.load(f)
        self.assertEqual(at_end["cards"][0]["mmio"]["reads"], 1)
        self.assertEqual(at_end["cards"][0]["connections"], {"accepted": 1, "refused": 0, "broken": 0})
        self.assertEqual(stat.S_IMODE(os.stat(self.path("stats.json")).st_mode), 0o600)

    def test_stats_file_that_cannot_be_is_known_at_once(self):
        os.symlink(self.path("elsewhere"), self.path("link"))
        for name in ("none/stats", "link", "."):
            self.assertIn("--stats", self.refused("--socket", self.sock, "--stats", self.path(name)))

    # ---- control socket
    def test_control_is_off_unless_asked_for_and_then_private(self):
        p, _ = self.start("--socket", self.sock)
        self.assertEqual(os.listdir(self.dir), ["card"])
        self.end(p)
        p = self.served()
        self.assertEqual(stat.S_IMODE(os.lstat(self.ctl).st_mode), 0o600)
        self.end(p)
        self.assertEqual(os.listdir(self.dir), [])

    def test_bad_requests_get_an_answer_and_change_nothing(self):
        self.served()
        before = self.stats()
        for text in ("", "nonsense", "[]", "{}", '{"op":1}', '{"op":"nothing"}', '{"op":"stats","card":1}',
                     '{"op":"stats","extra":1}', '{"op":"stage","card":-1}', '{"op":"inject"}',
                     '{"op":"inject","fault":"nothing"}', '{"op":"inject","fault":"ssr"}',
                     '{"op":"inject","fault":"ssr","dbc":16}', '{"op":"inject","fault":"ssr","dbc":"1"}',
                     '{"op":"inject","fault":"ssr","dbc":1,"dumps":true}', '{"op":"inject","fault":"remove","card":1}',
                     '{"op":"inject","fault":"ras","source":"ddr"}', '{"op":"inject","fault":"delay_ready","ms":1e9}',
                     '{"op":"inject","fault":"override_register","register":"NOPE","value":1}', "[" * 60000):
            r = self.tool("ask", self.ctl, text)
            self.assertEqual(r.returncode, 1, text)
            answer = json.loads(r.stdout)
            self.assertFalse(answer["ok"])
            self.assertRegex(answer["error"], r"^E_[A-Z]+: ")
        self.assertEqual(self.stats(), before)

    def test_several_lines_at_once_and_one_too_long(self):
        self.served()
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(self.ctl)
            s.sendall(b'{"op":"stage"}\n' * 3 + b'{"op":')
            time.sleep(0.05)
            s.sendall(b'"stage"}\n')
            with s.makefile() as f:
                for _ in range(4):
                    self.assertEqual(json.loads(f.readline()), {"ok": True, "stage": "PBL"})
                s.sendall(b"x" * 70000)
                self.assertIn("E_LIMIT", f.readline())
        self.assertEqual(self.ask({"op": "stage"})["stage"], "PBL")

    def test_nobody_listens(self):
        self.assertIn("E_REMOVED", self.refused("ask", self.ctl, "{}"))
        self.assertIn("E_REMOVED", self.refused("stats", self.ctl))

    # ---- faults
    def test_every_fault_has_a_working_example(self):
        file = self.path("c.toml", f'[[card]]\nsocket = "{self.sock}"\nidle = true\n[card.timing]\n')
        self.start("--config", file, "--control", self.ctl)
        more = {"remove_after": {"accesses": 100000}, "ssr": {"dbc": 3, "dump": True}, "delay_ready": {"ms": 5},
                "ras": {"source": "pcie", "type": "corrected"}, "fail_bhi": {"code": 7}, "image_optional": {"image": 8},
                "override_register": {"register": "BHI_EXECENV", "value": 7, "count": 1},
                "fail_responses": {"dbc": 0, "code": 5, "count": 2}, "freeze_dbc": {"dbc": 0, "on": False},
                "log": {"text": "hello"}, "sys_err": {"reboot": True}, "drop_events": {"count": 1},
                "stall": {"ms": 20}}
        names = self.ask({"op": "faults"})["faults"]
        self.assertGreaterEqual(len(names), 20)
        self.assertTrue(set(more) <= set(names))
        order = ["stall", *(n for n in names if n != "stall")]  # of the firmware; a crash is among the others
        for name in order:
            if name in ("remove", "power_cycle"):
                continue
            self.assertEqual(self.ask({"op": "inject", "fault": name, **more.get(name, {})}), {"ok": True})
        for kind in ("corrected", "uncorrected", "fatal"):
            for source in ("soc_memory", "pcie", "ddr", "system_bus1", "system_bus2", "nsp_memory", "temperature"):
                self.ask({"op": "inject", "fault": "ras", "source": source, "type": kind})

    def test_faults_are_seen_by_the_client(self):
        self.served()
        with Client(self.sock) as c:
            self.ask({"op": "inject", "fault": "override_register", "register": "BHI_EXECENV", "value": 6, "count": 1})
            self.assertEqual([c.read(0, EXECENV), c.read(0, EXECENV)], [6, 0])
            self.ask({"op": "inject", "fault": "sys_err", "reboot": True})
            self.assertEqual(c.read(0, MHISTATUS), 0xFF04)
            self.assertEqual(self.ask({"op": "stage"})["stage"], "SYS_ERR")
            self.ask({"op": "inject", "fault": "remove"})
            self.assertEqual(c.read(0, MHISTATUS), 0xFFFFFFFF)
            self.assertEqual(self.ask({"op": "stage"})["stage"], "GONE")
            self.ask({"op": "inject", "fault": "power_cycle"})
            self.assertEqual(c.read(0, EXECENV), 0)
            self.assertEqual(self.ask({"op": "stage"})["stage"], "PBL")

    def test_timing_is_in_the_counters_of_a_card_that_has_it(self):
        text = f'threads = 1\n[[card]]\nsocket = "{self.path("plain")}"\n[[card]]\ncount = 2\nsocket = "{self.sock}"\n' \
               "[card.timing]\nmean_us = 12.5\nslots = 3\n"
        p, lines = self.start("--config", self.path("c.toml", text), "--control", self.ctl, "--idle", cards=3)
        self.assertEqual([line.split(" on ")[1] for line in lines], [self.path("plain"), self.sock + "0", self.sock + "1"])
        cards = self.ask({"op": "stats"})["cards"]
        self.assertIsNone(cards[0]["timing"])
        for card in cards[1:]:
            t = card["timing"]
            self.assertEqual((t["slots"], t["inferences"], t["busy"], t["waiting"], t["stall_left_us"]), (3, 0, 0, 0, 0))
            self.assertEqual((t["mean_busy"], t["all_busy_share"], t["link_in_share"], t["link_out_share"]), (0, 0, 0, 0))
        self.ask({"op": "inject", "card": 1, "fault": "stall", "ms": 600000})
        self.assertGreater(self.stats(1)["timing"]["stall_left_us"], 590e6)
        self.assertEqual(self.stats(2)["timing"]["stall_left_us"], 0)
        before = self.stats(1)["timing"]["window_us"]
        time.sleep(0.1)
        self.assertGreater(self.stats(1)["timing"]["window_us"], before + 90e3)
        self.ask({"op": "reset-stats", "card": 1})
        self.assertLess(self.stats(1)["timing"]["window_us"], before + 90e3)
        error = self.ask({"op": "inject", "card": 0, "fault": "stall", "ms": 5}, rc=1)["error"]
        self.assertEqual(error, "E_STATE: the card has no timing model; give it a [card.timing] table")
        self.end(p)

    def test_one_thread_serves_many_cards(self):
        paths = [self.path(f"card{i}") for i in range(5)]
        p, _ = self.start(*[a for path in paths for a in ("--socket", path)], "--threads", "2", "--control", self.ctl, cards=5)
        self.assertEqual(len(os.listdir(f"/proc/{p.pid}/task")), 3)
        clients = [Client(path) for path in paths]
        for number in range(3):
            for i, c in enumerate(clients):
                self.assertEqual(c.read(0, 0x140), 0x0A1C0001 + i)
                self.assertEqual(self.stats(i)["mmio"]["reads"], number + 1)
        with self.assertRaises((AssertionError, OSError)):  # the seat is taken, in this thread as in one of its own
            Client(paths[3])
        clients[3].sock.close()
        deadline = time.monotonic() + 10
        while self.stats(3)["attached"] and time.monotonic() < deadline:
            time.sleep(0.01)
        with Client(paths[3]) as again:
            self.assertEqual(again.read(0, 0x140), 0x0A1C0004)
        for c in clients:
            c.sock.close()
        self.end(p)
        self.assertIn("not in range", self.refused("--threads", "17", rc=2))

    def test_with_several_cards_a_fault_names_its_own(self):
        other = self.path("card1")
        self.start("--socket", self.sock, "--socket", other, "--idle", "--control", self.ctl, cards=2)
        self.assertIn("missing", self.ask({"op": "inject", "fault": "remove"}, rc=1)["error"])
        self.ask({"op": "inject", "card": 1, "fault": "remove"})
        self.assertEqual([self.stats(n)["stage"] for n in (0, 1)], ["PBL", "GONE"])
        self.assertEqual([self.stats(n)["socket"] for n in (0, 1)], [self.sock, other])
        with Client(self.sock) as c, Client(other) as d:
            self.assertEqual((c.read(0, EXECENV), d.read(0, EXECENV)), (0, 0xFFFFFFFF))


if __name__ == "__main__":
    EXE, ROOT = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
