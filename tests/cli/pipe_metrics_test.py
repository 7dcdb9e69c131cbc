# SPDX-License-Identifier: BSD-3-Clause
"""What a pipeline exports, scraped over HTTP and read by prometheus_client's OpenMetrics parser, against the same
snapshot as JSON; and what the server does with requests that are none. Argument: pipe_metrics_show."""
import json
import math
import socket
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

SHOW = sys.argv[1]
LIMIT = 20  # seconds, for everything here

STAGE = {"in": "in_items_total", "out": "out_items_total", "held": "held_items", "busy_cycles": "busy_cycles_total",
         "bursts": "bursts_total", "cycles_per_item": "item_cycles"}
LINK = {"depth": "depth_items", "waiting": "waiting_items", "high_water": "high_water_items", "moved": "moved_items_total",
        "bursts": "bursts_total", "full_bursts": "full_bursts_total", "full_ratio": "full_ratio",
        "dropped": "dropped_items_total"}
LEDGER = {"in": "in_items_total", "out": "out_items_total", "dropped": "dropped_items_total", "in_flight": "in_flight_items"}
QUANTILES = {"p50": "0.5", "p99": "0.99", "p999": "0.999", "highest": "1.0"}


def show(what):
    return subprocess.run([SHOW, what], capture_output=True, text=True, timeout=LIMIT, check=True).stdout


class Server(unittest.TestCase):
    def setUp(self):
        self.process = subprocess.Popen([SHOW, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        return self.process.wait(LIMIT)

    def tearDown(self):
        self.process.stdout.close()
        self.assertEqual(self.stop(), 0)

    def get(self, path="/metrics", method="GET", body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method, data=body)
        return urllib.request.urlopen(request, timeout=LIMIT)

    def raw(self, data):
        """The first line that comes back for these bytes; empty if the server closes without one."""
        with socket.create_connection(("127.0.0.1", self.port), LIMIT) as s:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            return s.makefile("rb").readline()


class Exposition(Server):
    def setUp(self):
        super().setUp()
        with self.get() as reply:
            self.kind, text = reply.headers["Content-Type"], reply.read().decode("utf-8")
        self.families = {f.name: f for f in text_string_to_metric_families(text)}
        self.samples = {(s.name, frozenset(s.labels.items())): s.value for f in self.families.values() for s in f.samples}
        self.json = json.loads(show("json"))

    def take(self, name, value, **labels):
        """This sample is there with this value; what is taken is crossed off."""
        key = (name, frozenset({"pipeline": self.json["name"], **labels}.items()))
        self.assertIn(key, self.samples)
        self.assertTrue(math.isclose(self.samples.pop(key), value, rel_tol=1e-12), f"{key}: not {value}")

    def take_latency(self, name, latency, **labels):
        for member, quantile in QUANTILES.items():
            self.take(name, latency[member] / 1e6, quantile=quantile, **labels)
        self.take(name + "_count", latency["samples"], **labels)

    def test_every_number_and_no_other(self):
        j = self.json
        self.take("qaic_pipe_info", 1)
        self.take("qaic_pipe_uptime_seconds", j["seconds"])
        self.take("qaic_pipe_tsc_hertz", j["tsc_hz"])
        self.take_latency("qaic_pipe_latency_seconds", j["end_to_end_us"])
        for member, name in LEDGER.items():
            self.take("qaic_pipe_" + name, j["ledger"][member])
        for s in j["stages"]:
            at = {"stage": s["name"], "replica": str(s["replica"])}
            self.take("qaic_pipe_stage_info", 1, kind=s["kind"], lcore=str(s["lcore"]), cpu=str(s["cpu"]), **at)
            for member, name in STAGE.items():
                self.take("qaic_pipe_stage_" + name, s[member], **at)
            for reason, value in s["dropped"].items():
                self.take("qaic_pipe_stage_dropped_items_total", value, reason=reason, **at)
            for event, value in s["counts"].items():
                self.take("qaic_pipe_stage_events_total", value, event=event, **at)
            self.take_latency("qaic_pipe_stage_latency_seconds", s["latency_us"], **at)
        for link in j["links"]:
            at = {"from": link["from"], "to": link["to"], "replica": str(link["replica"])}
            self.take("qaic_pipe_link_info", 1, when_full=link["when_full"], **at)
            for member, name in LINK.items():
                self.take("qaic_pipe_link_" + name, link[member], **at)
        for k in j["lcores"]:
            self.take("qaic_pipe_lcore_info", 1, lcore=str(k["lcore"]), cpu=str(k["cpu"]))
            self.take("qaic_pipe_lcore_busy_cycles_total", k["busy_cycles"], lcore=str(k["lcore"]))
            self.take("qaic_pipe_lcore_idle_cycles_total", k["idle_cycles"], lcore=str(k["lcore"]))
        self.assertEqual(self.samples, {})

    def test_families_are_those_of_the_table(self):
        rows = [line.split("|") for line in show("families").splitlines()]
        self.assertEqual([r[0] for r in rows], list(self.families))
        for name, kind, unit, labels, text in rows:
            family = self.families[name]
            self.assertEqual((family.type, family.unit, family.documentation), (kind, unit, text))
            self.assertTrue(not unit or name.endswith("_" + unit), name)
            self.assertTrue(family.samples, f"{name}: the invented snapshot has none")
            seen = {label for s in family.samples for label in s.labels}
            self.assertEqual(seen, {"pipeline"} | set(filter(None, labels.split(", "))), name)

    def test_content_type(self):
        self.assertEqual(self.kind, "application/openmetrics-text; version=1.0.0; charset=utf-8")


class Http(Server):
    def status(self, **request):
        with self.assertRaises(urllib.error.HTTPError) as caught:
            self.get(**request)
        caught.exception.close()
        return caught.exception

    def test_paths_and_methods(self):
        with self.get("/") as reply:
            self.assertIn(b"/metrics", reply.read())
        with self.get(method="HEAD") as reply:
            self.assertGreater(int(reply.headers["Content-Length"]), 1000)
        for path in ("/metric", "/metrics/", "/../metrics", "//metrics"):
            self.assertEqual(self.status(path=path).code, 404, path)
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            self.assertEqual(self.status(method=method, body=b"x").headers["Allow"], "GET, HEAD", method)
        self.assertEqual(self.status(method="POST", body=b"x" * 100000).code, 405)

    def test_garbage_does_not_end_it(self):
        rows = [b"", b"\r\n\r\n", b"\0" * 4096, b"GET", b"GET /metrics", b"GET /metrics HTTP/9.9\r\n\r\n",
                b"\xff\xfe\x80 \xc0 HTTP/1.1\r\n\r\n", b"GET " + b"/a" * 40000 + b" HTTP/1.1\r\n\r\n",
                b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
                b"POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
                b"POST /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                b"GET /%zz%ff% HTTP/1.1\r\nHost: a\r\n\r\n"]
        for data in rows:
            try:
                self.assertNotIn(b" 200 ", self.raw(data), data[:60])
            except OSError:
                pass  # closed while it was still being written to
        with self.get() as reply:
            self.assertTrue(reply.read().endswith(b"# EOF\n"))

    def test_nowhere_but_the_loopback(self):
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in table][1:]
        at = [r[1] for r in rows if r[3] == "0A" and int(r[1].split(":")[1], 16) == self.port]
        self.assertEqual(at, [f"0100007F:{self.port:04X}"])
        with open("/proc/net/tcp6", encoding="ascii") as table:
            rows = [line.split() for line in table][1:]
        self.assertEqual([r[1] for r in rows if r[3] == "0A" and int(r[1].split(":")[1], 16) == self.port], [])

    def test_many_clients_that_say_nothing(self):
        silent = [socket.create_connection(("127.0.0.1", self.port), LIMIT) for _ in range(20)]
        try:
            # All 16 places are taken until silent ones are cut off, twice over.
            with self.get() as reply:
                self.assertEqual(reply.status, 200)
        finally:
            for s in silent:
                s.close()

    def test_stopped_while_clients_are_connected(self):
        with socket.create_connection(("127.0.0.1", self.port), LIMIT) as idle, \
                socket.create_connection(("127.0.0.1", self.port), LIMIT) as half:
            half.sendall(b"GET /metrics HT")
            with self.get() as reply:  # both are accepted by now
                reply.read()
            self.assertEqual(self.stop(), 0)
            for s in (idle, half):
                try:
                    self.assertEqual(s.recv(100), b"")
                except ConnectionResetError:
                    pass


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
