# SPDX-License-Identifier: BSD-3-Clause
"""qaic-pipe on emulated cards: the two pipelines that ship, on real input against what others computed; a model swapped under
load; cards killed in mid-stream. Arguments: source root, build root, then unittest's."""
import json
import os
import pathlib
import signal
import struct
import subprocess
import sys

from pipe_cards import BUILD, EAL, PIPE, SOURCE, PipeCards, main


def payloads(path):
    """The packets of a capture, little or big endian, without their times."""
    data, out, at = pathlib.Path(path).read_bytes(), [], 24
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    while at < len(data):
        _, _, size, _ = struct.unpack_from(order + "IIII", data, at)
        out.append(data[at + 16:at + 16 + size])
        at += 16 + size
    return out


def dscp(packet):
    """Of IPv4 or IPv6 behind Ethernet."""
    kind = struct.unpack_from(">H", packet, 12)[0]
    first = struct.unpack_from(">H", packet, 14)[0]
    return (first & 0xff) >> 2 if kind == 0x0800 else (first >> 6) & 0x3f


class Pipe(PipeCards):
    def shipped(self, name):
        """A pipeline of config/, with this build's containers, that writes into the test's folder."""
        text = (SOURCE / "config/pipelines" / f"{name}.toml").read_text()
        text = text.replace("../../build/packets.pcap", str(self.path / "packets.pcap"))
        text = text.replace("../../build/", f"{BUILD}/").replace("../models/", f"{SOURCE}/config/models/")
        (self.path / f"{name}.toml").write_text(text)
        return self.path / f"{name}.toml"

    def run_pipe(self, file, *options):
        done = subprocess.run([PIPE, "run", file, "--json", "--no-live", *options, *EAL], capture_output=True, text=True, timeout=120,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_digits(self):
        file = self.shipped("digits")
        file.write_text(file.read_text().replace('path = "-"', f'path = "{self.path / "digits.jsonl"}"'))
        ledger = self.balanced(json.loads(self.run_pipe(file).stdout))
        self.assertEqual(ledger["out"], 450)
        rows = [json.loads(line) for line in (self.path / "digits.jsonl").read_text().splitlines()]
        self.assertEqual([r["seq"] for r in rows], list(range(450)))
        labels = (SOURCE / "config/models/digits/test_labels.u8").read_bytes()
        right = sum(r["label"] == labels[r["seq"]] for r in rows)
        self.assertEqual(right, json.loads((SOURCE / "config/models/digits/facts.json").read_text())["correct"])

    def test_spread_keeps_the_order(self):
        report = json.loads(self.run_pipe(self.shipped("spread")).stdout)
        self.assertEqual(self.balanced(report)["out"], 9000)
        correct = json.loads((SOURCE / "config/models/digits/facts.json").read_text())["correct"]
        self.assertEqual(report["stages"][-1]["counts"]["right"], 20 * correct)  # compared by number

    def test_packets(self):
        ledger = self.balanced(json.loads(self.run_pipe(self.shipped("packets")).stdout))
        models = SOURCE / "config/models/flows"
        subprocess.run([sys.executable, models / "offline.py", models / "flows.onnx", models / "test.pcap", self.path / "labels.u8"],
                       check=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, timeout=100)
        offline = (self.path / "labels.u8").read_bytes()
        came = payloads(models / "test.pcap")
        kept = [i for i, label in enumerate(offline) if label != 255]
        went = payloads(self.path / "packets.pcap")
        self.assertEqual(len(went), len(kept))
        self.assertEqual(ledger["out"], len(kept))
        self.assertEqual([dscp(p) for p in went], [8 * offline[i] for i in kept])
        for i, packet in zip(kept, went):  # nothing but the mark and the checksum that covers it has changed
            self.assertEqual(packet[26:], came[i][26:])

    def test_model_is_swapped_under_load(self):
        self.serve("a")
        pipe = self.stream(["a"])
        self.wait_for(lambda: self.done() > 1000)
        for _ in range(3):
            before = self.done()
            pipe.send_signal(signal.SIGHUP)
            self.wait_for(lambda before=before: self.done() > before + 2000)
        (self.path / "echo.qpc").write_bytes(b"broken")
        before = self.done()
        pipe.send_signal(signal.SIGHUP)
        self.wait_for(lambda: self.done() > before + 2000)  # a wrong file changes nothing
        report, said = self.finish(pipe)
        self.assertEqual(pipe.returncode, 0, said)
        self.assertIn("echo.qpc", said)
        ledger = self.balanced(report)
        self.assertEqual(sum(report["stages"][1]["dropped"].values()), 0, report["stages"][1])
        self.assertGreater(ledger["out"], 8000)

    def test_one_card_dies_and_the_other_takes_over(self):
        first = self.serve("a")
        self.serve("b")
        pipe = self.stream(["a", "b"], 'cards = "0,1"\nretries = 2')
        self.wait_for(lambda: self.done() > 2000)
        first.kill()
        before = self.done()
        self.wait_for(lambda: self.done() > before + 20000)
        report, said = self.finish(pipe)
        self.assertEqual(pipe.returncode, 0, said)
        self.balanced(report)

    def test_the_only_card_dies_and_the_ledger_balances(self):
        card = self.serve("a")
        pipe = self.stream(["a"], "patience_ms = 300")
        self.wait_for(lambda: self.done() > 2000)
        card.kill()
        self.wait_for(lambda: self.value("qaic_pipe_stage_dropped_items_total", stage="net") > 0)
        report, _ = self.finish(pipe)
        self.balanced(report)


if __name__ == "__main__":
    main()
