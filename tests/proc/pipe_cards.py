# SPDX-License-Identifier: BSD-3-Clause
"""For tests of qaic-pipe on emulated cards: cards in processes of their own, each with a control socket, a pipeline that infers
on them, and what it shows while it runs.

Arguments of a test program: source root, build root, then unittest's."""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

SOURCE, BUILD = (pathlib.Path(a) for a in sys.argv[1:3])
PIPE, CARD, QPC = BUILD / "apps/qaic-pipe/qaic-pipe", BUILD / "apps/qaic-card/qaic-card", BUILD / "apps/qaic-qpc/qaic-qpc"
EAL = ["--", "--no-huge", "-m", "512", "--no-shconf"]
STREAM = """name = "stream"
[[stage]]
name = "made"
kind = "generator"
[stage.options]
bytes = 64
rate = 20000
pattern = "count"
[[stage]]
name = "net"
kind = "infer"
[stage.options]
model = "{qpc}"
{options}
[[stage]]
name = "end"
kind = "null"
[[link]]
from = "made"
to = "net"
depth = 64
when_full = "drop-newest"
[[link]]
from = "net"
to = "end"
"""


class PipeCards(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="qaic_pipe_")  # pylint: disable=consider-using-with
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def balanced(self, report):
        ledger = report["ledger"]
        self.assertEqual(ledger["in"], ledger["out"] + ledger["dropped"] + ledger["in_flight"])
        self.assertEqual(ledger["in_flight"], 0)
        return ledger

    def serve(self, name):
        (self.path / f"{name}.toml").write_text(f'[[card]]\nsocket = "{self.path / name}"\n')
        # pylint: disable-next=consider-using-with  # ended below
        card = subprocess.Popen([CARD, "--config", self.path / f"{name}.toml", "--control", self.path / f"{name}.control"],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

        def end():
            card.kill()
            card.wait(timeout=20)
            card.stdout.close()
        self.addCleanup(end)
        self.assertIn("card 0", card.stdout.readline())
        return card

    def ask(self, name, **request):
        """What the card of that name answers on its control socket."""
        done = subprocess.run([CARD, "ask", self.path / f"{name}.control", json.dumps(request)], capture_output=True, text=True,
                              timeout=20, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    def inject(self, name, fault, **more):
        """Into the card of that name."""
        self.ask(name, op="inject", fault=fault, **more)

    def dbc_of(self, name):
        """The only one that is in use on it."""
        dbcs = self.ask(name, op="stats")["cards"][0]["active_dbcs"]
        self.assertEqual(len(dbcs), 1)
        return int(next(iter(dbcs)))

    def stream(self, cards, options=""):
        """A running pipeline over echo_64 on these cards; `value` reads its metrics."""
        qpc = BUILD / "apps/qaic-qpc/echo_64.qpc"
        (self.path / "stream.toml").write_text(STREAM.format(qpc=self.path / "echo.qpc", options=options))
        (self.path / "echo.qpc").write_bytes(qpc.read_bytes())
        devices = [f"--vdev=ml_qaic_vfu{i},socket={self.path / name}" for i, name in enumerate(cards)]
        # pylint: disable-next=consider-using-with  # ended below
        pipe = subprocess.Popen([PIPE, "run", self.path / "stream.toml", "--json", "--no-live", "--metrics-port", "0",
                                 "--svg", self.path / "stream.svg", *devices, *EAL],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (pipe.kill(), pipe.wait(), pipe.stdout.close(), pipe.stderr.close()))
        line = pipe.stderr.readline()
        self.assertIn("metrics at http://", line)
        self.url, self.pipe = line.split()[-1], pipe
        return pipe

    def scrape(self):
        """The exported samples of one moment, (name with labels, value). The ledger of each must balance."""
        try:
            with urllib.request.urlopen(self.url, timeout=20) as answer:
                lines = answer.read().decode().splitlines()
        except urllib.error.URLError as e:
            self.pipe.kill()
            self.fail(f"{e}; it said: {self.pipe.stderr.read()}")
        samples = [(line.split("}")[0], float(line.split("}")[1].split()[0])) for line in lines if "{" in line and line[0] != "#"]
        ledger = [self.sum_of(samples, f"qaic_pipe_{name}") for name in ("in_items_total", "out_items_total", "dropped_items_total",
                                                                        "in_flight_items")]
        self.assertEqual(ledger[0], ledger[1] + ledger[2] + ledger[3])
        self.assertLess(ledger[3], 1 << 32)  # a difference below 0 would be huge
        return samples

    @staticmethod
    def sum_of(samples, name, **labels):
        """Of those of this name with these labels."""
        return sum(value for sample, value in samples
                   if sample.startswith(name + "{") and all(f'{k}="{v}"' in sample for k, v in labels.items()))

    def value(self, name, **labels):
        return self.sum_of(self.scrape(), name, **labels)

    def wait_for(self, what, limit=60):
        end = time.monotonic() + limit
        while not what():
            self.assertLess(time.monotonic(), end, "not within the limit")
            time.sleep(0.1)

    def done(self):
        return self.value("qaic_pipe_stage_events_total", stage="net", event="inferences")

    def finish(self, pipe):
        pipe.send_signal(signal.SIGINT)
        out, err = pipe.communicate(timeout=60)
        return json.loads(out), err


def main():
    unittest.main(argv=sys.argv[:1] + sys.argv[3:], verbosity=2)
