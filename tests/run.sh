#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test. Usage: tests/run.sh [release|asan|tsan]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}
samples/prepare.sh
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset"
ctest --preset "$preset"
