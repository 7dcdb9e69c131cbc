# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154
# Sourced by run.sh: each session is a card, a guest, and the steps it must report.

start_card() {                           # start_card NAME [OPTIONS OF qaic-card]
    local name=$1
    shift
    "$build/apps/qaic-card/qaic-card" --socket "$sockets/$name" --control "$sockets/$name.control" \
        --stats "$out/$name.stats.json" "$@" > "$out/$name.card.log" 2>&1 &
    card_pid=$!
}

# A card must live through everything its host does to it, and end as it is told to.
stop_card() {
    local status=0
    kill "$card_pid" 2> /dev/null || true
    wait "$card_pid" || status=$?
    card_pid=''
    if [ $status != 0 ]; then fails "$1: the card's process ended with $status: $out/$1.card.log"; fi
}

# report LOG ID TEXT ID TEXT ..: what the guest said of each step; one it never came to is failed
report() {
    local log=$1 id text line
    shift
    while [ $# -gt 0 ]; do
        id=$1 text=$2
        shift 2
        line=$(sed 's/\r$//' "$log" | grep -m1 -E "^STEP (PASS|FAIL) ${id//./\\.} " || true)
        case $line in
        'STEP PASS'*) passes "$id $text: ${line#STEP PASS "$id" }" ;;
        'STEP FAIL'*) fails "$id $text: ${line#STEP FAIL "$id" } ($log)" ;;
        *) fails "$id $text: the guest did not come to it ($log)" ;;
        esac
    done
}

# session NAME BOOT_OPTIONS..: the guest runs guest/NAME.sh against the card that was started as NAME
guest() {
    local name=$1 status=0
    shift
    "$here/boot.sh" -i "$out/$name.cpio" -l "$out/$name.log" -s "$sockets/$name" -c "$sockets/$name.control" "$@" || status=$?
    [ $status = 0 ] || log "guest $name ended with status $status: $out/$name.log"
}

session_kernel() {
    "$here/initramfs.sh" -o "$out/kernel.cpio" -c "$here/guest/kernel.sh" "${common[@]}"
    start_card kernel --idle
    guest kernel -v intel -a iommu=pt -t 600
    stop_card kernel
    report "$out/kernel.log" \
        a.1 "upstream qaic boots the card to AMSS" \
        a.2 "Sahara serves every image" \
        a.3 "dmesg after boot" \
        a.4 "interrupt vectors with intel-iommu" \
        a.5 "boot log in debugfs" \
        a.6 "time sync" \
        b.1 "MANAGE: status, partition" \
        b.2 "every call, right and wrong" \
        b.3 "digits" \
        b.4 "digits in batches" \
        b.5 "echo of random sizes" \
        b.6 "16 DBCs at once" \
        b.7 "completions by interrupts" \
        b.8 "dmesg after use" \
        b.9 "datapath_polling=1" \
        b.10 "dmesg after polling" \
        c.1 "client killed at 20 random points" \
        c.2 "SSR of one workload of four" \
        c.3 "crash dump to devcoredump" \
        c.4 "the next client after the SSR" \
        f.simple_io "NSP program for one inference" \
        f.streaming "NSP program in a loop" \
        f.multicast "three NSPs by multicast" \
        f.hang "NSP program that hangs" \
        f.crash "NSP program that crashes" \
        c.5 "RAS, not fatal" \
        c.6 "RAS, fatal" \
        c.7 "SYS_ERR, the card in PBL" \
        c.8 "SYS_ERR, the card still in AMSS" \
        c.9 "module unloaded and loaded"
}

short_guest() {                          # short_guest NAME STEP VECTORS TEXT BOOT_OPTIONS..
    local name=$1 id=$2 vectors=$3 text=$4
    shift 4
    "$here/initramfs.sh" -o "$out/$name.cpio" -c "$here/guest/short.sh" "${common[@]}"
    start_card "$name" --idle
    guest "$name" -t 120 "$@" -a "step=$id vectors=$vectors"
    stop_card "$name"
    report "$out/$name.log" "$id" "$text"
}
session_single() { short_guest single a.7 1 "single-MSI mode without interrupt remapping" -v none; }
session_remap() { short_guest remap a.8 17 "behind DMA remapping, page by page" -v intel; }

dpdk_guest() {                           # dpdk_guest KIND [OPTIONS OF qaic-card]
    local kind=$1 dpdk=()
    shift
    dpdk_files
    "$here/initramfs.sh" -o "$out/$kind.cpio" -c "$here/guest/dpdk.sh" "${common[@]}" "${dpdk[@]}"
    start_card "$kind" "$@"
    guest "$kind" -v intel -a iommu=pt -t 240 -m 1536
    stop_card "$kind"
    report "$out/$kind.log" \
        e.1 "$kind: Linux's driver in bursts" \
        d.1 "$kind: dpdk-devbind.py" \
        d.2 "$kind: qaic-perf on the card" \
        d.3 "$kind: started again" \
        e.2 "$kind: our driver in bursts" \
        d.4 "$kind: back to Linux's driver"
    rm -f "$out/$kind.cpio"
}

# Twice: with the doorbell pages mapped for the rates, with every access trapped for the counts.
session_mapped() { dpdk_guest mapped; }
session_trap() { dpdk_guest trap --trap; }
session_dpdk() {
    session_mapped
    session_trap
    side_by_side
}

side_by_side() {
    local line lines
    lines=$(/usr/bin/python3 "$here/side_by_side.py" "$out/mapped.log" "$out/trap.log" "$out/side-by-side.json" 2>&1) ||
        lines="FAIL e.3 to e.7 cannot be judged: $lines"
    while IFS= read -r line; do
        case $line in
        'PASS '*) passes "${line#PASS }" ;;
        *) fails "${line#FAIL }" ;;
        esac
    done <<< "$lines"
}
