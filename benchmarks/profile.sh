#!/usr/bin/env bash
# Counts the instructions of the gateway per request, and lists where they are spent and who allocates memory. Unlike
# time, the count hardly depends on other load: suitable for comparing two versions of the code.
#
#   benchmarks/profile.sh [REQUESTS] [LINES]      default: 2000 requests, the 40 most expensive functions
#
#   SCENARIO=chain          the configuration peers/gateway-chain.toml (default: plain)
#   CONFIG=FILE             another one, with the marks @LISTEN@ and @UPSTREAM@
#   PROFILE=FILE            keeps what callgrind wrote
#   GATEWAY_BINARY=FILE     default: .build/release/gateway
set -euo pipefail
cd "$(dirname "$0")/.."
requests=${1:-2000} lines=${2:-40}
binary=${GATEWAY_BINARY:-.build/release/gateway}
config=${CONFIG:-benchmarks/peers/gateway-${SCENARIO:-plain}.toml}
[[ -x $binary ]] || { echo "$binary is not there: make build" >&2; exit 1; }
scripts/install-packages valgrind binutils nginx-light curl python3

work=$(mktemp -d)
chmod 755 "$work"
started=()
stop() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
listen=127.0.0.1:$(free_port) upstream=127.0.0.1:$(free_port) admin_port=$(free_port)
# Nearly all requests are over the limit, or none is.
limit=1000000
[[ ${SCENARIO:-} != limited ]] || limit=1
# A new URL for each request, or the same one again: curl does not send what follows a #.
path='/?'
[[ ${SCENARIO:-} != cache ]] || path=/cached#
body=$(printf 'x%.0s' {1..1024})
fill() {
    sed -e "s|@LISTEN@|$listen|; s|@UPSTREAM@|$upstream|; s|@WORK@|$work|; s|@BODY@|$body|; s|@WORKERS@|1|; s|@LIMIT@|$limit|" \
        -e "s|@ADMIN_PORT@|$admin_port|" "$1"
}

fill benchmarks/peers/upstream.conf >"$work/upstream.conf"
# The admin API is off, because what it keeps for the dashboard costs something per second, not per request.
fill "$config" | sed '/^\[admin\]/,/^$/d' >"$work/gateway.toml"
printf '\n[admin]\nlisten = "off"\n' >>"$work/gateway.toml"
PATH=$PATH:/usr/sbin nginx -p "$work" -c "$work/upstream.conf" -e stderr -g 'daemon off;' &
started+=($!)
# Counting starts after the warm-up, which excludes loading the program and its configuration.
# valgrind rejects files with some of Swift's debug sections. Without them, the names of functions remain.
strip --strip-debug -o "$work/gateway" "$binary"
valgrind --tool=callgrind --instr-atstart=no --callgrind-out-file="$work/profile" \
    "$work/gateway" run --config "$work/gateway.toml" >"$work/log" 2>&1 &
gateway=$!
started+=("$gateway")

for ((try = 0; try < 300; try++)); do
    curl -sf -o /dev/null "http://$listen/" && break
    kill -0 "$gateway" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
    sleep 0.1
done
# One keep-alive connection, one request after another: the same work in every run.
# Responses with 429 are work, too.
load() { curl -s -H 'Accept-Encoding: gzip' "http://$listen$path[1-$1]" -o /dev/null; }
load 200
callgrind_control --instr=on "$gateway" >/dev/null 2>&1
load "$requests"
callgrind_control --instr=off "$gateway" >/dev/null 2>&1
callgrind_control --dump "$gateway" >/dev/null 2>&1
kill "$gateway" && wait "$gateway" || true

# The first dump has the counts; the one at the end has none.
[[ -z ${PROFILE:-} ]] || cp "$work/profile.1" "$PROFILE"
callgrind_annotate --threshold=99 "$work/profile.1" >"$work/report"
total=$(awk '/PROGRAM TOTALS/ { gsub(",", "", $1); print $1 }' "$work/report")
demangle=cat
command -v swift >/dev/null && demangle='swift demangle --simplified'
awk -v lines="$((lines + 2))" '/file:function/ { shown = 1 } shown && lines-- > 0' "$work/report" | $demangle | cut -c1-160
echo
python3 benchmarks/guard --allocations "$work/profile.1" "$requests"
echo "$requests requests, $((total / requests)) instructions a request"
