# SPDX-License-Identifier: BSD-3-Clause
"""Sums every test case of one `meson test` run and ends with the line `N passed, N failed[, N skipped]`.

    sum_tests.py BUILD/meson-logs [STATUS]       STATUS: exit status of `meson test`

Meson's testlog.json says how each program ended; its JUnit file lists the cases of those that speak gtest's protocol.
Neither is enough alone: JUnit shows a program that ran into its time limit, or that died after its last case, as
passed. So each program is counted by its cases, and one that ended badly without a failed case is one failure more.
Exit status 1 when something failed or nothing ran. Appends the three numbers to the file named by QAIC_COUNTS.
"""
import json
import os
import pathlib
import sys
import xml.etree.ElementTree as ET


def read_programs(path):
    """[(name, result, exit status, output)] of testlog.json, one per program run."""
    rows = []
    for line in filter(None, path.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        rows.append((row["name"], row["result"], row.get("returncode", 0), row.get("stdout") or ""))
    return rows


def read_cases(path, names):
    """{program: [(case, verdict, reason)]} from the gtest suites, which meson names PROJECT.PROGRAM.SUITE."""
    cases = {}
    for suite in ET.parse(path).getroot().iter("testsuite"):
        _, _, rest = suite.get("name").partition(".")
        owners = [n for n in names if rest.startswith(n + ".")]
        if not owners:
            continue                    # the suite that lists whole programs
        program = max(owners, key=len)
        for case in suite.iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            cases.setdefault(program, []).append((name, *verdict(case)))
    return cases


def verdict(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed", ""
    skipped = case.find("skipped")
    if skipped is not None:
        return "skipped", skipped.get("message") or ""
    return ("skipped", "disabled") if case.get("status") == "notrun" else ("passed", "")


def judge(program, result, status, output, cases):
    """[(name, verdict, reason)] of one program."""
    found = [(f"{program}: {name}", v, reason) for name, v, reason in cases]
    if result in ("OK", "EXPECTEDFAIL"):
        return found or [(program, "passed", "")]
    if result == "SKIP":
        return found or [(program, "skipped", output)]
    if any(v == "failed" for _, v, _ in found):
        return found
    how = {"TIMEOUT": "ran into its time limit"}.get(result, f"{result.lower()}, exit status {status}")
    return found + [(program, "failed", how)]


def last_line(text):
    lines = [part.strip() for part in text.splitlines() if part.strip()]
    return lines[-1] if lines else "no reason given"


def collect(logs, status):
    log, junit = logs / "testlog.json", logs / "testlog.junit.xml"
    if not log.exists() or not junit.exists():
        return [("meson test", "failed", f"left no results in {logs}, exit status {status}")]
    programs = read_programs(log)
    cases = read_cases(junit, {row[0] for row in programs})
    rows = [row for p in programs for row in judge(*p, cases.get(p[0], []))]
    if status and not any(v == "failed" for _, v, _ in rows):
        rows.append(("meson test", "failed", f"exit status {status} though no test failed"))
    return rows


def main():
    logs, status = pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    rows = collect(logs, status)
    count = {v: sum(1 for row in rows if row[1] == v) for v in ("passed", "failed", "skipped")}
    for name, v, reason in rows:
        if v == "skipped":
            print(f"skipped: {name}: {last_line(reason)}")
    for name, v, reason in rows:
        if v == "failed":
            print(f"FAILED: {name}" + (f": {reason}" if reason else ""))
    ran = count["passed"] + count["failed"]
    if not ran:
        print("no test ran")
    if os.environ.get("QAIC_COUNTS"):
        with open(os.environ["QAIC_COUNTS"], "a", encoding="utf-8") as f:
            f.write(f"{count['passed']} {count['failed']} {count['skipped']}\n")
    tail = f", {count['skipped']} skipped" if count["skipped"] else ""
    print(f"{count['passed']} passed, {count['failed']} failed{tail}")
    return 1 if count["failed"] or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
