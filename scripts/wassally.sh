#!/usr/bin/env bash
# Runs the built server with these words.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh
scripts/setup.sh run
scripts/build.sh
exec "$CARGO_TARGET_DIR/debug/wassally" "$@"
