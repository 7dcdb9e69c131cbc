# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034
# Sourced by every script here: where the laboratory lies and how its programs are started. Everything that is made
# lies under $QAIC_VM_LAB; nothing is installed on the machine.
set -euo pipefail

LAB=${QAIC_VM_LAB:?QAIC_VM_LAB is not set: start the tests by ./dev vm}
SUITE=${QAIC_VM_SUITE:-trixie}           # Debian suite of QEMU and the guest's kernel, both from its backports
TOOLS=$LAB/tools                         # unpacked packages: QEMU, a compiler, the kernel's headers
KERNEL=$LAB/kernel                       # vmlinux, modules, release

log() { printf 'vm: %s\n' "$*" >&2; }
die() { log "$*"; exit 1; }
kernel_release() { cat "$KERNEL/release" 2>/dev/null || die "no kernel yet: prepare.sh has not run"; }

# A program of the unpacked packages, started from outside by their own loader: no root, any path.
tools_lib=$TOOLS/usr/lib/x86_64-linux-gnu
tool() {
    local name=$1
    shift
    "$TOOLS/usr/lib64/ld-linux-x86-64.so.2" --library-path "$tools_lib" "$TOOLS/usr/bin/$name" "$@"
}
qemu=(env "QEMU_MODULE_DIR=$tools_lib/qemu" "$TOOLS/usr/lib64/ld-linux-x86-64.so.2" --library-path "$tools_lib"
    "$TOOLS/usr/bin/qemu-system-x86_64" -L "$TOOLS/usr/share/qemu" -L "$TOOLS/usr/share/seabios")

# in_tools COMMAND...: inside the unpacked packages, $LAB at its own path. The mount namespace leaves nothing behind;
# without root it is also a user namespace.
namespace=(unshare --mount --propagation private)
[ "$(id -u)" = 0 ] || namespace+=(--map-root-user)
in_tools() {
    # shellcheck disable=SC2016
    LAB=$LAB TOOLS=$TOOLS "${namespace[@]}" -- bash -c '
        set -e
        mkdir -p "$TOOLS/dev" "$TOOLS/proc" "$TOOLS$LAB" "$TOOLS/tmp"
        mount --rbind /dev "$TOOLS/dev"
        mount --rbind /proc "$TOOLS/proc"
        mount --bind "$LAB" "$TOOLS$LAB"
        exec env -i PATH=/usr/sbin:/usr/bin HOME=/ LC_ALL=C LAB="$LAB" chroot "$TOOLS" "$@"' in_tools "$@"
}
