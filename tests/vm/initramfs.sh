#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Makes a guest's file system: static busybox, kernel modules, files and programs, and the script it runs.
#
#   initramfs.sh -o OUT -c SCRIPT [-M MODULE].. [-f FILE:DST].. [-b PROGRAM:DST].. [-d DIR:DST]..
#
#   -M MODULE      with its dependencies; the guest loads it by `lmod MODULE [PARAMETER=..]`
#   -b PROGRAM:DST a program or library of this machine, with the libraries ldd finds for it
#   -d DIR:DST     what is in DIR
#
# The guest says "LAB-BOOT uptime", runs SCRIPT, says "LAB-EXIT status" and powers off. boot.sh looks for these lines.
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lab.sh"
out='' script='' modules=() files=() programs=() folders=()
while getopts o:c:M:f:b:d: option; do case $option in
    o) out=$OPTARG ;; c) script=$OPTARG ;; M) modules+=("$OPTARG") ;;
    f) files+=("$OPTARG") ;; b) programs+=("$OPTARG") ;; d) folders+=("$OPTARG") ;;
    *) exit 2 ;; esac; done
[ -n "$out" ] && [ -n "$script" ] || die "initramfs.sh: -o OUT and -c SCRIPT are needed"
tree=$KERNEL/tree/usr/lib/modules/$(kernel_release)

t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
mkdir -p "$t"/{proc,sys,dev,tmp,run,root,etc,var/run,lab/modules,lib/firmware,usr/bin,usr/sbin,usr/lib,usr/lib64}
rmdir "$t/lib/firmware" "$t/lib"
for name in bin sbin lib lib64; do ln -s "usr/$name" "$t/$name"; done
mkdir -p "$t/usr/lib/firmware"
cp "$TOOLS/usr/bin/busybox" "$t/bin/busybox"
ln -s busybox "$t/bin/sh"

module_name() { local n; n=$(basename "$1"); n=${n%%.ko*}; echo "${n//-/_}"; }
put_module() {                           # put_module PATH, relative to the module tree
    local to
    to=$t/lab/modules/$(module_name "$1").ko
    [ ! -e "$to" ] || return 0
    case $1 in
    *.xz) xz -dc "$tree/$1" ;;
    *.zst) tool zstd -qdc "$tree/$1" ;;
    *) cat "$tree/$1" ;;
    esac > "$to"
}
for module in "${modules[@]}"; do
    line=$(grep -E "/${module//[-_]/[-_]}\.ko[^:]*:" "$tree/modules.dep" || true)
    if [ -z "$line" ]; then
        grep -q "/${module//[-_]/[-_]}\.ko" "$tree/modules.builtin" || die "Linux $(kernel_release) has no module $module"
        continue
    fi
    put_module "${line%%:*}"
    order=''
    for path in ${line#*:}; do put_module "$path"; order="$(module_name "$path") $order"; done
    echo "$order" > "$t/lab/modules/${module//-/_}.needs"        # modules.dep lists the deepest dependency last
done

put() { mkdir -p "$t$(dirname "$2")"; cp -L "$1" "$t$2"; }
for pair in "${files[@]}"; do put "${pair%%:*}" "${pair#*:}"; done
for pair in "${programs[@]}"; do
    put "${pair%%:*}" "${pair#*:}"
    ldd "${pair%%:*}" | grep -oE '/[^ ]+' | sort -u | while read -r library; do
        case $library in
        /lib*/* | /usr/lib*/*) to=$library ;;
        *) to=/usr/lib/x86_64-linux-gnu/$(basename "$library") ;;      # the loader's own place: run paths are relative
        esac
        [ -e "$t$to" ] || put "$library" "$to"
    done
done
for pair in "${folders[@]}"; do mkdir -p "$t${pair#*:}"; cp -a "${pair%%:*}/." "$t${pair#*:}/"; done
cp "$here/guest/init" "$t/init"
cp "$here/guest/lmod" "$here/guest/lib.sh" "$t/bin/"
chmod +x "$t/init" "$t/bin/lmod"
cp "$script" "$t/lab/script"

mkdir -p "$(dirname "$out")"
(cd "$t" && find . -print0 | tool cpio --null -o -H newc --quiet -R 0:0) > "$out.new"
mv "$out.new" "$out"
