#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the fuzz targets and runs each for so many seconds, one after the other; one line each says what came
# of it. An input that a target fails on is kept beside its log, and named there.
# Usage: tests/fuzz/run.sh [SECONDS=600] [TARGET…]
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-600}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for corpus in tests/fuzz/corpus/*/; do targets+=("$(basename "$corpus")"); done
fi

samples/build.sh fuzz sluice_fuzz
logs=build/fuzz/tests/fuzz/logs
mkdir -p "$logs"

result=0
for target in "${targets[@]}"; do
  log=$logs/$target.log
  said=passed
  tests/fuzz/run_target.sh "build/fuzz/tests/fuzz/${target}_fuzz" "$seconds" >"$log" 2>&1 || {
    said="FAILED, see $log"
    result=1
  }
  # The last of libFuzzer's own lines: "#123 DONE cov: 1 ft: 2 corp: 3/4b …".
  LC_ALL=C awk -v target="$target" -v said="$said" '
    /^#[0-9]+[ \t]/ { for (i = 1; i < NF; ++i) { if ($i == "cov:") cov = $(i + 1); if ($i == "corp:") corpus = $(i + 1) } }
    /^#[0-9]+[ \t]/ { executions = substr($1, 2) }
    /^stat::number_of_executed_units:/ { executions = $2 }
    END { sub("/.*", "", corpus)
          printf "%-15s %10d executions  coverage %5d  corpus %5d  %s\n", target, executions, cov, corpus, said }
  ' "$log"
done
exit "$result"
