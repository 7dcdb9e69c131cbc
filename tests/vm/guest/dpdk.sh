# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh disable=SC2154      # card, node, sys: lib.sh
# The card under Linux's driver first, then bound to vfio-pci and under ours: same program, same batches.
. /bin/lib.sh
echo 4 > /proc/sys/kernel/printk
open_control
case $(ask '{"op":"stats"}') in *'"trap":true'*) trap=1 ;; *) trap='' ;; esac

# System calls of a program's first thread, counted by the kernel itself.
tracing=/sys/kernel/tracing
mount -t tracefs tracefs $tracing 2> /dev/null
echo 'hist:keys=common_pid' > $tracing/events/raw_syscalls/sys_enter/trigger
counted() {
    sh -c 'echo $$ > /tmp/pid; exec "$@"' counted "$@"
}
calls() {
    awk -v pid="$(cat /tmp/pid)" '{ gsub(/[:{}]/, " ") } $1 == "common_pid" && $2 == pid { n = $4 } END { print n + 0 }' \
        $tracing/events/raw_syscalls/sys_enter/hist
}
# What the card and the kernel have counted, for the host to subtract.
snapshot() {
    counts=$(ask '{"op":"stats"}') || { echo "$counts"; return 1; }
    echo "SNAPSHOT $1 $(cut -d' ' -f1 /proc/uptime) $(calls) $counts" > /dev/ttyS0
}
doorbells() { ask '{"op":"stats"}' | sed -n 's/.*"registers":{"REQHP":{[^}]*},"REQTP":{"reads":[0-9]*,"writes":\([0-9]*\)}.*/\1/p'; }
# in_steady_state SIDE COMMAND..: two snapshots, two seconds apart, while the command is at work
in_steady_state() {
    side=$1
    shift
    before=$(doorbells)
    [ -n "$before" ] || { echo "the card does not say how often REQTP was written"; return 1; }
    "$@" > /tmp/steady 2>&1 &
    moved() { [ "$(doorbells)" -gt $((before + 100)) ]; }
    wait_until 30 moved && usleep 300000 && snapshot "$side-1" && sleep 2 && snapshot "$side-2" || return 1
    wait $! || { cat /tmp/steady; return 1; }
}

# ---- e: Linux's driver, in its fastest legal use
burst=32
ahead=8                                  # bursts in flight, of either driver
kernel_bench() {
    lmod qaic mhi_timeout_ms=20000 datapath_polling=1 datapath_poll_interval_us=1 && wait_until 60 online || return 1
    client bench /plans/echo_64 $burst $ahead 0.5 || return 1
    for n in 1 2 3; do
        client bench /plans/echo_64 $burst $ahead 2 > /tmp/bench || return 1
        sed -n 's/^BENCH/MEASURED kernel/p' /tmp/bench > /dev/ttyS0
    done
    if [ -n "$trap" ]; then in_steady_state kernel counted client bench /plans/echo_64 $burst $ahead 10 || return 1; fi
    sed -n 's/.*"per_second": \([0-9]*\).*/\1 inferences a second/p' /tmp/bench
}
step e.1 kernel_bench
rmmod qaic

# ---- d: as the README tells a user to do it
bind() {
    lmod vfio-pci && lmod vfio_iommu_type1 && dpdk-devbind.py -b vfio-pci $card && dpdk-devbind.py --status > /tmp/status || return 1
    grep $card /tmp/status | grep 'drv=vfio-pci'
}
hugepages() {
    echo 300 > /proc/sys/vm/nr_hugepages
    mkdir -p /dev/hugepages && mount -t hugetlbfs none /dev/hugepages
}
eal='-d /usr/lib/dpdk/librte_mempool_ring.so'
perf() { counted qaic-perf run --dev $card --driver /usr/lib/dpdk/librte_ml_qaic.so "$@" -- $eal; }
digits() {
    perf --model /plans/digits.qpc --input /plans/images.f32 --labels /plans/labels.u8 --expect /plans/ours.f32 --tolerance 0 \
        --output /tmp/out --time 1 --queue-depth 64 --burst 32 && cmp /tmp/out /plans/ours.f32 &&
        echo "450 outputs equal bit for bit, through rte_bus_pci and vfio-pci (type 1)"
}
again() {
    for n in 1 2 3; do
        perf --model /plans/digits.qpc --input /plans/images.f32 --expect /plans/ours.f32 --tolerance 0 --count 1 --warmup 0 ||
            { echo "start $n"; return 1; }
    done
    echo "three more starts, all outputs equal"
}
step d.1 bind
hugepages
step d.2 digits
step d.3 again

# ---- e: our driver
our_bench() {
    how="--model /plans/echo_64.qpc --device-io --queue-depth $((burst * ahead)) --burst $burst --whole-bursts"
    for n in 1 2 3; do
        perf $how --time 2 --json /tmp/perf.json > /tmp/perf.txt || { cat /tmp/perf.txt; return 1; }
        echo "MEASURED ours $(tr -d '\n' < /tmp/perf.json)" > /dev/ttyS0
    done
    if [ -n "$trap" ]; then in_steady_state ours perf $how --warmup 0 --time 10 || return 1; fi
    grep throughput /tmp/perf.txt
}
step e.2 our_bench
to_kernel() {
    dpdk-devbind.py -u $card && echo > $sys/driver_override && lmod qaic mhi_timeout_ms=20000 && echo $card > /sys/bus/pci/drivers/qaic/bind
    wait_until 60 online && client run /plans/digits /plans/images.f32 /tmp/out 32 && cmp /tmp/out /plans/ours.f32 &&
        echo "back under Linux's driver, 450 outputs equal"
}
step d.4 to_kernel
