#!/usr/bin/env bash
# Rewrites `.sqlx`: the types of every checked statement, tests included, from a database with all migrations.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh
scripts/setup.sh run

mkdir -p "$CARGO_TARGET_DIR"
SQLX_OFFLINE_DIR=$(mktemp -d "$CARGO_TARGET_DIR/sqlx.XXXXXX")
export SQLX_OFFLINE_DIR
trap 'rm -rf "$SQLX_OFFLINE_DIR"' EXIT

# A statement is written down when its macro runs, and cargo runs none for what it has compiled already.
find src tests -maxdepth 2 \( -name lib.rs -o -name main.rs \) -exec touch {} +
mkdir -p web/dist
SQLX_OFFLINE=false with_database cargo check -q -p wassally --all-targets
rm -rf .sqlx
if [ -n "$(ls -A "$SQLX_OFFLINE_DIR")" ]; then
  mkdir .sqlx
  cp "$SQLX_OFFLINE_DIR"/query-*.json .sqlx/
fi
say "$(find .sqlx -name 'query-*.json' 2>/dev/null | wc -l) statements are described in .sqlx."
