# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh disable=SC2154      # card, node, sys: lib.sh
# Linux's driver on a machine of another kind: boot and data once more. The kernel's command line says how many interrupt
# vectors there must be: step=ID vectors=N.
. /bin/lib.sh
echo 4 > /proc/sys/kernel/printk
wanted() { sed -n "s/.*\\b$1=\\([^ ]*\\).*/\\1/p" /proc/cmdline; }
short() {
    lmod qaic mhi_timeout_ms=20000 && wait_until 60 online || return 1
    count=$(grep -c "$card" /proc/interrupts)
    [ "$count" = "$(wanted vectors)" ] || { grep "$card" /proc/interrupts; return 1; }
    [ "$count" != 1 ] || dmesg | grep -q 'operating in 1 MSI mode' || { echo "Linux does not speak of 1 MSI mode"; return 1; }
    client run /plans/digits /plans/images.f32 /tmp/out 8 && cmp /tmp/out /plans/ours.f32 &&
        client echo /plans/echo_4MiB 40 3 && client sixteen /plans/echo_4KiB 1 && no_complaints &&
        echo "$count MSIs: 450 outputs equal, echoes and 16 DBCs"
}
step "$(wanted step)" short
