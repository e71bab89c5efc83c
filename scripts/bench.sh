#!/usr/bin/env bash
# `make bench [SCENARIO="fan_out idle"]`: the load scenarios against a release build of its own, on its own data and port.
# LIMIT_PROBE names the command of a yardstick that runs in the same minute.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh
scripts/setup.sh run
scenarios=("$@")
[ ${#scenarios[@]} -gt 0 ] || scenarios=(fan_out pings claim_race idle connects)

mkdir -p web/dist
say "Compiling the release; this takes about ten minutes the first time ..."
with_statements nice cargo build --release -p wassally -p wassally-loadtest
nice cargo build --release -p wassally-realtime --example hub

url=http://127.0.0.1:18080
set -m
# The crowds of `idle` and `connects` are one customer.
WASSALLY_LISTEN=127.0.0.1:18080 WASSALLY_DATA_DIR="$CARGO_TARGET_DIR/bench" WASSALLY_USER_CONNECTIONS=0 \
  "$CARGO_TARGET_DIR/release/wassally" serve </dev/null >"$CARGO_TARGET_DIR/bench.log" 2>&1 &
server=$!
end() {
  kill -INT "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
}
trap end EXIT
until curl -fs -o /dev/null --max-time 2 "$url/readyz"; do
  kill -0 "$server" 2>/dev/null || { tail -n 20 "$CARGO_TARGET_DIR/bench.log" >&2; stop "The server did not start."; }
  sleep 0.2
done
hub=ws://127.0.0.1:18000/connection/websocket
for scenario in "${scenarios[@]}"; do
  say "" "> $scenario"
  beside=(${LIMIT_PROBE:+--beside "$LIMIT_PROBE"})
  case $scenario in
  claim_race)
    "$CARGO_TARGET_DIR/release/wassally-loadtest" claim_race --url "$url" --server-pid "$server"
    ;;
  fan_out)
    # The hub alone: what a delivery costs, without a domain behind it.
    "$CARGO_TARGET_DIR/release/examples/hub" --port 18000 --insecure --history-size 300 --history-ttl 300s --recovery force &
    alone=$!
    until curl -fs -o /dev/null --max-time 2 http://127.0.0.1:18000/health; do sleep 0.2; done
    "$CARGO_TARGET_DIR/release/wassally-loadtest" fan_out --url "$hub" --server-pid "$alone" "${beside[@]}" || { kill "$alone"; exit 1; }
    kill "$alone"
    wait "$alone" || true
    ;;
  *)
    "$CARGO_TARGET_DIR/release/wassally-loadtest" "$scenario" --url "$url" --server-pid "$server" "${beside[@]}"
    ;;
  esac
done
