# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154,SC2034  # root, out, dpdk_pc, eal: see dev
# Sourced by ./dev: `./dev ci`. Each stage is a run of ./dev itself with its own log; all run, whatever failed before;
# the last line sums stages and test cases.

stage() {                                # stage NAME COMMAND...: exit status 77 means skipped, last line says why
    local name=$1 log=build-ci/logs/$1.log rc=0 from=$SECONDS
    shift
    printf '== %-12s ' "$name"
    ("$@") < /dev/null > "$log" 2>&1 || rc=$?
    case $rc in
    0) passed=$((passed + 1)); printf 'passed   %4d s\n' $((SECONDS - from)) ;;
    77) skipped=$((skipped + 1)); printf 'skipped  %4d s  %s\n' $((SECONDS - from)) "$(tail -n 1 "$log")" ;;
    *)
        failed=$((failed + 1)); failed_names+=("$name")
        printf 'FAILED   %4d s  exit status %d; the end of %s:\n' $((SECONDS - from)) $rc "$log"
        tail -n 60 "$log"
        ;;
    esac
}

# What touches DPDK's interfaces, against the next long-term DPDK, and the plugin under that DPDK's own test
# application. Its suite moves: another version there is a skip.
against_25_11() {
    local rc=0
    build build-dpdk-25.11 demo apps/qaic-card/qaic-card apps/qaic-qpc/qaic-qpc tests/headers/abi_check tests/proc/libgive_way.so tests/unit/driver/mldev/unit_driver_mldev || rc=$?
    [ $rc != 3 ] || { echo "the suite that served DPDK 25.11 has moved to another version"; return 77; }
    [ $rc = 0 ] || return $rc
    /usr/bin/python3 tests/proc/test_mldev_test.py "$root" "$root/build-dpdk-25.11" "$root/.deps/dpdk-25.11"
}

# The demo runs on what set-up and build have left behind, and must need no network: without one where root allows.
demo_offline() {
    if [ "$(id -u)" = 0 ] && unshare --net true 2>/dev/null; then unshare --net ./dev demo; else ./dev demo; fi
}

ci() {
    local passed=0 failed=0 skipped=0 failed_names=() p f s
    export CI=true
    choose_place
    place build-ci
    mkdir -p build-ci/logs
    rm -f build-ci/logs/*.log build-ci/counts
    export QAIC_COUNTS=$root/build-ci/counts
    stage setup setup_all
    stage build ./dev build
    stage test ./dev test
    stage demo demo_offline
    stage vm ./dev vm
    stage asan ./dev asan                # also the build by clang, and what lint's clang-tidy reads
    stage tsan ./dev tsan
    stage ledger ./dev ledger
    stage lint ./dev lint
    stage fuzz ./dev fuzz "${QAIC_FUZZ_SECONDS:-30}"
    stage dpdk-25.11 against_25_11
    stage bench ./dev bench --benchmark_min_time=0.02
    for log in test asan tsan ledger; do
        sed -n "s/^\(skipped: \|FAILED: \)/$log: \1/p" "build-ci/logs/$log.log"
    done
    sed -n 's/^FAIL /vm: FAILED: /p' build-ci/logs/vm.log
    if [ -f "$QAIC_COUNTS" ]; then
        while read -r p f s; do
            passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
        done < "$QAIC_COUNTS"
    fi
    echo "== all of it took $((SECONDS / 60)) min $((SECONDS % 60)) s; logs: build-ci/logs/"
    [ ${#failed_names[@]} = 0 ] || echo "== failed stages: ${failed_names[*]}"
    echo "$passed passed, $failed failed$([ $skipped = 0 ] || echo ", $skipped skipped")"
    [ $failed = 0 ]
}

setup_all() { need_packages build ci vm && ./dev setup; }
