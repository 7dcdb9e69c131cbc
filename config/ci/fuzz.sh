# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154,SC2034  # root, out, dpdk_pc, eal: see dev
# Sourced by ./dev: libFuzzer targets. Seeds are tests/fuzz/corpus/TARGET/; what a run finds new stays in build-fuzz/.

fuzz_one() {                             # fuzz_one TARGET SECONDS
    local name dir log rc=0
    name=$(basename "$1")
    dir=build-fuzz/runs/$name
    log=$dir/log
    mkdir -p "$dir/found" "$dir/corpus"
    rm -f "$dir"/found/*
    local seeds=()
    [ ! -d "tests/fuzz/corpus/$name" ] || seeds=("tests/fuzz/corpus/$name")
    timeout --kill-after=10 $(($2 + 120)) "$1" -max_total_time="$2" -max_len="${QAIC_FUZZ_MAX_LEN:-65536}" -timeout=10 \
        -rss_limit_mb=3072 -print_final_stats=1 -artifact_prefix="$dir/found/" "$dir/corpus" "${seeds[@]}" > "$log" 2>&1 || rc=$?
    if [ $rc != 0 ] || [ -n "$(ls -A "$dir/found")" ]; then
        tail -n 40 "$log"
        echo "FAILED: $name: exit status $rc, input: $(find "$dir/found" -type f | head -n 1), log: $log"
        return 1
    fi
    echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $2 s, nothing found"
}

fuzz() {                                 # fuzz SECONDS
    local targets target failed=0 count=0
    [[ $1 =~ ^[1-9][0-9]*$ ]] || die "fuzz: '$1' is not a number of seconds"
    configure build-fuzz
    targets=$(ninja -C build-fuzz -t targets all | sed -n 's|^\(tests/fuzz/fuzz_[a-z0-9_]*\): .*LINKER.*|\1|p' | sort)
    [ -n "$targets" ] || die "there is no fuzz target: build-fuzz makes no tests/fuzz/fuzz_*"
    # shellcheck disable=SC2086
    build build-fuzz $targets
    say "fuzzing $(wc -w <<< "$targets") targets, $1 s each, two at a time"
    for target in $targets; do
        [ $count -lt 2 ] || { wait -n || failed=$((failed + 1)); count=$((count - 1)); }
        fuzz_one "build-fuzz/$target" "$1" &
        count=$((count + 1))
    done
    while [ $count -gt 0 ]; do wait -n || failed=$((failed + 1)); count=$((count - 1)); done
    [ $failed = 0 ] || die "$failed fuzz targets found something"
}
