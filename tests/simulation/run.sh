#!/bin/sh
# SPDX-License-Identifier: MIT
# The long run by hand: builds the simulation, runs that many seeds on all cores, and prints what they did.
#   tests/simulation/run.sh [SEEDS=100000]
set -eu
cd "$(dirname "$0")/../.."
[ -f build/release/build.ninja ] || cmake --preset release > /dev/null
cmake --build build/release --target sluice_simulation
exec build/release/tests/sluice_simulation --seeds "${1:-100000}" --jobs "$(nproc)" --summary
