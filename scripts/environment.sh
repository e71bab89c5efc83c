# Read by the other scripts: where tools are, what is here, how to speak.
export PATH="$PWD/target/tools/node_modules/node/bin:$HOME/.cargo/bin:$PATH"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"

say() { printf '%s\n' "$@"; }
stop() {
  printf '%s\n' "$@" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# The oldest that the web build runs on is 20.19.
have_node() { have npm && have node && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; }

# rustup fetches the version that rust-toolchain.toml names; without it, cargo itself must be new enough.
have_cargo() {
  have cargo || return 1
  have rustup && return 0
  local least
  least=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  [ "$(printf '%s\n' "$least" "$(cargo --version | cut -d' ' -f2)" | sort -V | head -n 1)" = "$least" ]
}

have_browser() { have chromium || have chromium-browser || have google-chrome; }

# The statements' types come from `.sqlx`, so that a build needs no database; where there is none yet, from a database of its own.
with_statements() {
  if [ -d .sqlx ]; then
    SQLX_OFFLINE=true "$@"
  else
    with_database "$@"
  fi
}

# A throw-away PostgreSQL with all migrations, for the length of a command.
with_database() {
  cargo build -q -p wassally-embedded
  "$CARGO_TARGET_DIR/debug/wassally-embedded" exec --dir "$CARGO_TARGET_DIR/postgres" -- "$@"
}

pages_are_old() {
  [ -e web/dist/index.html ] || return 0
  [ -n "$(find web src/i18n \( -name node_modules -o -name dist -o -name shots -o -name e2e \) -prune -o -type f -newer web/dist/index.html -print -quit)" ]
}

web_has() { [ -e web/package.json ] && node -e 'process.exit(require("./web/package.json").scripts?.[process.argv[1]] ? 0 : 1)' "$1"; }

# The packages that a folder's lock names. Not `npm ci`: it refuses a lock that was written where a registry lacks some other platform's optional
# packages. `--no-save` leaves the lock alone.
install_packages() {
  [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] && return 0
  (cd "$1" && npm install --no-save --no-fund --no-audit --loglevel=error)
  touch "$1/node_modules/.package-lock.json"
}

install_web() { install_packages web; }

build_pages() {
  [ -e web/package.json ] || return 0
  install_web
  (cd web && npm run --silent build)
}
