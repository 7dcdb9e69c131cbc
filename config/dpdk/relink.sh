#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Make a DPDK that runs on THIS system's C library out of a newer Debian's libdpdk-dev: its position-independent
# static archives, with the few C23 string-to-number references pointed at the C library here, are linked into shared
# libraries again, with the version nodes of Debian's own libraries. No DPDK source is needed or compiled.
#
#   relink.sh CACHE SYSROOT PREFIX         (download.sh, sysroot.sh)
# Needs binutils, gcc, libbsd-dev, libnuma-dev, libpcap-dev of this system.
set -euo pipefail
cache=${1:?cache} sysroot=${2:?sysroot} prefix=${3:?prefix}
triplet=$(gcc -print-multiarch)
theirs=$(cd "$sysroot" && pwd)/usr/lib/$triplet
mkdir -p "$prefix"/lib/pkgconfig "$prefix"/include
prefix=$(cd "$prefix" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -a "$sysroot"/usr/include/dpdk/. "$sysroot/usr/include/$triplet/dpdk/." "$prefix/include/"
dpkg-deb --fsys-tarfile "$cache"/tools/libdpdk-dev_*.deb | tar -x -C "$work" --wildcards '*.a'
archives=$work/usr/lib/$triplet

# glibc 2.38 gave these C23 names; the same functions without binary literals are what is here.
for f in strtol strtoul strtoll strtoull strtoimax strtoumax; do echo "__isoc23_$f $f"; done > "$work/renames"
for f in scanf fscanf sscanf vscanf vfscanf vsscanf; do echo "__isoc23_$f __isoc99_$f"; done >> "$work/renames"

version_script() {                       # version_script LIBRARY.so: its exported symbols, node by node
    objdump -T "$1" | awk '
        $2 == "g" && $3 != "*ABS*" && $4 != "*ABS*" && NF >= 6 {
            node = $(NF - 1); gsub(/[()]/, "", node); symbols[node] = symbols[node] "    " $NF ";\n"
        }
        END {
            hide = "  local: *;\n"
            for (node in symbols) { printf "%s {\n  global:\n%s%s};\n", node, symbols[node], hide; hide = "" }
            if (hide != "") print "NONE { local: *; };"
        }'
}

link_library() {                         # link_library rte_eal: after the libraries it needs
    local name=$1 original soname needed library deps=()
    [ ! -e "$prefix/lib/lib$name.so" ] || return 0
    original=$(readlink -f "$theirs/lib$name.so")
    soname=$(objdump -p "$original" | awk '$1 == "SONAME" { print $2 }')
    needed=$(objdump -p "$original" | awk '$1 == "NEEDED" { print $2 }')
    for library in $needed; do
        case $library in
        librte_*)
            library=${library#lib} library=${library%%.so*}
            link_library "$library"
            deps+=("-l$library")
            ;;
        # libfdt: named by Debian's build, used by none of these
        libc.so* | libm.so* | libgcc_s.so* | libfdt.so* | ld-linux*) ;;
        *) deps+=("-l:$library") ;;      # by its soname: another one would be another ABI
        esac
    done
    objcopy --redefine-syms="$work/renames" "$archives/lib$name.a"
    version_script "$original" > "$work/$name.map"
    # shellcheck disable=SC2016  # $ORIGIN is for the dynamic linker
    gcc -shared -o "$prefix/lib/$(basename "$original")" -Wl,-soname,"$soname" -Wl,--version-script="$work/$name.map" \
        -Wl,-z,relro -Wl,-rpath,'$ORIGIN' -Wl,--no-undefined \
        -Wl,--whole-archive "$archives/lib$name.a" -Wl,--no-whole-archive \
        -L"$prefix/lib" -Wl,-rpath-link,"$prefix/lib" -Wl,--as-needed "${deps[@]}" -pthread -ldl -lm
    [ "$(basename "$original")" = "$soname" ] || ln -sf "$(basename "$original")" "$prefix/lib/$soname"
    ln -sf "$soname" "$prefix/lib/lib$name.so"
}
for so in "$theirs"/librte_*.so; do
    name=$(basename "$so" .so)
    link_library "${name#lib}"
done

host=$(gcc -print-file-name=libc.so.6)
host=$(objdump -p "$host" | grep -o 'GLIBC_2\.[0-9]*$' | sort -V | tail -n 1)
newest=$(for f in "$prefix"/lib/librte_*.so; do objdump -T "$f"; done | grep -o 'GLIBC_2\.[0-9]*' | sort -V | tail -n 1)
if [ "$(printf '%s\n' "$host" "$newest" | sort -V | tail -n 1)" != "$host" ]; then
    echo "relink.sh: a library still needs $newest, this system has $host" >&2
    exit 1
fi

pc=$theirs/pkgconfig/libdpdk.pc
version=$(sed -n 's/^Version: //p' "$pc")
cflags=$(sed -n 's/^Cflags://p' "$theirs/pkgconfig/libdpdk-libs.pc" | tr ' ' '\n' | grep -vE '^-I|^$' | tr '\n' ' ')
libs=$(cd "$prefix/lib" && printf '%s\n' librte_*.so | sed 's/^lib\(.*\)\.so$/-l\1/' | tr '\n' ' ')
cat > "$prefix/lib/pkgconfig/libdpdk.pc" <<PC
prefix=\${pcfiledir}/../..
libdir=\${prefix}/lib

Name: DPDK
Description: Debian's DPDK, linked again for this Debian
Version: $version
Cflags: -I\${prefix}/include $cflags
Libs: -Wl,--as-needed -L\${libdir} $libs
PC
echo "DPDK $version: $(echo "$libs" | wc -w) libraries, $(du -sm "$prefix" | cut -f1) MiB"
