#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Unpack the packages of CACHE (download.sh) into SYSROOT. SYSROOT/run PROGRAM starts a program under the C library
# that came with them, for example Debian's unmodified dpdk-test-mldev with a driver built here.
#
#   sysroot.sh CACHE SYSROOT
set -euo pipefail
cache=${1:?cache} sysroot=${2:?sysroot}
mkdir -p "$sysroot"
sysroot=$(cd "$sysroot" && pwd)
triplet=$(gcc -print-multiarch)

unpack() { dpkg-deb --fsys-tarfile "$1" | tar -x -C "$sysroot" --keep-directory-symlink "${@:2}"; }
for deb in "$cache"/libs/*.deb; do unpack "$deb"; done
unpack "$cache"/tools/libdpdk-dev_*.deb --wildcards --exclude='*.a' ./usr/include ./usr/lib
unpack "$cache"/tools/dpdk_*.deb ./usr/bin
unpack "$cache"/tools/dpdk-dev_*.deb ./usr/bin

find "$sysroot/usr/lib/$triplet" -name 'librte_*' -xtype l -delete     # links to drivers that were not taken
rm -rf "$sysroot"/usr/share/{doc,man,locale,lintian}
cat > "$sysroot/run" <<RUN
#!/bin/sh
# run PROGRAM ARGS...: start a program on this sysroot's own C library
here=\$(cd "\$(dirname "\$0")" && pwd)
lib=\$here/usr/lib/$triplet
exec "\$lib"/ld-linux-*.so.* --library-path "\$lib\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}" "\$@"
RUN
chmod +x "$sysroot/run"
