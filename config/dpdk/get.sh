#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A DPDK with mldev for this Debian 12, in PREFIX, used through PREFIX/lib/pkgconfig. See docs/dpdk.md.
# Nothing is installed on the machine and no root is needed; the packages taken stay in CACHE, so that a second
# run needs no network.
#
#   get.sh SUITE VERSION PREFIX CACHE      e.g. get.sh trixie 24.11 .deps/dpdk-24.11 .deps/cache
#
# Exit status: 0 made, 3 the suite holds another VERSION now, 1 anything else.
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
suite=${1:?suite} version=${2:?version} prefix=${3:?prefix} cache=${4:?cache directory}

mkdir -p "$cache/$version" "$(dirname "$prefix")"
cache=$(cd "$cache/$version" && pwd -P)
prefix=$(cd "$(dirname "$prefix")" && pwd -P)/$(basename "$prefix")

# EAL loads no driver from below a world-writable directory, so a prefix there would be of no use.
d=$(dirname "$prefix")
while [ "$d" != / ]; do
    if [ -n "$(find "$d" -maxdepth 0 -perm -0002)" ]; then
        echo "get.sh: $prefix is below world-writable $d: EAL would refuse its drivers; choose another place" >&2
        exit 1
    fi
    d=$(dirname "$d")
done

"$here/download.sh" "$suite" "$version" "$cache"

# Made beside its place and moved there whole: an interrupted run never leaves half a DPDK behind.
new=$prefix.new
rm -rf "$new"
trap 'rm -rf "$new"' EXIT
"$here/sysroot.sh" "$cache" "$new/sysroot"
"$here/relink.sh" "$cache" "$new/sysroot" "$new"
rm -rf "$prefix"
mv "$new" "$prefix"
