#!/usr/bin/env bash
# Writes `web/src/api/schema.d.ts` again: the types of inputs, answers and errors, from the document that the built server prints.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh
scripts/setup.sh run

mkdir -p web/dist
install_web
with_statements cargo build -q -p wassally --bin wassally
"$CARGO_TARGET_DIR/debug/wassally" openapi >"$CARGO_TARGET_DIR/openapi.json"
OPENAPI="$CARGO_TARGET_DIR/openapi.json" npm --prefix web run --silent schema
