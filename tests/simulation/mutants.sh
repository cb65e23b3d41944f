#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes every deliberate mistake of core/mutation.hpp in turn. Each must be found within a thousand seeds; which
# seed found it, by which invariant, and at the end how many were.
#   tests/simulation/mutants.sh [WORD of the mutants' names]
set -eu
cd "$(dirname "$0")/../.."
[ -f build/release/build.ninja ] || cmake --preset release > /dev/null
cmake --build build/release --target sluice_mutants
exec build/release/tests/sluice_mutants "$@"
