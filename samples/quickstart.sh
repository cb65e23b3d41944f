#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Shows sluice's main job from start to end, without a cloud account: installs what is missing, builds, starts the
# built-in stand-in for the cloud, sends one command to the 1,200 devices of samples/fleet.txt, and looks at what
# was recorded. Nothing stays behind but the packages and build/.
set -euo pipefail
project=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)

"$project/samples/build.sh" release sluice

folder=$(mktemp -d)
cloud=
clean_up() {
  trap - EXIT
  # Only what was started here, by its number.
  if [ -n "$cloud" ]; then
    kill "$cloud" 2>/dev/null || true
    wait "$cloud" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Your own settings and keys stay out of this.
for name in ${!SLUICE_@} ${!ALIBABA_CLOUD_@}; do unset "$name"; done
export XDG_CONFIG_HOME="$folder/config" SLUICE_STORE="$folder/sluice.db"
PATH="$project/build/release:$PATH"
cd "$project"

say() { printf '\n%s\n' "$*"; }
show() {
  printf '\n$ %s\n' "$*"
  "$@"
}

say "1. A job file says what is sent to whom. What would it do?"
show sluice plan samples/fleet.json --endpoint https://iot.cn-shanghai.aliyuncs.com

say "2. A stand-in for the cloud, over TLS, with a certificate of its own:"
printf '\n$ sluice simulate --tls --ca-out ca.pem &\n'
sluice simulate --quiet --tls --ca-out "$folder/ca.pem" >"$folder/cloud.txt" &
cloud=$!
for ((i = 0; i < 100; ++i)); do
  [ -s "$folder/cloud.txt" ] && break
  kill -0 "$cloud" 2>/dev/null || { echo "The simulated cloud did not start." >&2; exit 1; }
  sleep 0.1
done
SLUICE_ENDPOINT=$(head -n 1 "$folder/cloud.txt")
export SLUICE_ENDPOINT SLUICE_CA_FILE="$folder/ca.pem"
# The stand-in's key. For your own account: README.md, "Credentials".
export ALIBABA_CLOUD_ACCESS_KEY_ID=testid ALIBABA_CLOUD_ACCESS_KEY_SECRET=testsecret
echo "$SLUICE_ENDPOINT"

say "3. Send it:"
show sluice run samples/fleet.json --expect-devices 1200

say "4. What was recorded:"
show sluice status 1
printf '\n$ sluice results 1 --output csv | head -n 4\n'
sluice results 1 --output csv >"$folder/results.csv"
head -n 4 "$folder/results.csv"

say "5. Was the cloud's limit kept?"
show sluice verify-rate 1

say "Next: samples/hello.json is the smallest job file, README.md tells the rest, and the program is build/release/sluice."
