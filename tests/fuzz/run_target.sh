#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs one fuzz target on its kept inputs, then for so many seconds on new ones, which it keeps in the build
# folder: what it finds on one day it begins with on the next. Without a time: on the same ones every day.
# Usage: tests/fuzz/run_target.sh PROGRAM [SECONDS]
set -euo pipefail
program=$(realpath "$1")
seconds=${2:-}
here=$(dirname "$(realpath "$0")")
target=$(basename "$program" _fuzz)

found=$(dirname "$program")/found/$target
mkdir -p "$found"
options=(-timeout=25 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$found-")
[ ! -f "$here/dictionaries/$target.dict" ] || options+=(-dict="$here/dictionaries/$target.dict")
if [ -n "$seconds" ]; then
  exec "$program" "${options[@]}" -max_total_time="$seconds" "$found" "$here/corpus/$target"
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$program" "${options[@]}" -seed=1 -runs=10000 "$scratch" "$here/corpus/$target"
