# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154,SC2034  # root, out, dpdk_pc, eal: see dev
# Sourced by ./dev: where build directories and downloads lie. EAL refuses to load drivers from below a
# world-writable directory (dpdk-driver-guide.md 1.6), so a clone below /tmp keeps them in the user's cache.

world_writable_above() {                 # world_writable_above DIR: prints the first world-writable one, DIR or above
    local d=$1
    while [ "$d" != / ]; do
        [ -z "$(find "$d" -maxdepth 0 -perm -0002)" ] || { echo "$d"; return; }
        d=$(dirname "$d")
    done
}

choose_place() {                         # sets out
    local bad
    bad=$(world_writable_above "$root")
    out=$root
    if [ -n "$bad" ]; then
        out=$(realpath -m "${XDG_CACHE_HOME:-${HOME:-/root}/.cache}")/qaic-pmd/$(cksum <<< "$root" | cut -d' ' -f1)
        mkdir -p "$out"
        say "note: $bad is world-writable and DPDK loads no drivers from below it: .deps and build* are links to $out"
        bad=$(world_writable_above "$out")
        [ -z "$bad" ] || die "$bad is world-writable too: move the clone, or set XDG_CACHE_HOME to a place that is not"
    fi
    place .deps
}

place() {                                # place NAME: a directory of the tree that lies in $out
    mkdir -p "$out/$1"
    [ "$out" != "$root" ] || return 0
    if [ -d "$1" ] && [ ! -L "$1" ]; then die "$root/$1 is in the way: remove it (it should be a link to $out/$1)"; fi
    ln -sfn "$out/$1" "$1"
}
