#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Whether every C++ file is laid out as .clang-format says, so that no change is about layout.
# To lay out those that are not: tests/format.sh -i
set -euo pipefail
cd "$(dirname "$0")/.."
command -v clang-format-19 >/dev/null || { echo "clang-format-19 is missing: samples/prepare.sh clang-format-19" >&2; exit 1; }
[ $# -gt 0 ] || set -- --dry-run -Werror
find src include tests -name '*.[ch]pp' -print0 | xargs -0 -n 64 -P "$(nproc)" clang-format-19 "$@"
