#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# kill -9 at random moments, as often as you like: builds, then kills runs of the real program eight times each, a
# dozen runs at a time, and holds what they say against the simulated cloud's ledger.
# Usage: tests/end_to_end/kill_cycles.sh [CYCLES]    2,000 take about ten minutes
set -euo pipefail
cd "$(dirname "$0")/../.."
cycles=${1:-2000}
samples/build.sh release sluice_tests
SLUICE_KILL_CYCLES=$cycles build/release/tests/sluice_tests \
  --test-case='end to end: runs killed at random moments*'
