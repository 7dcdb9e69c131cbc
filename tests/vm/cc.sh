#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Compiles C sources statically with the laboratory's compiler and the public headers of the guest's kernel.
#
#   cc.sh OUT SOURCE..                     headers are looked for beside the sources
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lab.sh"
out=$1
shift
b=$(mktemp -d -p "$LAB")
trap 'rm -rf "$b"' EXIT
for source in "$@"; do cp "$source" "$(dirname "$source")"/*.h "$b/"; done
in_tools sh -c "cd '$b' && exec gcc -std=gnu17 -O2 -Wall -Wextra -Werror -static -o out ./*.c"
mkdir -p "$(dirname "$out")"
cp "$b/out" "$out"
