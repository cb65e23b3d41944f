#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Lets a daemon work for a while, with a schedule that fires every minute, job files that are replaced, and runs
# submitted beside them, against the simulated cloud; samples its memory, descriptors and the store's log, and
# fails if one of them keeps growing: the median of the last third against that of the middle third.
# Usage: tests/end_to_end/soak.sh [SECONDS=3600] [PROGRAM=build/release/sluice]
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-3600}
program=$(realpath "${2:-build/release/sluice}")
folder=$(mktemp -d)
children=()
end() {
  kill "${children[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap end EXIT

cd "$folder"
mkdir jobs
printf '[default]\ntype = access_key\naccess_key_id = testid\naccess_key_secret = testsecret\n' >key
chmod 600 key
"$program" simulate --port 0 >cloud.out 2>cloud.err &
children+=($!)
until url=$(grep -shoE 'http://127\.0\.0\.1:[0-9]+' cloud.out cloud.err | head -n 1) && [ -n "$url" ]; do sleep 0.1; done
cat >config.json <<CONFIG
{"store": "s.db", "jobs_folder": "jobs",
 "tenants": {"soak": {"endpoint": "$url", "rate": 10, "credentials_file": "key"}}}
CONFIG
job() { # NAME MEMBERS
  printf '{"name": "%s", "call": {"product_key": "a1B", "identifier": "Set"}, "chunk_size": 10, "conflict": "allow",
    "targets": {"devices_file": "fleet.txt"}, "stages": "none"%s}' "$1" "$2"
}
seq -f 'dev-%06g' 1 300 >jobs/fleet.txt
job minutely ', "schedule": {"cron": "* * * * *", "overlap": "allow"}' >jobs/minutely.json
"$program" serve --config config.json 2>daemon.log &
daemon=$!
children+=("$daemon")
sleep 2

sample() {
  local rss fds wal
  rss=$(awk '/^VmRSS:/ {print $2}' "/proc/$daemon/status")
  fds=$(find "/proc/$daemon/fd" -mindepth 1 -maxdepth 1 | wc -l)
  wal=$(stat -c %s s.db-wal 2>/dev/null || echo 0)
  echo "$rss $fds $wal"
}
round=0
until=$((SECONDS + seconds))
while [ $SECONDS -lt $until ]; do
  kill -0 "$daemon" 2>/dev/null || { echo "the daemon has ended:"; tail -n 5 daemon.log; exit 1; }
  sample >>samples
  # A new content every ten seconds, put there whole.
  if [ $((round % 10)) -eq 0 ]; then
    job "file-$round" "" >next && mv next jobs/file.json
    "$program" list --store s.db >/dev/null
  fi
  round=$((round + 1))
  sleep 1
done
kill -TERM "$daemon"
wait "$daemon"
runs=$("$program" list --store s.db --limit 100000 --output json | grep -o '"run":' | wc -l)

awk -v runs="$runs" -v seconds="$seconds" '
  function median(from, to, column,   i, j, n, t, v) {
    n = 0
    for (i = from; i <= to; ++i) v[++n] = value[i, column]
    for (i = 2; i <= n; ++i) { t = v[i]; for (j = i - 1; j > 0 && v[j] > t; --j) v[j + 1] = v[j]; v[j + 1] = t }
    return v[int((n + 1) / 2)]
  }
  { for (i = 1; i <= 3; ++i) value[NR, i] = $i }
  END {
    name[1] = "memory (KiB)"; name[2] = "descriptors"; name[3] = "WAL (bytes)"
    slack[1] = 1.05; slack[2] = 1.0; slack[3] = 1.1
    grown = 0
    third = int(NR / 3)
    for (i = 1; i <= 3; ++i) {
      middle = median(third + 1, 2 * third, i)
      last = median(2 * third + 1, NR, i)
      growing = last > middle * slack[i] + (i == 2 ? 2 : 0)
      grown += growing
      printf "%-14s middle %10d  last %10d  %s\n", name[i], middle, last, growing ? "GROWS" : "flat"
    }
    printf "%d s, %d runs\n", seconds, runs
    exit grown > 0
  }' samples
