#!/usr/bin/env bash
# Installs what is missing on Debian and Ubuntu, or prints the one line to run as root. `setup.sh run` or `setup.sh test`.
# Fast and silent when everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/environment.sh

wanted=${1:-run}
missing=()

need() { missing+=("$@"); }

find_postgres() {
  local bin
  for bin in "${WASSALLY_PG_BIN:-/nowhere}" /usr/lib/postgresql/*/bin; do
    [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] && return 0
  done
  have initdb && have postgres
}

have_compiler() { have cc && have make; }
have_certificates() { [ -e /etc/ssl/certs/ca-certificates.crt ]; }

list_missing() {
  missing=()
  have_compiler || need build-essential
  have curl || need curl
  have jq || need jq
  have_certificates || need ca-certificates
  find_postgres || need postgresql postgresql-contrib
  have_node || have npm || need nodejs npm
  if [ "$wanted" = test ]; then
    have git || need git
    have psql || need postgresql-client
    have_browser || need chromium
  fi
  have_cargo || ! in_apt rustup || need rustup
}

# `apt-cache show` also succeeds for a name that is only mentioned.
in_apt() { have apt-cache && LC_ALL=C apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'; }

# A cluster of the system would take memory and a port for nothing: ours is private.
no_system_cluster() {
  case " ${missing[*]} " in *" postgresql "*) ;; *) return 0 ;; esac
  apt_get install --no-install-recommends postgresql-common
  sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
}

# Silent when it works: packages talk a lot while they are set up.
apt_get() {
  local said
  said=$(DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 "$@" 2>&1) || stop "$said" "Installing failed: apt-get $*"
}

install_packages() {
  list_missing
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! have apt-get; then
    stop "missing: ${missing[*]} (names as in Debian). Install them and run this again."
  fi
  if [ "$(id -u)" != 0 ]; then
    stop "missing: ${missing[*]}. Run this once as root, then try again:" "  apt-get update && apt-get install -y ${missing[*]}"
  fi
  say "Installing ${missing[*]} ..."
  apt_get update
  list_missing                                  # rustup may have become known
  no_system_cluster
  apt_get install --no-install-recommends "${missing[@]}"
}

# Debian's Node may be older than the web build wants; the registry has it as a package.
install_node() {
  have_node && return 0
  say "Installing Node 22 for the web build (into target/tools) ..."
  mkdir -p target/tools
  npm install --loglevel=error --no-fund --no-audit --no-save --prefix target/tools node@22 >/dev/null && hash -r && have_node || stop "Node 20.19 or newer is needed for the pages, and installing it from npm failed. Install it and try again."
}

install_cargo() {
  if ! have_cargo; then
    have rustup || stop "Rust is missing, and the distribution's own is too old. Install it with rustup, then try again:" \
      "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal"
    say "Installing Rust ..."
  fi
  # The version is the one that rust-toolchain.toml names.
  have rustup || return 0
  rustup show active-toolchain >/dev/null 2>&1 && cargo --version >/dev/null 2>&1 || rustup toolchain install --profile minimal
}

# Finds unused dependencies in `make check`.
install_machete() {
  [ "$wanted" = test ] && ! have cargo-machete || return 0
  say "Installing cargo-machete ..."
  cargo install --quiet --locked cargo-machete || stop "Installing cargo-machete failed: cargo install --locked cargo-machete"
}

install_packages
install_node
install_cargo
install_machete
