# SPDX-License-Identifier: BSD-3-Clause
"""The Grafana dashboard and docs/pipelines-metrics.md name what pipelines export, all of it, and nothing else.
Arguments: pipe_metrics_show, source root."""
import json
import pathlib
import re
import subprocess
import sys
import unittest

SHOW, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
DASHBOARD = json.loads((SOURCE / "config/grafana/qaic-pipe.json").read_text(encoding="utf-8"))
# Exported, but on no panel: family -> reason.
EXCEPTIONS = {}


def show(what):
    return subprocess.run([SHOW, what], capture_output=True, text=True, timeout=20, check=True).stdout


FAMILIES = {r[0]: r for r in (line.split("|") for line in show("families").splitlines())}
SUFFIXES = {"counter": ["_total"], "gauge": [""], "summary": ["", "_count"], "info": ["_info"]}
# The name of each sample -> its family.
SAMPLES = {name + suffix: name for name, row in FAMILIES.items() for suffix in SUFFIXES[row[1]]}


def panels(of=None):
    for panel in (DASHBOARD if of is None else of)["panels"]:
        yield panel
        yield from panels(panel) if "panels" in panel else ()


def expressions():
    found = [t["expr"] for p in panels() for t in p.get("targets", ())]
    return found + [v["query"]["query"] for v in DASHBOARD["templating"]["list"] if v["type"] == "query"]


def names(text):
    return set(re.findall(r"\bqaic_\w+", text))


class Exported(unittest.TestCase):
    def test_the_table_is_what_the_text_has(self):
        seen = {re.split(r"[{ ]", line)[0] for line in show("text").splitlines() if not line.startswith("#")}
        self.assertEqual(seen, set(SAMPLES))
        self.assertGreater(len(SAMPLES), 25)


class Dashboard(unittest.TestCase):
    def test_no_name_that_is_not_exported(self):
        for expression in expressions():
            self.assertTrue(names(expression), f"{expression}: no metric")
            self.assertEqual(sorted(names(expression) - set(SAMPLES)), [], expression)

    def test_every_family_is_on_it(self):
        shown = {SAMPLES[n] for e in expressions() for n in names(e) if n in SAMPLES}
        self.assertEqual(set(FAMILIES) - shown, set(EXCEPTIONS), "on no panel, or an exception that is on one")

    def test_labels_are_those_of_the_metrics(self):
        for panel in panels():
            for target in panel.get("targets", ()):
                known = {"pipeline", "instance"}  # the latter is Prometheus's own
                for name in names(target["expr"]):
                    known |= set(FAMILIES[SAMPLES[name]][3].split(", "))
                used = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
                used |= set(re.findall(r"(\w+)\s*=~?\s*\"", target["expr"]))
                for labels in re.findall(r"\b(?:on|by|group_left)\s*\(([^)]*)\)", target["expr"]):
                    used |= set(filter(None, re.split(r"[,\s]+", labels)))
                self.assertEqual(used - known, set(), target["expr"])

    def test_a_rate_is_of_a_counter_and_a_counter_in_a_rate(self):
        for expression in expressions():
            rates = set(re.findall(r"\brate\((\w+)", expression))
            for name in rates:
                self.assertIn(name[-6:], ("_total", "_count"), expression)
            for name in re.findall(r"\b(?<!rate\()qaic_\w+_total", expression):
                self.assertIn(name, {n for n in SAMPLES if re.fullmatch(r"qaic_pipe_(in|out|dropped)_items_total", n)},
                              f"{expression}: only the ledger shows counters as they are")

    def test_as_grafana_wants_it(self):
        ids = [p["id"] for p in panels()]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertGreaterEqual(DASHBOARD["schemaVersion"], 36)  # Grafana 9
        taken = set()
        for p in panels():
            self.assertIn(p["type"], ("row", "timeseries", "stat", "table"))
            at = p["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            self.assertLessEqual(at["x"] + at["w"], 24, p["title"])
            self.assertFalse(cells & taken, f"{p['title']} lies on another panel")
            taken |= cells
            for source in [p.get("datasource")] + [t["datasource"] for t in p.get("targets", ())]:
                self.assertIn(source, (None, {"type": "prometheus", "uid": "${datasource}"}), p["title"])
            refs = [t["refId"] for t in p.get("targets", ())]
            self.assertEqual(len(refs), len(set(refs)))
            for t in p.get("targets", ()):
                for opening, closing in ("()", "[]", "{}"):
                    self.assertEqual(t["expr"].count(opening), t["expr"].count(closing), t["expr"])
        self.assertEqual([v["name"] for v in DASHBOARD["templating"]["list"]], ["datasource", "pipeline"])


class Docs(unittest.TestCase):
    def test_table(self):
        text = (SOURCE / "docs/pipelines-metrics.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| `(qaic_pipe\w*)` \| (\w+) \| ([^|]*) \|", text, re.M)
        told = {name: (kind, labels.strip()) for name, kind, labels in rows}
        self.assertEqual(len(told), len(rows), "a name twice")
        self.assertEqual(told, {name: (row[1], row[3]) for name, row in FAMILIES.items()})
        known = set(SAMPLES) | set(FAMILIES)
        self.assertEqual(sorted(n for n in names(text) if n not in known), [])

    def test_telemetry_commands(self):
        code = (SOURCE / "lib/pipeline/metrics/telemetry.cpp").read_text(encoding="utf-8")
        text = (SOURCE / "docs/pipelines-metrics.md").read_text(encoding="utf-8")
        commands = set(re.findall(r'\{"(/qaic/pipe/\w+)",', code))
        self.assertEqual(len(commands), 5)
        self.assertEqual(set(re.findall(r"`(/qaic/pipe/\w+)", text)), commands)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
