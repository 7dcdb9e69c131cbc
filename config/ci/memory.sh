# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154,SC2034  # root, out, dpdk_pc, eal: see dev
# Sourced by ./dev: 2 MB hugepages for the demo where they can be had, --no-huge where not.

hugepages_wanted=256                     # of 2 MiB: 512 MiB for rings, request buffers and the emulated card's host side
hugepage_files=/sys/kernel/mm/hugepages/hugepages-2048kB

free_hugepages() { cat $hugepage_files/free_hugepages 2>/dev/null || echo 0; }

# A hugetlbfs of 2 MiB pages this user may write to. EAL reads /proc/mounts as we do.
huge_mount() {
    awk '$3 == "hugetlbfs" && $4 !~ /pagesize=(1G|1024M)/ { print $2 }' /proc/mounts | while read -r dir; do
        [ ! -w "$dir" ] || { echo "$dir"; break; }
    done
}

reserve_hugepages() {                    # as root: raises the number, never lowers it
    local free now
    free=$(free_hugepages)
    if [ "$free" -lt $hugepages_wanted ]; then
        now=$(cat $hugepage_files/nr_hugepages)
        echo $((now + hugepages_wanted - free)) > $hugepage_files/nr_hugepages || return 1
        say "2 MiB hugepages: $now -> $(cat $hugepage_files/nr_hugepages)"
    fi
    if [ -z "$(huge_mount)" ]; then
        mkdir -p /dev/hugepages && mount -t hugetlbfs none /dev/hugepages || return 1
        say "mounted hugetlbfs on /dev/hugepages"
    fi
} 2>/dev/null

eal_memory() {                           # sets eal=(...) for the memory that can be had
    if [ "$(id -u)" = 0 ] && [ -w $hugepage_files/nr_hugepages ]; then reserve_hugepages || true; fi
    if [ "$(free_hugepages)" -ge $hugepages_wanted ] && [ -n "$(huge_mount)" ]; then
        say "memory: $(free_hugepages) free 2 MiB hugepages at $(huge_mount)"
        return
    fi
    eal=(--no-huge -m 512)
    say "no hugepages: DMA memory is 4 KiB pages, IOVAs are valid for the emulated card only, throughput is lower"
    [ "$(id -u)" = 0 ] || say "to get them: echo $hugepages_wanted | sudo tee $hugepage_files/nr_hugepages; and a mount of your own: config/host/README.md"
}
