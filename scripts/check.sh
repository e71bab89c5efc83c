#!/usr/bin/env bash
# `make check`: everything that needs no running server. Prints what it runs.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh

run() {
  say "" "> $*"
  "$@"
}

sqlx_is_current() {
  local changed
  changed=$(git status --porcelain .sqlx)
  [ -z "$changed" ] || stop "$changed" "The statements changed: commit what \`make sqlx\` wrote."
}

schema_is_current() {
  local changed
  changed=$(git status --porcelain web/src/api/schema.d.ts web/src/api/messages.d.ts)
  [ -z "$changed" ] || stop "$changed" "What the server says changed: commit what \`make schema\` wrote."
}

# Silent unless a crate names a dependency that it does not use.
dependencies_are_used() {
  local unused
  say "" "> cargo machete"
  unused=$(cargo machete --skip-target-dir 2>&1) || stop "$unused"
}

scripts/setup.sh test
mkdir -p web/dist
run cargo fmt --all --check
dependencies_are_used
run scripts/sqlx.sh
sqlx_is_current
run with_statements cargo clippy --workspace --all-targets -- -D warnings
if web_has check; then
  run scripts/schema.sh
  schema_is_current
  run npm --prefix web run --silent check
fi
