#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds, measures the parts (sluice_bench) and then the commands themselves against what they must reach, and
# prints one table; medians of five. Wants a quiet machine: the load is shown. Exits 1 if something is missed.
# Usage: tests/bench/run.sh [--commands]        --commands: leave the parts out
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
samples/prepare.sh
[ -x /usr/bin/time ] || { echo "GNU time is missing: apt-get install time" >&2; exit 1; }
cmake --preset release >/dev/null
cmake --build --preset release --target sluice sluice_bench sluice_drain >&2
sluice=$PWD/build/release/sluice
faults=$PWD/samples/faults
[ "${1:-}" = --commands ] || build/release/tests/sluice_bench

repeats=5
work=$(mktemp -d)
cloud=
# The simulated cloud of our own, if one is running, goes with us.
trap '[ -z "$cloud" ] || kill "$cloud"; rm -rf "$work"' EXIT
# Neither the user's configuration nor their keys have a part in this.
export HOME=$work XDG_CONFIG_HOME=$work XDG_STATE_HOME=$work
seq -f 'device-%07.0f' 0 999999 >"$work/million.txt"
head -10000 "$work/million.txt" >"$work/ten_thousand.txt"
cat >"$work/job.json" <<'JSON'
{"name": "bench", "call": {"product_key": "a1BwAGVxxxx", "identifier": "Set", "args": {"version": "2.14.0"}}}
JSON
million=("$work/job.json" --devices "$work/million.txt" --endpoint http://127.0.0.1:1)
store=$work/run.db
missed=0

median() { sort -g | sed -n "$(((repeats + 1) / 2))p"; }

# row NAME MEASURED UNIT TARGET: a line of the table; the target is a condition on the number.
row() {
  local name=$1 measured=$2 unit=$3 target=$4 verdict=reached
  awk -v x="$measured" "BEGIN {exit !(x $target)}" || { verdict=MISSED; missed=1; }
  printf '| %-58s | %9s %-4s | %-9s | %-7s |\n' "$name" "$measured" "$unit" "$target" "$verdict"
}

# measure COMMAND…: sets wall_ms and peak_mb, the medians. /usr/bin/time's own start is part of the wall time.
measure() {
  local i begin
  : >"$work/wall"
  : >"$work/peak"
  for ((i = 0; i < repeats; i++)); do
    rm -f "$store.fresh"*
    begin=$EPOCHREALTIME
    /usr/bin/time -f %M -a -o "$work/peak" "$@" >/dev/null 2>"$work/said" || { cat "$work/said" >&2; exit 1; }
    echo "$begin $EPOCHREALTIME" | awk '{printf "%.1f\n", ($2 - $1) * 1000}' >>"$work/wall"
  done
  wall_ms=$(median <"$work/wall")
  peak_mb=$(median <"$work/peak" | awk '{printf "%.1f", $1 / 1024}')
}

# drain CHUNKS DEVICES: sends that many chunks of so many devices as fast as they go; sets per_second, cpu and peak_mb.
drain() {
  local i
  : >"$work/drained"
  for ((i = 0; i < repeats; i++)); do
    build/release/tests/sluice_drain "$1" "$2" "$work" >>"$work/drained"
  done
  per_second=$(cut -d' ' -f1 "$work/drained" | median)
  cpu=$(cut -d' ' -f2 "$work/drained" | median)
  peak_mb=$(cut -d' ' -f3 "$work/drained" | median)
}

# rehearse FAULTS: one run of 10,000 devices at 10/s; what the run, its attempts and the cloud say of it.
rehearse() {
  "$sluice" rehearse "$work/job.json" --devices "$work/ten_thousand.txt" --faults "$1" --output json \
    --progress none >"$work/summary" 2>"$work/proof"
  seconds=$(sed -E 's/.*"seconds":([0-9.]+).*/\1/' "$work/summary")
  quota=$(sed -nE 's/.* ([0-9.]+) % of the quota.*/\1/p' "$work/proof")
  arrivals=$(sed -nE 's/^most arrivals in any 1 s +//p' "$work/proof")
  throttled=$(sed -nE 's/^  throttled +//p' "$work/proof")
}

# unsteady JOB SEED: a run of 100 chunks through a service that is not steady. Prints its time against the evenly paced
# ideal for the requests that it took; and how many devices got the command twice, are lost, in doubt, and listed so.
unsteady() {
  local here=$work/unsteady-$2 requests
  rm -f "$here"*
  "$sluice" rehearse "$1" --devices "$work/ten_thousand.txt" --faults "$faults/unsteady.json" --seed "$2" \
    --store "$here.db" --output json --progress none >"$here.summary" 2>"$here.proof" || true
  requests=$(sed -nE 's/^requests +//p' "$here.proof")
  sed -E 's/.*"seconds":([0-9.]+).*/\1/' "$here.summary" |
    awk -v requests="$requests" '{printf "%.3f ", $1 / ((requests - 1) / 10)}'
  sed -nE 's/^  more than once +//p' "$here.proof" | tr '\n' ' '
  sed -E 's/.*"failed":([0-9]+),"in_doubt":([0-9]+).*"pending":([0-9]+)\},"chunks".*/\1 \3 \2/' "$here.summary" |
    awk '{printf "%d %d ", $1 + $2, $3}'
  "$sluice" --store "$here.db" results 1 --state in_doubt --output txt | wc -l
}

# unsteady_runs JOB: so many of them side by side, for each of them mostly waits; one line each in $work/unsteady.
unsteady_runs() {
  local seed
  for ((seed = 1; seed <= seeds; seed++)); do unsteady "$1" "$seed" >"$work/line-$seed" & done
  wait
  cat "$work"/line-* >"$work/unsteady"
}

# column N: the sum of it over the runs.
column() { awk -v n="$1" '{sum += $n} END {print sum + 0}' "$work/unsteady"; }

# first_answer STORE: seconds from the start of `resume` to its first answer; then it is killed again.
first_answer() {
  local begin=$EPOCHREALTIME
  coproc resume { exec "$sluice" --store "$1" resume 1 --verbose --progress plain 2>&1 >/dev/null; }
  grep -m 1 -q '^attempt_settled' <&"${resume[0]}"
  echo "$begin $EPOCHREALTIME" | awk '{printf "%.2f\n", $2 - $1}'
  kill -9 "$resume_PID"
  wait "$resume_PID" 2>/dev/null || true
}

echo
echo "Load average: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores, $(df --output=fstype "$work" | tail -1) below $work"
printf '| %-58s | %-14s | %-9s | %-7s |\n' what measured target ''
echo '|---|---|---|---|'
measure "$sluice" --version
row 'sluice --version' "$wall_ms" ms '<= 20'
measure "$sluice" plan "${million[@]}"
row 'sluice plan, 1,000,000 devices' "$wall_ms" ms '<= 1000'
row '  peak memory' "$peak_mb" MB '<= 48'
measure "$sluice" --store "$store.fresh" submit "${million[@]}" --yes
row 'sluice submit, 1,000,000 devices, a new store' "$wall_ms" ms '<= 1000'
row '  peak memory' "$peak_mb" MB '<= 48'
"$sluice" --store "$store" -q submit "${million[@]}" --yes >/dev/null 2>&1
measure "$sluice" --store "$store" status
row 'sluice status, 10,000 chunks' "$wall_ms" ms '<= 50'
for format in ndjson csv; do
  measure "$sluice" --store "$store" --output $format results 1
  row "sluice results --output $format, 1,000,000 rows" "$wall_ms" ms '<= 1000'
  row '  peak memory' "$peak_mb" MB '<= 24'
done
rehearse "$faults/constant-50ms.json"
row 'rehearse, 10,000 devices at 10/s, 50 ms: seconds' "$seconds" s '<= 10.098'
row '  quota used' "$quota" % '>= 98.5'
row '  most arrivals in any 1 s' "$arrivals" '' '<= 10'
row '  throttled' "$throttled" '' '== 0'
rehearse "$faults/latency.json"
row 'rehearse, 10,000 devices at 10/s, 5 to 80 ms: quota used' "$quota" % '>= 93'
row '  most arrivals in any 1 s' "$arrivals" '' '<= 10'
row '  throttled' "$throttled" '' '== 0'
seeds=45
sed 's/"name"/"safe_to_repeat": true, &/' "$work/job.json" >"$work/repeatable.json"
unsteady_runs "$work/repeatable.json"
row "unsteady service, repeatable, $seeds seeds: makespan / ideal" \
  "$(sort -g "$work/unsteady" | sed -n "$(((seeds + 1) / 2))s/ .*//p")" '' '<= 1.10'
# Where a stall of three seconds, or the retry budget, hits the last chunks, nothing is left to send meanwhile.
row '  seeds above 1.10' "$(awk '$1 > 1.10' "$work/unsteady" | wc -l)" '' '>= 0'
row '  devices failed, pending or in doubt' "$(($(column 3) + $(column 4)))" '' '== 0'
unsteady_runs "$work/job.json"
row "unsteady service, not repeatable, $seeds seeds: executed twice" "$(column 2)" '' '== 0'
row '  devices in doubt' "$(column 4)" '' '>= 0'
row '  of them not listed' "$(($(column 4) - $(column 5)))" '' '== 0'

export ALIBABA_CLOUD_ACCESS_KEY_ID=testid ALIBABA_CLOUD_ACCESS_KEY_SECRET=testsecret
"$sluice" simulate --faults "$faults/constant-50ms.json" >"$work/url" 2>/dev/null &
cloud=$!
while [ ! -s "$work/url" ]; do sleep 0.1; done
endpoint=$(head -1 "$work/url")
"$sluice" --store "$work/killed.db" -q submit "$work/job.json" --yes --devices "$work/million.txt" --endpoint "$endpoint" \
  >/dev/null 2>&1
first_answer "$work/killed.db" >/dev/null
: >"$work/wall"
for ((i = 0; i < repeats; i++)); do first_answer "$work/killed.db" >>"$work/wall"; done
row 'kill -9 with 10,000 chunks queued: resume to first answer' "$(median <"$work/wall")" s '<= 2'
for devices in 1 100; do
  for chunks in 200 20000 200000; do
    drain $chunks $devices
    name="drain, $chunks chunks of $devices, 64 in flight"
    [ $chunks = 20000 ] && row "$name: chunks a second" "$per_second" '' '>= 10000'
    [ $chunks = 20000 ] && row '  CPU seconds for 1,000 chunks' "$cpu" s '<= 0.1'
    row "$name: peak memory" "$peak_mb" MB '<= 16'
  done
done
exit $missed
