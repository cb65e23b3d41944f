#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The dashboard in a real browser: the tests of this folder, against the daemon and the simulated cloud.
# Pictures of the pages, and of what went wrong, come to BUILD/browser/pictures. The last line counts the tests.
# Usage: tests/browser/run.sh [BUILD [node's test options or files …]]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(realpath "${1:-$here/../../build/release}")
shift || true

export SLUICE_PROGRAM=$build/sluice SLUICE_BROWSER_PACKAGES=$build/browser SLUICE_BROWSER_PICTURES=$build/browser/pictures
[ -x "$SLUICE_PROGRAM" ] || { echo "$SLUICE_PROGRAM is not built: samples/build.sh release" >&2; exit 1; }
command -v chromium >/dev/null || { echo "Chromium is missing: samples/prepare.sh chromium fonts-dejavu-core" >&2; exit 1; }

mkdir -p "$SLUICE_BROWSER_PACKAGES"
for file in package.json package-lock.json .npmrc; do
  cmp -s "$here/$file" "$SLUICE_BROWSER_PACKAGES/$file" && continue
  rm -f "$SLUICE_BROWSER_PACKAGES/installed"
  cp "$here/$file" "$SLUICE_BROWSER_PACKAGES/"
done
if [ ! -e "$SLUICE_BROWSER_PACKAGES/installed" ]; then
  (cd "$SLUICE_BROWSER_PACKAGES" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  touch "$SLUICE_BROWSER_PACKAGES/installed"
fi
rm -rf "$SLUICE_BROWSER_PICTURES"

cd "$here"
[ $# -gt 0 ] || set -- ./*.test.js unit/*.test.*js
result=0
node --test --test-reporter=spec --test-concurrency=2 "$@" | tee "$SLUICE_BROWSER_PACKAGES/said" || result=$?
awk '
  $2 == "tests" { tests = $3 }  $2 == "pass" { passed = $3 }  $2 == "fail" || $2 == "cancelled" { failed += $3 }
  END { printf "[browser] test cases: %d | %d passed | %d failed\n", tests, passed, failed; exit tests == 0 }
' "$SLUICE_BROWSER_PACKAGES/said" || result=1
exit "$result"
