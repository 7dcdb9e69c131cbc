#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The demonstration itself, started by `./dev demo` once all is built: power on an emulated card, boot it, load the
# sample network, stream the held-out images through it and compare every output with PyTorch's own. Exit status 0
# only when all of them agreed.
#
#   config/demo.sh [EAL options]           e.g. --no-huge -m 512
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd -P)
build=${QAIC_BUILD:-$root/build}
digits=$root/config/models/digits
"$build/apps/qaic-perf/qaic-perf" run --model "${QAIC_MODEL:-$build/config/models/digits/digits.qpc}" \
    --input "$digits/test_images.f32" --expect "$digits/torch_outputs.f32" --labels "$digits/test_labels.u8" \
    --tolerance 1e-3 --queue-depth 32 --burst 8 -- "$@"
cat << HINT

Next, the same card in pipelines that stream (docs/pipelines.md), after ./dev build:
  build/apps/qaic-pipe/qaic-pipe run config/pipelines/digits.toml     images to classes, a line of JSON each
  build/apps/qaic-pipe/qaic-pipe run config/pipelines/packets.toml    a capture, its packets classified and marked
HINT
