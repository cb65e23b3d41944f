#!/bin/bash
# SPDX-License-Identifier: MIT
# How many tenants one daemon serves at their full rate: a run for each of them, at 10 requests a second with 100
# devices each, on a store with durable settles, against the simulated cloud with a quota for each key. Prints a
# row for each number of tenants. The cloud is on the same cores.
#   tests/bench/tenants.sh [SECONDS=30] [TENANTS…=1 10 50 200]
set -eu
cd "$(dirname "$0")/../.."
sluice="$PWD/build/release/sluice"
[ -x "$sluice" ] || { echo "Build it first: cmake --preset release && cmake --build build/release" >&2; exit 2; }
seconds=${1:-30}
[ $# -gt 0 ] && shift
folder=$(mktemp -d "${TMPDIR:-/tmp}/sluice-tenants-XXXXXX")
trap 'kill $daemon $cloud 2> /dev/null || true; rm -rf "$folder"' EXIT
daemon= cloud=
cd "$folder"
export HOME="$folder"
seq -f 'dev-%07.0f' 1 $((seconds * 1000)) > fleet.txt
cat > job.json <<'JOB'
{"name": "bench", "stages": "none", "call": {"product_key": "a1BwAGVxxxx", "identifier": "Set", "args": {"on": 1}},
 "targets": {"devices_file": "fleet.txt"}}
JOB

cpu_seconds() { awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$1/stat"; }

serve_tenants() {
  local tenants=$1
  rm -rf store cloud.* daemon.log config.json key-*
  "$sluice" simulate --keys "$tenants" --output json > cloud.out 2> cloud.err & cloud=$!
  until [ -s cloud.out ]; do sleep 0.1; done
  local url; url=$(head -1 cloud.out)
  printf '{"tenants": {' > config.json
  for i in $(seq "$tenants"); do
    printf '%s"t%s": {"endpoint": "%s", "credentials_file": "key-%s"}' "$([ "$i" = 1 ] || echo ,)" "$i" "$url" "$i" >> config.json
    (umask 077; printf '[default]\nenable = true\ntype = access_key\naccess_key_id = testid%s\naccess_key_secret = testsecret\n' "$i" > "key-$i")
  done
  printf '}}' >> config.json
  for i in $(seq "$tenants"); do
    "$sluice" submit job.json --store store/s.db --config config.json --tenant "t$i" --quiet > /dev/null 2>> submit.err
  done
  "$sluice" serve --store store/s.db --config config.json 2> daemon.log & daemon=$!
  # A cold start keeps silent for a window; what comes before and after the middle is no steady state.
  sleep $((seconds - 3))
  local daemon_cpu cloud_cpu
  daemon_cpu=$(cpu_seconds "$daemon"); cloud_cpu=$(cpu_seconds "$cloud")
  kill -TERM "$daemon"; wait "$daemon" || true; daemon=
  kill -TERM "$cloud"; wait "$cloud" || true; cloud=
  python3 - "$tenants" "$seconds" "$daemon_cpu" "$cloud_cpu" cloud.out <<'PY'
import json, statistics, sys
tenants, seconds, daemon_cpu, cloud_cpu = int(sys.argv[1]), int(sys.argv[2]) - 3, *map(float, sys.argv[3:5])
seen = json.loads(open(sys.argv[5]).read().split("\n", 1)[1])
accounts = seen.get("accounts") or {"": seen | {"requests": seen["requests"]}}
# Between its first request and its last one a tenant could have made so many: one, and ten each second.
used = [(a["requests"] - 1) / ((a["last_arrival_s"] - a["first_arrival_s"]) * 10) for a in accounts.values()]
used += [0.0] * (tenants - len(used))
print(f"{tenants:7} {100 * min(used):8.1f} {100 * statistics.median(used):8.1f} "
      f"{max(a['most_arrivals_in_any_window'] for a in accounts.values()):6} {seen['throttled']:9} "
      f"{seen['requests'] / seconds:10.0f} {100 * daemon_cpu / seconds:8.0f} {100 * cloud_cpu / seconds:8.0f}")
PY
}

echo "tenants   min %  median %  worst  throttled  requests/s  daemon%  cloud%   (worst: arrivals in any second; % of one core)"
for tenants in "${@:-1 10 50 200}"; do
  for count in $tenants; do serve_tenants "$count"; done
done
