#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing and builds. Usage: samples/build.sh [release|asan|tsan]
# Says nothing if all of it is there and up to date.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}

samples/prepare.sh

log=$(mktemp)
trap 'rm -f "$log"' EXIT
show_and_stop() {
  cat "$log" >&2
  echo "$1" >&2
  exit 1
}

cmake --preset "$preset" >"$log" 2>&1 || show_and_stop "The build could not be configured; see above."
# A dry run tells whether there is anything to say.
if ! cmake --build --preset "$preset" -- -n | grep -q 'no work to do'; then
  echo "Building (the first time takes some minutes) …" >&2
  if [ -t 2 ]; then
    cmake --build --preset "$preset" >&2
  else
    cmake --build --preset "$preset" >"$log" 2>&1 || show_and_stop "The build failed; see above."
  fi
fi
