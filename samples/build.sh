#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing and builds. Usage: samples/build.sh [release|asan|tsan [TARGET]]
# Says nothing if all of it is there and up to date.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
target=${2:-all}

samples/prepare.sh

log=$(mktemp)
trap 'rm -f "$log"' EXIT
show_and_stop() {
  cat "$log" >&2
  echo "$1" >&2
  exit 1
}

# Speaks up with the first file that really is built; counts them on a terminal.
follow() {
  local started='' line
  while IFS= read -r line; do
    [[ $line =~ ^\[([0-9]+/[0-9]+)\]\ (Building|Linking) ]] || continue
    [ -n "$started" ] || echo "Building, preset $preset (the first time takes some minutes) …" >&2
    started=yes
    [ ! -t 2 ] || printf '\r%s ' "${BASH_REMATCH[1]}" >&2
  done
  [ -z "$started" ] || [ ! -t 2 ] || echo >&2
}

cmake --preset "$preset" >"$log" 2>&1 || show_and_stop "The build could not be configured; see above."
cmake --build --preset "$preset" --target "$target" 2>&1 | tee "$log" | follow || {
  sed -i '/^\[[0-9]*\/[0-9]*\]/d' "$log"
  show_and_stop "The build failed; see above."
}
