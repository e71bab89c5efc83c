#!/usr/bin/env bash
# `make run`: builds, starts the server and the city that plays in it, and ends both together.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh

scripts/setup.sh run
scripts/build.sh

listen=${WASSALLY_LISTEN:-}
[ -n "$listen" ] || [ ! -f .env ] || listen=$(sed -n 's/^WASSALLY_LISTEN=//p' .env | tail -n 1)
listen=${listen:-127.0.0.1:8080}
url=http://${listen/0.0.0.0/127.0.0.1}

# Each in a process group of its own: Ctrl-C reaches this script alone, which ends the city before the server.
set -m
server= city=

end() {
  trap '' INT TERM HUP
  if [ -n "$city" ] && kill -INT "$city" 2>/dev/null; then
    say "" "Ending the city ..."
    wait "$city" 2>/dev/null || true
  fi
  if [ -n "$server" ] && kill -INT "$server" 2>/dev/null; then
    say "Ending the server ..."
    wait "$server" 2>/dev/null || true
  fi
}
trap 'end; exit 0' INT TERM HUP

"$CARGO_TARGET_DIR/debug/wassally" serve </dev/null &
server=$!
until curl -fs -o /dev/null --max-time 2 "$url/readyz"; do
  kill -0 "$server" 2>/dev/null || { wait "$server" || exit $?; exit 1; }
  sleep 0.2
done

if [ "${CITY:-on}" != off ]; then
  "$CARGO_TARGET_DIR/debug/wassally-loadtest" city --url "$url" --seed 1 </dev/null &
  city=$!
fi

say "" \
  "$("$CARGO_TARGET_DIR/debug/wassally" --version) is running. Open  $url/" \
  "  staff     $url/staff        sign in as staff1" \
  "  customer  $url/app          sign in as customer1" \
  "  crew      $url/crew         sign in as crew1" \
  "  shop      $url/seller       sign in as seller1" \
  "  All of them have the password wassally-demo." \
  "  API       $url/swagger/     Socket  ${url/http/ws}/connection/websocket"
if [ -n "$city" ]; then
  say "The city plays: customers order, shops accept, crews ride, claim and deliver. customer1 to customer5 are left to you." \
    "\`make run CITY=off\` starts without it. Ctrl-C ends both."
else
  say "The city does not play. Ctrl-C ends the server."
fi

# The first to end takes the other with it.
set +e
wait -n "$server" ${city:+"$city"}
code=$?
end
exit "$code"
