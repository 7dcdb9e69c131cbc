# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh disable=SC2034
# Sourced by the guest's scripts: one line a step for the host to count, and a way to the card's control socket.

card=0000:01:00.0
node=/dev/accel/accel0
sys=/sys/bus/pci/devices/$card

pass() { echo "STEP PASS $*"; }
fail() { echo "STEP FAIL $*"; }

# step ID COMMAND..: passes with the command's last line, fails with its last three
step() {
    step_id=$1
    shift
    if "$@" > /tmp/step 2>&1; then
        pass "$step_id $(tail -n 1 /tmp/step)"
    else
        fail "$step_id $* -> $?: $(tail -n 3 /tmp/step | tr '\n' '|')"
        tail -n 30 /tmp/step
        dmesg | tail -n 30
    fi
}

# wait_until SECONDS COMMAND..: polls ten times a second
wait_until() {
    tries=$(($1 * 10))
    shift
    while ! "$@" > /dev/null 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { echo "waited in vain for: $*"; return 1; }
        usleep 100000
    done
}
online() { timeout 70 client status; }

# The card's control socket is the second serial port: one request a line, one answer a line. The shell keeps the port
# open, or it would be reset between two requests.
open_control() { exec 3<> /dev/ttyS1; }
ask() { client ask "$1"; }
inject() { ask "{\"op\":\"inject\",\"fault\":$1}"; }

# Errors and warnings of the modules under test; the loader's own words about a foreign module are none of them.
complaints() {
    dmesg -r | grep -E '^<[0-4]>' | grep -iE 'mhi|qaic|sahara' | grep -vE 'taints kernel|tainting kernel'
}
no_complaints() {
    if complaints; then return 1; fi
    echo "no error and no warning"
}
