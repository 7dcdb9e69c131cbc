# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh disable=SC2154      # card, node, sys: lib.sh
# Linux's own driver on the emulated card: boot, calls, faults.
. /bin/lib.sh
echo 4 > /proc/sys/kernel/printk
open_control

# ---- a: boot
boots() {
    lmod qaic mhi_timeout_ms=20000 && wait_until 30 test -c $node && wait_until 60 online &&
        echo "$node, $(sed -n 's/.*Linux version \([^ ]*\).*/Linux \1/p' /proc/version)"
}
images() {
    for id in 1 2 4 5 6 8 9 10; do
        grep -q "image $id .* loaded" $log || { echo "image $id is not in the boot log"; return 1; }
    done
    echo "eight images asked for and sent"
}
vectors() {
    count=$(grep -c "$card" /proc/interrupts)
    [ "$count" = 17 ] && echo "17 MSIs" || { echo "$count MSIs"; return 1; }
}
log=/sys/kernel/debug/accel/$card/bootlog
bootlog() {
    lines=$(grep -c . $log)
    [ "$lines" -ge 9 ] && tail -c 1 $log | grep -q '^$' && ! tr -d '\n' < $log | grep -q '[^ -~]' && echo "$lines lines"
}
offset() { ask '{"op":"stats"}' | sed -n 's/.*"offset_us":\([0-9]*\).*/\1/p' | grep .; }
timesync() {
    boot=$(grep -o 'TIMESYNC: host time [0-9.]* s' $log) || { echo "no time sync in the boot log"; return 1; }
    first=$(offset) && sleep 3 && second=$(offset) || { echo "no periodic time sync arrived"; return 1; }
    echo "boot: ${boot#*: }; periodic: offset $first us, then $second us"
    [ "$first" != "$second" ]
}
step a.1 boots
step a.2 images
sleep 1
step a.3 no_complaints
step a.4 vectors
step a.5 bootlog
step a.6 timesync

# ---- b: calls and data, by interrupts
same() {
    client run /plans/digits /plans/images.f32 /tmp/out "$1" && cmp /tmp/out /plans/ours.f32 &&
        echo "450 outputs equal ours bit for bit, $1 a call"
}
step b.1 client status
step b.2 client calls /plans/echo_4KiB
step b.3 same 1
step b.4 same 32
step b.5 client echo /plans/echo_4MiB 150 1
step b.6 client sixteen /plans/echo_4KiB 2
interrupts() {
    awk '/qaic_dbc/ && $2 + $3 > 0 { vectors++; hits += $2 + $3 }
        END { print hits + 0 " interrupts of " vectors + 0 " DBCs"; exit vectors != 16 }' /proc/interrupts
}
step b.7 interrupts
step b.8 no_complaints

# ---- b again, by polling
polling() {
    rmmod qaic && lmod qaic mhi_timeout_ms=20000 datapath_polling=1 && wait_until 60 online || return 1
    client echo /plans/echo_4MiB 60 2 && client sixteen /plans/echo_4KiB 1 && same 32 || return 1
    hits=$(awk '/qaic_dbc/ { n += $2 + $3 } END { print n + 0 }' /proc/interrupts)
    echo "150 outputs, echoes and 16 DBCs as before; $hits interrupts of DBCs"
    [ "$hits" = 0 ]
}
step b.9 polling
step b.10 no_complaints
rmmod qaic
lmod qaic mhi_timeout_ms=20000
wait_until 60 online

# ---- c: when something goes wrong
step c.1 client kill /plans/echo_4KiB 20 11

ssr() {
    rm -f /tmp/loop*
    for n in 1 2 3 4; do
        (client loop /plans/echo_4KiB 8 > /tmp/loop$n 2>&1; echo "end $?" >> /tmp/loop$n) &
        wait_until 10 grep -q channel /tmp/loop$n || { cat /tmp/loop$n; return 1; }
    done
    victim=$(sed -n 's/.*channel //p' /tmp/loop4)
    inject "\"ssr\",\"dbc\":$victim,\"dump\":true" || return 1
    wait_until 10 grep -q 'end 3' /tmp/loop4 || { cat /tmp/loop4; return 1; }
    wait_until 20 grep -q '^0$' "/sys/class/accel/accel0/dbc${victim}_state" || return 1
    wait
    for n in 1 2 3; do grep -q 'end 0' /tmp/loop$n || { cat /tmp/loop$n; return 1; }; done
    echo "DBC $victim restarted: $(grep taken /tmp/loop4); the others: $(cat /tmp/loop[123] | grep rounds | tr '\n' ' ')"
}
coredump() {
    wait_until 20 ls /sys/class/devcoredump/devcd*/data || return 1
    for data in /sys/class/devcoredump/devcd*/data; do cat "$data" > /tmp/dump; echo 0 > "$data"; done
    magic=$(head -c 8 /tmp/dump | hexdump -e '8/1 "%02x"')
    [ "$magic" = efcdab9078563412 ] && echo "$(wc -c < /tmp/dump) bytes of crash dump"
}
step c.2 ssr
step c.3 coredump
step c.4 client calls /plans/echo_4KiB

# ---- f: host-native NSP programs (config/programs)
crash_beside() {
    (client loop /plans/echo_4KiB 6 > /tmp/loop 2>&1; echo "end $?" >> /tmp/loop) &
    wait_until 10 grep -q channel /tmp/loop && client nsp crash /plans/crash || return 1
    wait && grep -q 'end 0' /tmp/loop || { cat /tmp/loop; return 1; }
    wait_until 20 ls /sys/class/devcoredump/devcd*/data || return 1
    for data in /sys/class/devcoredump/devcd*/data; do cat "$data" > /tmp/dump; echo 0 > "$data"; done
    grep -q nsp_crash.txt /tmp/dump && echo "SSR, $(wc -c < /tmp/dump) bytes of dump with nsp_crash.txt; another workload lost nothing"
}
for program in simple_io streaming multicast hang; do step f.$program client nsp $program /plans/$program; done
step f.crash crash_beside

# ---- c again: the card itself
ras_counted() {
    inject '"ras","source":"ddr","type":"corrected"' && inject '"ras","source":"pcie","type":"uncorrected"' || return 1
    wait_until 10 grep -q '^1$' $sys/ce_count && wait_until 10 grep -q '^1$' $sys/ue_nonfatal_count &&
        client status && echo "ce_count 1, ue_nonfatal_count 1, the card goes on"
}
ras_fatal() {
    inject '"ras","source":"nsp_memory","type":"fatal"' && wait_until 10 grep -q '^1$' $sys/ue_count || return 1
    wait_until 60 online && same 32 && echo "ue_count 1, the card was restarted, 450 outputs equal"
}
step c.5 ras_counted
step c.6 ras_fatal

sys_err() {
    (client loop /plans/echo_4KiB 60 > /tmp/loop 2>&1; echo "end $?" >> /tmp/loop) &
    wait_until 10 grep -q channel /tmp/loop || return 1
    inject "\"sys_err\",\"reboot\":$1" && wait_until 30 grep -q end /tmp/loop || return 1
    wait_until 60 online && same 32 && echo "reboot $1: $(tail -n 2 /tmp/loop | tr '\n' ' '); 450 outputs equal afterwards"
}
step c.7 sys_err true
step c.8 sys_err false

reload() {
    dmesg -c > /dev/null
    for n in $(seq 20); do
        rmmod qaic && lmod qaic mhi_timeout_ms=20000 && wait_until 60 online || { echo "round $n"; return 1; }
    done
    same 32 && no_complaints && echo "20 rounds, 450 outputs equal, no error and no warning"
}
step c.9 reload
