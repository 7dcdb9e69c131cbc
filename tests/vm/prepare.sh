#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck disable=SC1091,SC2154       # qemu, namespace: lab.sh
# Makes the laboratory: QEMU, a compiler and the newest backports kernel from Debian's own packages, unpacked and not
# installed, and qaic.ko from that kernel's unmodified source (Debian leaves CONFIG_DRM_ACCEL_QAIC unset). Does only
# what is missing. Mirror, proxies and keys are those of this machine's apt; its lists and state are not touched.
#
#   QAIC_VM_LAB=/some/dir prepare.sh       exit status 77: not possible here, the last line says why
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lab.sh"

recipe=$(cat "$here/prepare.sh" "$here/lab.sh" | sha256sum)
if [ "$(cat "$LAB/recipe" 2>/dev/null)" = "$recipe" ]; then
    log "ready: Linux $(kernel_release) in $LAB"
    exit 0
fi
skip() { echo "$*"; exit 77; }
[ "$(uname -m)" = x86_64 ] || skip "the guest is an x86-64 machine, this one is not"
"${namespace[@]}" true 2> /dev/null || skip "no mount namespace can be made here: needs root, or user namespaces"

rm -rf "${LAB:?}"/*
work=$LAB/work
mkdir -p "$work"/{lists/partial,archives/partial,etc,debs} "$TOOLS"/usr/{bin,sbin,lib,lib64} "$KERNEL"
: > "$work/status"
apt=(-q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::Etc::preferencesparts="$work/etc"
    -o Dir::Etc::preferences="$work/none" -o Dir::State="$work" -o Dir::State::lists="$work/lists"
    -o Dir::State::status="$work/status" -o Dir::Cache="$work" -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=1
    -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Install-Recommends=false
    -o APT::Default-Release="$SUITE-backports")
run() { "$@" >> "$LAB/log" 2>&1 || { tail -n 15 "$LAB/log" >&2; die "failed: $1 ${2:-} (whole log: $LAB/log)"; }; }

# ---- package lists of the suite, from the archive that serves this machine's own
choose_mirror() {
    local codename mirror signed=""
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    [ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ] || signed="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    for mirror in $(apt-get -o Debug::NoLocking=1 -o Dir::State::lists="$work/none" update --print-uris |
        sed -n "s|^'\(.*\)/dists/$codename/InRelease'.*|\1|p" | sort -u); do
        printf 'deb %s %s %s main\n' "$signed" "$mirror" "$SUITE" "$signed" "$mirror" "$SUITE-updates" \
            "$signed" "$mirror" "$SUITE-backports" > "$work/sources.list"
        ! apt-get "${apt[@]}" update >> "$LAB/log" 2>&1 || return 0
    done
    skip "no archive of this machine's apt serves Debian $SUITE and its backports"
}
choose_mirror
release=$(apt-cache "${apt[@]}" -t "$SUITE-backports" depends linux-image-amd64 |
    sed -n 's/.*Depends: linux-image-\([0-9].*\)$/\1/p' | sed -n 1p)
[ -n "$release" ] || skip "$SUITE-backports holds no linux-image-amd64"
log "Linux $release, downloading"

# ---- downloads, all at once: the network is what takes the time
fetch_source() {                         # of 150 MiB, the driver's own folder is kept
    local source
    source=linux-source-$(cut -d. -f1,2 <<< "$release")
    mkdir -p "$work/source" "$KERNEL/qaic"
    cd "$work/source"
    apt-get "${apt[@]}" download "$source=$(version_of "linux-headers-$release")"
    dpkg-deb --fsys-tarfile "$source"_*.deb | tar -xO --wildcards '*/linux-source-*.tar.xz' | xz -dc -T2 |
        tar -x -C "$KERNEL/qaic" --strip-components=4 --wildcards '*/drivers/accel/qaic/*'
}
version_of() { apt-cache "${apt[@]}" show --no-all-versions "$1" | sed -n 's/^Version: //p' | sed -n 1p; }
fetch_kernel() {
    local packages
    packages=$(apt-cache "${apt[@]}" pkgnames linux- |
        grep -xF "$(printf 'linux-%s-'"$release"'\n' image binary modules base)")
    mkdir -p "$work/image"
    cd "$work/image"
    # shellcheck disable=SC2086
    apt-get "${apt[@]}" download $packages
    for deb in *.deb; do dpkg-deb -x "$deb" "$KERNEL/tree"; done
}
unpack() { dpkg-deb --fsys-tarfile "$1" | tar -x -C "$TOOLS" --keep-directory-symlink --exclude='./usr/share/doc/*' \
    --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*'; }
fetch_tools() {
    local name
    for name in bin sbin lib lib64; do ln -sfn "usr/$name" "$TOOLS/$name"; done
    apt-get "${apt[@]}" -y --download-only install qemu-system-x86 gcc libc6-dev make busybox-static zstd cpio kmod \
        dash bash coreutils sed grep mawk findutils linux-headers-"$release"
    for deb in "$work"/archives/*.deb; do unpack "$deb"; done
    # What maintainer scripts would have done.
    ln -sfn mawk "$TOOLS/usr/bin/awk"
    ln -sfn dash "$TOOLS/usr/bin/sh"
    mkdir -p "$TOOLS/dev" "$TOOLS/proc" "$TOOLS/tmp"
}
(set -e; fetch_source) > "$LAB/log.source" 2>&1 & source_job=$!
(set -e; fetch_kernel) > "$LAB/log.kernel" 2>&1 & kernel_job=$!
(set -e; fetch_tools) > "$LAB/log.tools" 2>&1 & tools_job=$!
for job in "tools $tools_job" "kernel $kernel_job" "source $source_job"; do
    wait "${job#* }" || { tail -n 8 "$LAB/log.${job% *}" >&2; kill $source_job $kernel_job $tools_job 2>/dev/null || true; die "the ${job% *} could not be had"; }
done
log "downloaded and unpacked after $SECONDS s"
[ -d "$KERNEL/tree/usr/lib/modules" ] || { mkdir -p "$KERNEL/tree/usr/lib"; mv "$KERNEL/tree/lib/modules" "$KERNEL/tree/usr/lib/"; }
modules=$KERNEL/tree/usr/lib/modules/$release

# ---- the driver
run in_tools make -C "/usr/src/linux-headers-$release" M="$KERNEL/qaic" CONFIG_DRM_ACCEL_QAIC=m \
    KCFLAGS=-DCONFIG_DRM_ACCEL_QAIC_MODULE=1 modules
mkdir -p "$modules/updates"
in_tools strip --strip-debug "$KERNEL/qaic/qaic.ko"
cp "$KERNEL/qaic/qaic.ko" "$modules/updates/"
run in_tools depmod -b "$KERNEL/tree/usr" "$release"

# ---- an ELF image of the kernel: booting it by PVH spares every run the decompressor, a second under TCG
image=$(ls "$modules/vmlinuz" "$KERNEL/tree/boot/vmlinuz-$release" 2>/dev/null | head -n 1 || true)
offset=$(LC_ALL=C grep -abo -m1 -P '\x28\xb5\x2f\xfd' "$image" | head -n 1 | cut -d: -f1 || true)
tail -c +$((${offset:-0} + 1)) "$image" | tool zstd -qdc > "$KERNEL/vmlinux" 2>/dev/null || true
if [ "$(head -c 4 "$KERNEL/vmlinux" | od -An -tx1 | tr -d ' ')" != 7f454c46 ]; then cp "$image" "$KERNEL/vmlinux"; fi

echo "$release" > "$KERNEL/release"
"${qemu[@]}" -device vfio-user-pci,help > "$LAB/vfio-user-pci.help" 2>&1 || skip "this QEMU has no vfio-user-pci (10.1 or newer is needed)"
rm -rf "$work" "$KERNEL/qaic"/*.o
echo "$recipe" > "$LAB/recipe"
log "ready: Linux $release, $("${qemu[@]}" --version | sed -n 1p), $(du -sm "$LAB" | cut -f1) MiB, $SECONDS s"
