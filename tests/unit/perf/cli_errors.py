#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""qaic-perf with options and files it must refuse before it touches EAL: exit status, and one line that says why."""
import os
import re
import subprocess
import sys
import tempfile

GOOD = "model.qpc"  # never loaded: every case fails earlier
CASES = [
    # arguments, exit status, pattern the one line must match
    ([], 2, r"subcommand is required"),
    (["run"], 2, r"--model is required"),
    (["walk"], 2, r"subcommand is required"),
    (["run", "--model", GOOD, "--queue-depth", "0"], 2, r"--queue-depth: Value 0 not in range 1 to 65535"),
    (["run", "--model", GOOD, "--burst", "33"], 2, r"--burst 33 is more than --queue-depth 32"),
    (["run", "--model", GOOD, "--time", "abc"], 2, r"--time"),
    (["run", "--model", GOOD, "--time", "nan"], 2, r"not a number"),
    (["run", "--model", GOOD, "--time", "1", "--count", "1"], 2, r"--count excludes --time|--time excludes --count"),
    (["run", "--model", GOOD, "--expect", "x"], 2, r"--expect needs --input"),
    (["run", "--model", GOOD, "--check", "1"], 2, r"--check 1 needs --expect or --labels: .*--checksum 1 needs neither"),
    (["run", "--model", GOOD, "--check", "-2"], 2, r"--check: Value -2 not in range"),
    (["run", "--model", GOOD, "--checksum", "some"], 2, r"--checksum"),
    (["run", "--model", GOOD, "--output", "x"], 2, r"--output needs --expect or --labels"),
    (["run", "--model", GOOD, "--input", GOOD, "--labels", GOOD, "--output", "no/such/o"], 1,
     r"--output no/such/o: cannot write"),
    (["run", "--model", GOOD, "--float-io", "--device-io"], 2, r"excludes"),
    (["run", "--model", GOOD, "--frobnicate"], 2, r"--frobnicate"),
    (["run", "--model", "no-such.qpc"], 1, r"E_INVAL: no-such\.qpc: cannot open: No such file"),
    (["run", "--model", "."], 1, r"E_INVAL: \.: is not a regular file"),
    (["run", "--model", "empty"], 1, r"E_FORMAT: empty: is empty"),
    (["run", "--model", GOOD, "--input", "no-such.f32"], 1, r"no-such\.f32: cannot open"),
    (["run", "--model", GOOD, "--json", "no/such/r.json"], 1, r"--json no/such/r\.json: cannot write"),
    (["run", "--model", GOOD, "--driver", "no-such.so"], 1, r"--driver no-such\.so: there is no such file"),
    (["compare"], 2, r"A is required"),
    (["compare", "no-such.json", GOOD], 2, r"E_INVAL: no-such\.json: cannot open"),
    (["compare", ".", GOOD], 2, r"E_INVAL: \.: is not a regular file"),
    (["compare", GOOD, GOOD], 2, r"E_FORMAT: model\.qpc: is no JSON: wrong at byte 1"),
    (["compare", "empty", GOOD], 2, r"E_FORMAT: empty: is empty"),
    (["compare", GOOD, GOOD, "--metric", "speed"], 2, r"--metric speed: unknown"),
    (["compare", GOOD, GOOD, "--threshold", "nan"], 2, r"--threshold nan: not between"),
]


JOBS = {"unknown.toml": "burst = 1\n  percentiles = 3\n", "value.toml": 'rate = "fast"\n', "syntax.toml": "a = \n",
        "until.toml": 'until = "p99"\n'}
CASES += [
    (["run", "--job", "unknown.toml"], 2, r"unknown\.toml:2:3: qaic-perf run has no option --percentiles"),
    (["run", "--model", GOOD, "--job=value.toml"], 2, r"value\.toml:1:1: .*--rate"),
    (["run", "--job", "syntax.toml"], 2, r"E_FORMAT: syntax\.toml:1:"),
    (["slo", "--model", GOOD], 2, r"give a limit, such as --p99 2ms"),
    (["slo", "--model", GOOD, "--p99", "2"], 2, r"--p99 takes a time like 2ms .*got=\"2\""),
    (["slo", "--model", GOOD, "--p99", "2ms", "--p50", "1ms"], 2, r"one percentile"),
    (["sweep", "--model", GOOD, "--depths", "4..1"], 2, r"--depths"),
    (["sweep", "--model", GOOD, "--rates", "x"], 2, r"--rates"),
    (["mlperf", "--model", GOOD, "--scenario", "Sever"], 2, r"Sever"),
    (["mlperf", "--model", GOOD, "--rate", "5"], 2, r"Server needs --limit"),
    (["mlperf", "--model", GOOD, "--limit", "15ms"], 2, r"Server needs --rate"),
    (["mlperf", "--model", GOOD, "--scenario", "Offline", "--samples", "8"], 2, r"--samples is of MultiStream"),
]
CASES += [
    (["run", "--model", GOOD, "--until", "p99"], 2, r"--until and --error belong together"),
    (["run", "--model", GOOD, "--error", "0.02"], 2, r"--until and --error belong together"),
    (["run", "--model", GOOD, "--confidence", "0.9"], 2, r"--confidence needs --until"),
    (["run", "--model", GOOD, "--until", "99", "--error", "0.02"], 2, r"--until takes a percentile like p99 .*got=\"99\""),
    (["run", "--model", GOOD, "--until", "p100", "--error", "0.02"], 2, r"below p100 got=\"p100\""),
    (["run", "--model", GOOD, "--until", "p99", "--error", "0.001"], 2, r"--error 0\.1 %: not between 0\.39"),
    (["run", "--model", GOOD, "--until", "p99", "--error", "0.02", "--confidence", "2"], 2, r"--confidence 2: not between"),
    (["run", "--model", GOOD, "--job", "until.toml"], 2, r"--until and --error belong together"),
    (["slo", "--model", GOOD, "--p99", "2ms", "--until", "p99"], 2, r"--until"),
]
STREAMS = ["mlperf", "--model", GOOD, "--scenario", "MultiStream"]
CASES += [
    ([*STREAMS, "--samples", "8"], 2, r"MultiStream needs --limit"),
    ([*STREAMS, "--limit", "50ms"], 2, r"MultiStream needs --samples"),
    ([*STREAMS, "--limit", "50ms", "--samples", "33"], 2,
     r"--samples 33 is more than --queue-depth 32 on 1 card holds: at least --queue-depth 33"),
    ([*STREAMS, "--limit", "50ms", "--samples", "66", "--dev", "a", "--dev", "b"], 2, r"at least --queue-depth 33"),
    ([*STREAMS, "--limit", "50ms", "--samples", "8", "--lcores", "2"], 2, r"one lcore got=--lcores 2"),
    ([*STREAMS, "--limit", "50ms", "--samples", "8", "--model", GOOD], 2, r"of one model got=2 models"),
]


def check(program, folder, arguments, status, pattern):
    done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, timeout=60)
    lines = done.stderr.splitlines()
    good = (done.returncode == status and len(lines) == 1 and done.stdout == "" and lines[0].startswith("qaic-perf: ")
            and re.search(pattern, lines[0]))
    print(f"{'ok  ' if good else 'FAIL'} {' '.join(arguments) or '(nothing)'} -> {done.returncode}: {done.stderr.strip()}")
    return bool(good)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, content in ((GOOD, b"x"), ("empty", b""), *((n, t.encode()) for n, t in JOBS.items())):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(content)
        results = [check(os.path.abspath(sys.argv[1]), folder, *case) for case in CASES]
    print(f"{sum(results)} of {len(results)} refusals as they should be")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
