# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154,SC2034  # root, out, dpdk_pc, eal: see dev
# Sourced by ./dev: the build directories, one per flavour, all with warnings as errors.

# flavour DIR: sets cxx, options and dpdk_version for a build directory
flavour() {
    # Eight files compiled as one save two thirds of the compile time: most of a file's goes into headers. Who changes
    # files often is better off with QAIC_UNITY=off, which also shows an include that is missing.
    local unity="-Dunity=${QAIC_UNITY:-on} -Dunity_size=8"
    # Sanitizers tell places by lines alone, and -O1 has all the checks of -O2: both save a third of the compile time.
    local light="--buildtype=plain -Doptimization=1 -Db_ndebug=false -Db_lundef=false $unity"
    local checked="-Db_sanitize=address,undefined -Dcpp_args=['-fno-sanitize-recover=all','-gline-tables-only']"
    cxx=g++ dpdk_version=24.11 options="--buildtype=release -Doptimization=2 -Db_ndebug=false $unity"
    case $1 in
    build | build-dpdk-24.11) ;;
    build-dpdk-25.11) dpdk_version=25.11 options="--buildtype=debug -Doptimization=1 $unity" ;;     # run by dpdk-test-mldev only
    build-clang) cxx=clang++-14 ;;
    build-lint) cxx=clang++-14 options="--buildtype=plain -Dunity=on -Dunity_size=1000" ;;                # never built
    build-asan) cxx=clang++-14 options="$light $checked" ;;
    # Clang's: that of g++ 12 refuses fences. Optimised as a release, since a race needs the code that runs in one.
    build-tsan) cxx=clang++-14 options="--buildtype=release -Doptimization=2 -Db_ndebug=false -Db_sanitize=thread -Db_lundef=false $unity -Dcpp_args=-gline-tables-only" ;;
    build-fuzz)
        cxx=clang++-14
        # Not by b_sanitize: meson tries the compiler without it, and the coverage calls would not link.
        checked="'-fsanitize=address,undefined,fuzzer-no-link'"
        options="$light -Dfuzz=true -Dcpp_args=[$checked,'-fno-sanitize-recover=all','-gline-tables-only'] -Dcpp_link_args=[$checked]"
        ;;
    *) die "no such build directory: $1" ;;
    esac
    options="-Dwerror=true $options"
}

configure() {                            # configure DIR: again only when compiler, options or DPDK changed
    local dir=$1 wanted cxx options dpdk_version dpdk_pc args how=()
    flavour "$dir"
    need_dpdk "$dpdk_version" || return $?
    wanted="$cxx $options $dpdk_pc $root"
    if [ -f "$dir/build.ninja" ]; then
        [ "$(cat "$dir/dev-options" 2>/dev/null)" != "$wanted" ] || { follow_headers "$dir"; return; }
        how=(--wipe)
    fi
    say "configuring $dir: $cxx $options"
    read -ra args <<< "$options"
    place "$dir"
    CXX=$cxx meson setup "${how[@]}" "$dir" ${dpdk_pc:+"-Dpkg_config_path=$dpdk_pc"} "${args[@]}" > "$dir/setup.log" ||
        { tail -n 20 "$dir/setup.log"; die "meson could not configure $dir (whole log: $dir/setup.log)"; }
    echo "$wanted" > "$dir/dev-options"
}

# tests/headers lists the headers when meson configures: a new header asks for that again.
follow_headers() {
    local dir=$1 list=$1/tests/headers/list.txt
    [ -f "$list" ] || return 0
    if /usr/bin/python3 config/ci/headers.py | cmp -s - "$list"; then return 0; fi
    ninja -C "$dir" reconfigure > "$dir/setup.log" || { tail -n 20 "$dir/setup.log"; die "meson could not configure $dir again"; }
}

build() {                                # build DIR [TARGET...]
    local dir=$1 log
    configure "$dir" || return $?
    say "building $dir"
    if [ -t 1 ]; then ninja -C "$dir" "${@:2}"; return; fi
    # Not on a terminal: 300 lines of progress would hide the one that matters.
    log=$dir/build.log
    ninja -C "$dir" "${@:2}" > "$log" || { grep -v '^\[[0-9]*/' "$log" | sed -n 1,120p; return 1; }
    tail -n 1 "$log"
}

run_tests() {                            # run_tests DIR [meson test arguments]
    local dir=$1
    # Results of an earlier run must not pass for this one's: gtest's and meson's files go first.
    rm -f "$dir"/meson-logs/testlog.*
    find "$dir" -maxdepth 3 -name '*.xml' -not -path '*/meson-*' -delete
    say "testing $dir"
    local rc=0
    meson test -C "$dir" --no-rebuild --print-errorlogs "${@:2}" || rc=$?
    /usr/bin/python3 config/ci/sum_tests.py "$dir/meson-logs" "$rc"
}
