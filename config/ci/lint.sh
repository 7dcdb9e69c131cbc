# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154,SC2034  # root, out, dpdk_pc, eal: see dev
# Sourced by ./dev: checks that need no run of the program.

tree_files() {                           # tracked files and new ones; without git, what is not build output
    if git -C "$root" rev-parse --git-dir > /dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard | sort -u
    else
        find . -path './.*' -prune -o -path './build*' -prune -o -type f -print | sed 's|^\./||'
        find .ci -type f
    fi | while IFS= read -r f; do [ ! -f "$f" ] || printf '%s\n' "$f"; done
}
cxx_files() { tree_files | grep -E '\.(cpp|hpp|h|cc|c)$' || true; }

lint_format() {
    local bad
    bad=$(cxx_files | xargs -r clang-format-14 --dry-run 2>&1 | sed -n 's/^\([^ :]*\):[0-9].*/\1/p' | sort -u)
    [ -z "$bad" ] || { printf '%s: not formatted; run ./dev format\n' $bad; return 1; }
}
lint_spdx() { tree_files | /usr/bin/python3 config/ci/check_spdx.py; }
lint_includes() { /usr/bin/python3 config/ci/check_includes.py; }
lint_python() { tree_files | grep '\.py$' | PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 config/ci/check_python.py; }

lint_shell() {
    command -v shellcheck > /dev/null || { say "shellcheck is not installed: skipped"; return 0; }
    tree_files | while IFS= read -r f; do
        case $(head -c 64 "$f" | head -n 1 | tr -d '\0') in
        '#!'*bash* | '#!/bin/sh'*) echo "$f" ;;
        *) [[ $f != *.sh ]] || echo "$f" ;;
        esac
    done | xargs -r shellcheck -x -S warning
}

# What clang-tidy looks at. The static analyzer takes four times as long as all other checks together, so the default
# leaves it and the tests out. A target's files are read as one (build-lint): a sixth of the time, since most of a file's
# goes into headers, and it shows what two files of a unity build both define.
tidy_files() {                           # tidy_files MODE BUILD: prints files, one a line
    local base
    if [ "$1" = --changed ]; then
        base=$(git merge-base HEAD "$(git rev-parse --abbrev-ref origin/HEAD 2>/dev/null || echo origin/main)" 2>/dev/null) || base=HEAD
        { git diff --name-only "$base"; git ls-files --others --exclude-standard; } | sort -u |
            /usr/bin/python3 config/ci/compiled.py "$2"
        return
    fi
    ninja -C "$2" -t targets all | sed -n 's/^\(.*-unity[0-9]*\.cpp\)\.o: .*/\1/p' | sed "s|meson-generated_||; s|^|$2/|" |
        { [ "$1" = --all ] && cat || grep -v "^$2/tests/"; }
}

lint_tidy() {
    local mode=${1:-} checks='--checks=-clang-analyzer-*,-bugprone-suspicious-include' build=build-lint log made
    case $mode in
    --changed) build=build-clang checks='' ;;
    --all) checks='--checks=-bugprone-suspicious-include' ;;
    esac
    place $build
    log=$out/$build/tidy-build.log
    # Built is only what files include.
    (configure $build) > "$log" 2>&1 || { tail -n 20 "$log"; return 1; }
    made=$(ninja -C $build -t targets all | sed -n 's/^\(.*\.h\(pp\)\?\): CUSTOM_COMMAND.*/\1/p')
    # shellcheck disable=SC2086
    ninja -C $build $made >> "$log" 2>&1 || { tail -n 20 "$log"; return 1; }
    # Largest first, so that no core waits for one long file at the end. Its counts of hidden warnings go to stderr.
    tidy_files "$mode" $build | xargs -r ls -S |
        xargs -r -P "$(nproc)" -n 1 clang-tidy-14 --quiet $checks -p $build 2> "$out/$build/tidy.err" ||
        { grep -v 'warnings\? generated\|treated as error' "$out/$build/tidy.err"; return 1; }
}

lint() {
    local check failed=() from
    case ${1:-} in
    "" | --changed | --all) ;;
    *) die "lint: unknown option '$1'; known: --changed --all" ;;
    esac
    for check in spdx includes format python shell tidy; do
        say "lint: $check"
        from=$SECONDS
        "lint_$check" "$@" || failed+=("$check")
        say "lint: $check took $((SECONDS - from)) s"
    done
    [ ${#failed[@]} = 0 ] || die "lint found something in: ${failed[*]}"
    say "lint: nothing found"
}
