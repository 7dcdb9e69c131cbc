#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Put Debian's DPDK packages of SUITE, with the C library they were built for, into CACHE. Does nothing where
# CACHE already holds what libraries.txt asks for. The mirror, proxies and keys are those of this machine's apt,
# which also checks signatures and hashes; its own package lists and state are not touched.
#
#   download.sh SUITE VERSION CACHE        exit status 3: SUITE holds another VERSION
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
suite=${1:?suite} version=${2:?version} cache=${3:?cache}
libraries=$(grep -v '^#' "$here/libraries.txt")

if [ -f "$cache/SHA256SUMS" ] && [ "$(cat "$cache/libraries" 2>/dev/null)" = "$libraries" ] &&
    (cd "$cache" && sha256sum --check --quiet SHA256SUMS); then
    echo "DPDK $version packages: $cache"
    exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/lists/partial "$work"/cache/archives/partial "$work"/etc
: > "$work/status"
apt=(-q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::Etc::preferencesparts="$work/etc"
    -o Dir::Etc::preferences="$work/none" -o Dir::State="$work" -o Dir::State::lists="$work/lists"
    -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" -o APT::Sandbox::User="$(id -un)"
    -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Install-Recommends=false -o Debug::NoLocking=1)

# Which of the configured archives is Debian's own: the one that serves SUITE with a Debian signature.
mirrors() {
    local codename
    # shellcheck disable=SC1091
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    apt-get -o Debug::NoLocking=1 -o Dir::State::lists="$work/lists" update --print-uris |
        sed -n "s|^'\(.*\)/dists/$codename/InRelease'.*|\1|p" | sort -u
}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
signed=""
[ ! -e "$keyring" ] || signed="[signed-by=$keyring]"
abi=""
for mirror in $(mirrors); do
    echo "deb $signed $mirror $suite main" > "$work/sources.list"
    apt-get "${apt[@]}" update > "$work/log" 2>&1 || { tail -n 3 "$work/log" >&2; continue; }
    # The ABI number in the package names (25 for 24.11, 26 for 25.11) is read off libdpdk-dev.
    apt-cache "${apt[@]}" show --no-all-versions libdpdk-dev > "$work/show" 2>/dev/null || continue
    abi=$(sed -n 's/.*librte-eal\([0-9]*\) .*/\1/p' "$work/show" | sed -n 1p)
    [ -z "$abi" ] || break
done
[ -n "$abi" ] || { echo "download.sh: no archive in this machine's apt configuration serves libdpdk-dev of $suite" >&2; exit 1; }
found=$(sed -n 's/^Version: \([0-9]*\.[0-9]*\).*/\1/p' "$work/show")
if [ "$found" != "$version" ]; then
    echo "download.sh: $suite has DPDK $found now, not $version" >&2
    exit 3
fi

packages=()
for library in $libraries; do packages+=("librte-$library$abi"); done
apt-get "${apt[@]}" -y --download-only install "${packages[@]}" > "$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; exit 1; }
# These three are unpacked in part only: their own dependencies (80 more drivers) are not wanted.
mkdir "$work/tools"
(cd "$work/tools" && apt-get "${apt[@]}" download libdpdk-dev dpdk dpdk-dev > "$work/log" 2>&1) || { tail -n 5 "$work/log" >&2; exit 1; }

rm -rf "${cache:?}"/*
mkdir -p "$cache/libs" "$cache/tools"
cp "$work"/cache/archives/*.deb "$cache/libs/"
cp "$work"/tools/*.deb "$cache/tools/"
echo "$libraries" > "$cache/libraries"
(cd "$cache" && sha256sum libs/*.deb tools/*.deb > SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS)
echo "DPDK $version packages: $(wc -l < "$cache/SHA256SUMS") from $suite, $(du -sm "$cache" | cut -f1) MiB in $cache"
