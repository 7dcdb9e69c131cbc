# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154,SC2034  # root, out, dpdk_pc, eal: see dev
# Sourced by ./dev: Debian packages and DPDK, each fetched only when missing, so that a second run needs no network.

packages_in() {                          # packages_in SECTION...: the names under those headings of packages.txt
    local section
    for section in "$@"; do
        awk -v want="[$section]" '/^\[/ { on = ($0 == want); next } on && NF && !/^#/' config/packages.txt
    done
}

missing_packages() {                     # those of the names on stdin that are not installed
    local wanted installed
    wanted=$(cat)
    # shellcheck disable=SC2086
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p')
    comm -23 <(sort -u <<< "$wanted") <(sort -u <<< "$installed")
}

need_packages() {                        # need_packages SECTION...
    local missing
    missing=$(packages_in "$@" | missing_packages | tr '\n' ' ')
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        say "these Debian packages are missing and installing them needs root. Run:"
        echo "sudo apt-get update && sudo apt-get install --no-install-recommends -y ${missing% }"
        exit 1
    fi
    say "installing: $missing"
    export DEBIAN_FRONTEND=noninteractive
    local quiet=(-q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
    apt-get "${quiet[@]}" update > /dev/null || say "apt-get update had errors (shown above); installing all the same"
    # shellcheck disable=SC2086
    apt-get "${quiet[@]}" install --no-install-recommends -y $missing > "$out/.deps/apt.log" 2>&1 ||
        { tail -n 20 "$out/.deps/apt.log" >&2; die "apt-get could not install the packages above (whole log: $out/.deps/apt.log)"; }
}

suite_of() {                             # the Debian suite that serves a DPDK version
    case $1 in
    24.11) echo trixie ;;
    25.11) echo forky ;;
    *) die "no Debian suite is known for DPDK $1 (known: 24.11, 25.11)" ;;
    esac
}

system_dpdk() { pkg-config --atleast-version=24.11 libdpdk 2>/dev/null; }

# need_dpdk VERSION: sets dpdk_pc to the pkg-config directory of that DPDK, empty for the system's own.
# Returns 3 when the suite has moved to another version.
need_dpdk() {
    local version=$1 prefix=$out/.deps/dpdk-$1 suite recipe rc=0
    if [ "$version" = 24.11 ] && system_dpdk; then
        dpdk_pc=""
        return 0
    fi
    suite=$(suite_of "$version") || exit 1
    recipe=$(cat config/dpdk/*.sh config/dpdk/libraries.txt | sha256sum)
    dpdk_pc=$prefix/lib/pkgconfig
    if [ -f "$dpdk_pc/libdpdk.pc" ] && [ "$(cat "$prefix/recipe" 2>/dev/null)" = "$recipe" ]; then return 0; fi
    say "DPDK $version: from Debian's $suite (docs/dpdk.md)"
    config/dpdk/get.sh "$suite" "$version" "$prefix" "$out/.deps/cache" || rc=$?
    case $rc in
    0) echo "$recipe" > "$prefix/recipe" ;;
    3) return 3 ;;
    *) die "DPDK $version could not be made (see above)" ;;
    esac
}
