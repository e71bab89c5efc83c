#!/usr/bin/env bash
# Writes `schema.d.ts` and `messages.d.ts` in `web/src/api/` again: the types of inputs, answers and errors, and those of messages and snapshots, from the
# documents that the built server prints.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh
scripts/setup.sh run

mkdir -p web/dist
install_web
# The same features as in `make test`, so that neither compiles what the other has.
with_statements cargo build -q --workspace --bins
for document in openapi asyncapi; do
  "$CARGO_TARGET_DIR/debug/wassally" "$document" >"$CARGO_TARGET_DIR/$document.json"
done
npm --prefix web run --silent schema -- "$CARGO_TARGET_DIR/openapi.json" "$CARGO_TARGET_DIR/asyncapi.json"
