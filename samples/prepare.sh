#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs the Debian 12 packages that building and testing sluice needs, as root or by sudo.
# Says nothing, and changes nothing, if all of them are there. Usage: samples/prepare.sh [further package …]
set -euo pipefail

packages=(
  # compiler (with libstdc++'s headers), linker, build
  clang-19 libclang-rt-19-dev libstdc++-12-dev lld ninja-build cmake ccache
  # what sluice is made of
  libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libssl-dev libsqlite3-dev libfmt-dev
  libpugixml-dev libspdlog-dev prometheus-cpp-dev libcli11-dev libxxhash-dev libhowardhinnant-date-dev tzdata
  # what its tests need
  doctest-dev libvalijson-dev libbenchmark-dev openssl ca-certificates strace systemd prometheus
  python3-croniter
  "$@"
)

stop() {
  printf '%s\n' "$@" >&2
  exit 1
}

is_installed() {
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  stop "sluice is built on Debian 12, and this system has no apt-get. Provide what these packages hold, then build" \
    "with: cmake --preset release && cmake --build --preset release" "  ${packages[*]}"
fi

# Debian's npm and another nodejs than Debian's exclude each other: what is there is taken.
command -v npm >/dev/null || packages+=(nodejs npm)

missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

# apt-get would take Debian's default Boost off the machine, with all that depends on it. That is not ours to decide.
if is_installed libboost1.74-dev && ! is_installed libboost1.81-dev; then
  stop "sluice needs libboost1.81-dev, which cannot be installed beside libboost1.74-dev. If nothing else here needs" \
    "Boost 1.74's headers, remove them with: apt-get remove libboost1.74-dev" "Otherwise build sluice in a container."
fi

as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null ||
    stop "These Debian packages are missing, and installing them needs root or sudo:" "  ${missing[*]}"
  as_root=(sudo)
fi

echo "Installing ${#missing[@]} Debian packages (some minutes, once): ${missing[*]}" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{
  "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
} >"$log" 2>&1 || {
  cat "$log" >&2
  stop "The packages could not be installed; apt-get's own words are above. sluice needs Debian 12 (bookworm)."
}
