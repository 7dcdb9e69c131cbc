# SPDX-License-Identifier: BSD-3-Clause
"""headers_alone_test.py LIST ARCHIVE: every header that no source includes first is in LIST and was compiled alone into
ARCHIVE.

That they compile was the build's work; this finds headers that the build did not see (new since meson configured).
"""
import pathlib
import subprocess
import sys

listed = pathlib.Path(sys.argv[1]).read_text().split()
script = pathlib.Path(__file__).resolve().parents[2] / "config/ci/headers.py"
present = subprocess.run([sys.executable, script], check=True, capture_output=True, text=True).stdout.split()
members = subprocess.run(["ar", "t", sys.argv[2]], check=True, capture_output=True, text=True).stdout.split()
unseen = sorted(set(present) - set(listed))
for name in unseen:
    print(f"{name}: alone since meson configured; run `ninja -C BUILD reconfigure` and build again")
if len(members) != len(listed):
    print(f"{len(listed)} headers listed, {len(members)} compiled")
print(f"{len(members)} headers compile alone")
sys.exit(1 if unseen or not members or len(members) != len(listed) else 0)
