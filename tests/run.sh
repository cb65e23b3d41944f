#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing, builds, and runs every test; the last line says how many passed and failed.
# Usage: tests/run.sh [release|asan|tsan]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}

# The dashboard's tests need a browser, which is large, and which nothing else here wants; and the layout its formatter.
[ "$preset" != release ] || samples/prepare.sh chromium fonts-dejavu-core clang-format-19
samples/build.sh "$preset"

log=build/$preset/Testing/Temporary/LastTest.log
rm -f "$log"
result=0
# One more than there are cores: much of the time is spent waiting for processes.
ctest --preset "$preset" -j "$(($(nproc) + 1))" || result=$?

# The sum over the areas of the test cases that doctest, or tests/browser/run.sh, counted. An area that failed without
# a count of failures (it crashed, hung, or is the count of the areas itself) is one failure more.
awk '
  function close_area() { if (open && !good && !named) ++failed; open = good = named = 0 }
  /^[0-9]+\/[0-9]+ Testing: / { close_area(); open = 1 }
  /^\[(doctest|browser)\] test cases:/ { split($0, part, "|"); passed += part[2]; failed += part[3]; named += part[3] }
  /^Test Passed\.$/ { good = 1 }
  END { close_area(); printf "%d passed, %d failed\n", passed, failed; exit failed > 0 || passed == 0 }
' "$log" || result=1
exit "$result"
