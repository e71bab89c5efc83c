#!/usr/bin/env bash
# Builds pages and binaries; nothing when nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh

compile() { with_statements cargo build --workspace --bins; }

mkdir -p web/dist
if [ -e web/package.json ] && pages_are_old; then
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  say "Building the pages beside the server ..."
  build_pages >"$log" 2>&1 &
  pages=$!
  # What the server is made of takes longest and needs no pages; a server compiled half-way through them is made again below.
  with_statements cargo build --workspace --bins || say "Once more, with the pages in place ..."
  wait "$pages" || { cat "$log" >&2; stop "The pages could not be built."; }
  # The pages are embedded: the server is compiled again with what the build just wrote.
  touch build.rs
else
  [ -d "$CARGO_TARGET_DIR/debug" ] || say "Compiling; the first time takes some minutes ..."
fi
compile
