#!/usr/bin/env bash
# `make test`: every test, against real processes. Prints what it runs.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh

run() {
  say "" "> $*"
  "$@"
}

scripts/setup.sh test
install_packages tests/sdk/js
run scripts/build.sh
run with_statements cargo test --workspace
for script in test e2e; do
  web_has "$script" && install_web && run npm --prefix web run --silent "$script"
done
