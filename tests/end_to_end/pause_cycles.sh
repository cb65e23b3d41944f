#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How long after a pause command the last request goes out, as often as you like: builds, pauses a run of the real
# program again and again while 32 requests are under way, prints the distribution, and fails if more than
# one in a hundred takes longer than 200 ms.
# Usage: tests/end_to_end/pause_cycles.sh [CYCLES]    100 take about three minutes; wants a quiet machine
set -euo pipefail
cd "$(dirname "$0")/../.."
cycles=${1:-100}
samples/build.sh release sluice_tests
SLUICE_PAUSE_CYCLES=$cycles build/release/tests/sluice_tests \
  --test-case='end to end: with 32 requests under way*'
