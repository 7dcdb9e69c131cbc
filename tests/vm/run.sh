#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Boots the guests one after the other and says of every step whether it passed. Started by ./dev vm, after prepare.sh.
#
#   run.sh BUILD [SESSION..]               sessions: kernel single remap dpdk (default: all)
#
# Logs, counters and side-by-side.json are left in BUILD/vm. Exit status 0 when every step of every session passed.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lab.sh"
. "$here/payload.sh"
. "$here/sessions.sh"
build=$(cd "$1" && pwd)
shift
out=$build/vm
[ $# -gt 0 ] || rm -rf "$out"
mkdir -p "$out"
sockets=$(mktemp -d)                     # short: a socket's path has 107 characters
card_pid=''
finish() {
    [ -z "$card_pid" ] || kill "$card_pid" 2> /dev/null || true
    rm -rf "$sockets"
}
trap finish EXIT

passed=0 failed=0
passes() { passed=$((passed + 1)); printf 'PASS %s\n' "$*"; }
fails() { failed=$((failed + 1)); printf 'FAIL %s\n' "$*"; }

make_payload
for session in "${@:-kernel single remap dpdk}"; do
    for name in $session; do "session_$name"; done
done
if [ -n "${QAIC_COUNTS:-}" ]; then echo "$passed $failed 0" >> "$QAIC_COUNTS"; fi
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed -gt 0 ]
