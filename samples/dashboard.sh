#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Shows the dashboard, without a cloud account: installs what is missing, builds, starts the built-in stand-in for the
# cloud on a bad day and a daemon for two of its accounts, and queues a rollout in stages and a configuration command.
# Ctrl-C ends all of it. Nothing stays behind but the packages and build/.
# Usage: samples/dashboard.sh [PORT=8080]
set -euo pipefail
project=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
port=${1:-8080}

"$project/samples/build.sh" release sluice

folder=$(mktemp -d)
children=()
clean_up() {
  trap - EXIT
  # Only what was started here, by its number; the daemon first.
  for child in "${children[@]}"; do
    kill "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  done
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 0' INT
trap 'exit 143' TERM

# Your own settings and keys stay out of this.
for name in ${!SLUICE_@} ${!ALIBABA_CLOUD_@}; do unset "$name"; done
export XDG_CONFIG_HOME="$folder/config" SLUICE_STORE="$folder/sluice.db"
PATH="$project/build/release:$PATH"
cd "$folder"

stop() {
  echo "$1" >&2
  exit 1
}
sluice simulate --quiet --keys 2 --faults "$project/samples/faults/rough.json" >cloud.txt &
cloud=$!
children=("$cloud")
for ((i = 0; i < 100; ++i)); do
  [ -s cloud.txt ] && break
  kill -0 "$cloud" 2>/dev/null || stop "The simulated cloud did not start."
  sleep 0.1
done
endpoint=$(head -n 1 cloud.txt)

for account in 1 2; do
  printf '[default]\ntype = access_key\naccess_key_id = testid%s\naccess_key_secret = testsecret\n' "$account" >"key$account"
done
sluice token new you --scope admin >token.txt
awk '/^  you / {print $1, $2, $3}' token.txt >tokens
chmod 600 key1 key2 tokens
mkdir jobs
cat >config.json <<CONFIG
{
  "jobs_folder": "jobs",
  "api": {"listen": ["127.0.0.1:$port"], "tokens_file": "tokens", "anonymous": "read"},
  "tenants": {
    "prod": {"endpoint": "$endpoint", "rate": 10, "credentials_file": "key1"},
    "lab": {"endpoint": "$endpoint", "rate": 4, "credentials_file": "key2"},
  },
}
CONFIG
seq -f 'dev-%06g' 1 100000 >fleet.txt
seq -f 'dev-%06g' 1 500 >jobs/lab.txt
cat >rollout.json <<'JOB'
{
  "name": "fw-2.14-rollout",
  "tenant": "prod",
  "call": {"product_key": "a1BwAGVxxxx", "identifier": "Set", "args": {"version": "2.14.0"}},
  "targets": {"devices_file": "fleet.txt"},
  "stages": [
    {"name": "canary", "devices": 500, "soak": "10s", "gate": {"failed": "5%"}},
    {"name": "tenth", "percent": 10},
    {"name": "all", "percent": 100, "approval": true},
  ],
}
JOB
cat >jobs/report.json <<'JOB'
{
  "name": "lab-report",
  "tenant": "lab",
  "call": {"product_key": "a1BwAGVxxxx", "identifier": "Report"},
  "targets": {"devices_file": "lab.txt"},
  "chunk_size": 10,
  "stages": "none",
  "schedule": {"cron": "*/5 * * * *"},
}
JOB

sluice serve --config config.json 2>daemon.log &
daemon=$!
children=("$daemon" "$cloud")
for ((i = 0; i < 100; ++i)); do
  sluice list --config config.json --quiet >/dev/null 2>&1 && [ -S sluice.db.sock ] && break
  kill -0 "$daemon" 2>/dev/null || stop "The daemon did not start (is port $port free? samples/dashboard.sh PORT takes another):
$(cat daemon.log)"
  sleep 0.1
done
sluice submit rollout.json --config config.json --quiet >/dev/null

cat <<SAY

The dashboard:  http://127.0.0.1:$port/
A token, to press its buttons:  $(awk '/^  sluice_/ {print $1}' token.txt)

Run 1 sends to 500 devices, waits ten seconds, sends to a tenth, and then waits until you approve. Ctrl-C ends all of it.
SAY
wait "$daemon"
