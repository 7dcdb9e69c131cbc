# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154,SC2034
# Sourced by run.sh: what the guests are given. Programs, firmware and outputs to compare with come from BUILD.

make_payload() {
    local qpc=$build/apps/qaic-qpc/qaic-qpc size name
    mkdir -p "$out/plans"
    "$here/cc.sh" "$out/client" "$here"/client/*.c
    cp "$build/config/models/digits/digits.qpc" "$out/plans/"
    for size in 64 4KiB 4MiB; do
        "$qpc" build --builtin "echo:in=$size" -o "$out/plans/echo_$size.qpc" > /dev/null
        /usr/bin/python3 "$here/load_plan.py" "$qpc" "$out/plans/echo_$size.qpc" "$out/plans/echo_$size"
    done
    /usr/bin/python3 "$here/load_plan.py" "$qpc" "$out/plans/digits.qpc" "$out/plans/digits"
    for name in simple_io streaming multicast hang crash; do
        /usr/bin/python3 "$here/load_plan.py" "$qpc" "$build/config/programs/$name.qpc" "$out/plans/$name"
    done
    cp "$here/../../config/models/digits/test_images.f32" "$out/plans/images.f32"
    cp "$here/../../config/models/digits/test_labels.u8" "$out/plans/labels.u8"
    # What our driver makes of the images, on this machine and in process: the guests' outputs must be the same bytes.
    "$build/apps/qaic-perf/qaic-perf" run --model "$out/plans/digits.qpc" --input "$out/plans/images.f32" \
        --labels "$out/plans/labels.u8" --output "$out/plans/ours.f32" --count 1 --warmup 0 -- --no-huge -m 256 \
        > "$out/ours.log" 2>&1 || { tail -n 5 "$out/ours.log" >&2; die "the driver did not run in process: $out/ours.log"; }
    common=(-M mhi -M qaic -d "$build/config/firmware/qcom:/usr/lib/firmware/qcom" -f "$out/client:/bin/client"
        -d "$out/plans:/plans")
}

# What DPDK's user finds on a machine: the program, its plugins, and dpdk-devbind.py with the Python it is written in.
dpdk_files() {                           # sets dpdk=(..) for initramfs.sh
    local libraries python plugin
    libraries=$(ldd "$build/apps/qaic-perf/qaic-perf" | sed -n 's|.*=> \(/.*\)/librte_eal\.so.*|\1|p')
    python=$(/usr/bin/python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
    rm -rf "$out/python"
    mkdir -p "$out/python"
    cp -a "$python"/*.py "$python"/{collections,encodings,importlib,json,lib-dynload} "$out/python/"
    [ ! -d "$python/re" ] || cp -a "$python/re" "$out/python/"
    find "$out/python" -name __pycache__ -prune -exec rm -rf {} +
    dpdk=(-M vfio-pci -M vfio_iommu_type1 -b "$build/apps/qaic-perf/qaic-perf:/usr/bin/qaic-perf"
        -b "$build/drivers/qaic/librte_ml_qaic.so:/usr/lib/dpdk/librte_ml_qaic.so" -f "$(devbind "$libraries"):/usr/bin/dpdk-devbind.py"
        -b /usr/bin/python3:/usr/bin/python3 -d "$out/python:$python" -b "$(command -v lspci):/usr/bin/lspci")
    plugin=$(find "$libraries/" -name 'librte_mempool_ring.so*' | sort | sed -n 1p)
    dpdk+=(-b "$plugin:/usr/lib/dpdk/librte_mempool_ring.so")
}

devbind() {                              # beside DPDK's libraries when ./dev unpacked them, else the system's
    local found
    found=$(find "$(dirname "$1")" -name dpdk-devbind.py 2> /dev/null | sed -n 1p)
    echo "${found:-$(command -v dpdk-devbind.py)}"
}
