#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck disable=SC2054,SC2154       # commas belong to QEMU; qemu: lab.sh
# Boots a guest under QEMU/TCG, with a card served over vfio-user behind a root port, and keeps its serial log. Always
# bounded in time. Exit status: the guest script's, 124 at the time limit, 125 when the guest never said one.
#
#   boot.sh -i INITRAMFS -l LOG [-s CARD_SOCKET] [-c CONTROL_SOCKET] [-v none|intel] [-a 'KERNEL ARGUMENTS']
#           [-t SECONDS] [-p CPUS] [-m MIB]
#
# The control socket of the emulated card becomes the guest's second serial port, /dev/ttyS1.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lab.sh"
initrd='' slog='' card='' control='' viommu=none extra='' limit=120 cpus=2 mib=1024
while getopts i:l:s:c:v:a:t:p:m: option; do case $option in
    i) initrd=$OPTARG ;; l) slog=$OPTARG ;; s) card=$OPTARG ;; c) control=$OPTARG ;; v) viommu=$OPTARG ;;
    a) extra=$OPTARG ;; t) limit=$OPTARG ;; p) cpus=$OPTARG ;; m) mib=$OPTARG ;;
    *) exit 2 ;; esac; done
[ -n "$initrd" ] && [ -n "$slog" ] || die "boot.sh: -i INITRAMFS and -l LOG are needed"

wait_for_socket() {
    local n=0
    until [ -S "$1" ]; do
        n=$((n + 1))
        [ $n -lt 100 ] || die "no socket at $1 after 10 s"
        sleep 0.1
    done
}
# Guest memory is a shared file descriptor: the card's process reads and writes it.
args=(-M q35,memory-backend=ram0 -accel tcg,thread=multi -cpu max,la57=off -smp "$cpus" -m "$mib"
    -object "memory-backend-memfd,id=ram0,size=${mib}M,share=on" -nodefaults -no-user-config -display none -no-reboot
    -kernel "$KERNEL/vmlinux" -initrd "$initrd" -serial "file:$slog")
line="console=ttyS0 panic=-1 nokaslr mitigations=off random.trust_cpu=on audit=0 no_timer_check tsc=reliable"
case $viommu in
none) ;;
intel) args+=(-device intel-iommu,caching-mode=on,intremap=on) line+=" intel_iommu=on" ;;
*) die "boot.sh: -v none|intel" ;;
esac
if [ -n "$card" ]; then
    wait_for_socket "$card"
    args+=(-device pcie-root-port,id=rp0,slot=1,chassis=1
        -device "{\"driver\":\"vfio-user-pci\",\"bus\":\"rp0\",\"socket\":{\"type\":\"unix\",\"path\":\"$card\"}}")
fi
if [ -n "$control" ]; then
    wait_for_socket "$control"
    args+=(-chardev "socket,id=control,path=$control" -serial chardev:control)
fi

: > "$slog"
{ printf '%q ' "${qemu[@]}" "${args[@]}" -append "$line $extra"; echo; } > "$slog.command"
status=0
timeout -s KILL "$limit" "${qemu[@]}" "${args[@]}" -append "$line $extra" 2> "$slog.qemu" < /dev/null || status=$?
said=$(sed -n 's/\r$//; s/.*LAB-EXIT \([0-9]*\).*/\1/p' "$slog" | tail -n 1)
case $status in
0) ;;
124 | 137) log "the guest ran into its limit of $limit s: $slog"; exit 124 ;;
*) log "QEMU ended with $status: $(tail -n 2 "$slog.qemu")" ;;
esac
exit "${said:-125}"
