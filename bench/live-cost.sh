#!/usr/bin/env bash
# What the live display costs: stompbench flat out against its embedded broker, with
# the display on a terminal and without it, in turn, ROUNDS times each.
#
#   bench/live-cost.sh [ROUNDS [SECONDS]]      default 10 rounds of 3 seconds
#
# It prints the rate of every run, and the medians with their ratio: the aim is less
# than 1 % between them. Runs differ by more than that from one to the next, so look
# at the spread first. The machine must be idle.
set -euo pipefail

rounds=${1:-10}
seconds=${2:-3}
cd "$(dirname "$0")/.."
command -v script >/dev/null || { echo "needs script(1), for a terminal to display on" >&2; exit 1; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/stompbench" ./cmd/stompbench

# rate runs once and prints messages per second.
rate() { # on|off
    local result=$dir/result.json
    case $1 in
    on) script -qec "$dir/stompbench -z ${seconds}s --json >$result" /dev/null >/dev/null ;;
    off) "$dir/stompbench" -z "${seconds}s" --json --quiet >"$result" ;;
    esac
    sed -n 's/.*"sent_per_s": \([0-9.]*\),*$/\1/p' "$result" | head -1
}

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR+1)/2] : (v[NR/2] + v[NR/2+1]) / 2 }'; }

printf '%8s %16s %16s\n' round 'display on' 'display off'
for ((i = 1; i <= rounds; i++)); do
    # The order alternates, so that warming up favours neither.
    if ((i % 2)); then order="on off"; else order="off on"; fi
    for which in $order; do
        now=$(rate $which)
        echo "$now" >>"$dir/$which"
        declare "last_$which=$now"
    done
    printf '%8d %14.0f/s %14.0f/s\n' "$i" "$last_on" "$last_off"
done
on=$(median "$dir/on") off=$(median "$dir/off")
printf '%8s %14.0f/s %14.0f/s\n' median "$on" "$off"
awk -v on="$on" -v off="$off" 'BEGIN { printf "the display costs %.2f %% of the rate\n", 100 * (1 - on / off) }'
