# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154,SC2034  # root, out, dpdk_pc, eal: see dev
# Sourced by ./dev: the emulated card under Linux's own driver and under ours, in a guest. tests/vm/README.md

vm_targets=(apps/qaic-card/qaic-card apps/qaic-qpc/qaic-qpc apps/qaic-perf/qaic-perf drivers/qaic/librte_ml_qaic.so demo)

# vm [SESSION..]: exit status 77 when a guest cannot be had here; the last line says why
vm() {
    local rc=0
    [ "$(uname -m)" = x86_64 ] || { echo "the guest is an x86-64 machine, this one is not"; return 77; }
    export QAIC_VM_LAB=$out/.deps/vm
    mkdir -p "$QAIC_VM_LAB"
    say "preparing the guest: $QAIC_VM_LAB"
    tests/vm/prepare.sh || return $?
    build build "${vm_targets[@]}"
    say "running the guests; logs: build/vm/"
    tests/vm/run.sh build "$@" || rc=$?
    return $rc
}
