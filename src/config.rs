//! Every setting, from the environment and `.env`: typed, with unit and default; all faults at once.
use crate::money::Currency;
use secrecy::SecretString;
use std::{collections::BTreeMap, fmt::Write, net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

/// Where the rows are.
#[derive(Debug, Clone)]
pub enum Database {
    /// A private PostgreSQL under the data directory.
    Embedded,
    /// A server of the operator's.
    Url(SecretString),
}

/// When the crew needs the customer's PIN or code to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofRequired {
    Always,
    Wallet,
    Never,
}

/// The whole configuration. `deploy/env.sample` has a line for each.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    pub database: Database,
    pub data_dir: PathBuf,
    /// The first signs, all verify. Empty with the embedded database: then one is generated and stored in the data directory.
    pub secret_keys: Vec<SecretString>,
    pub public_url: Option<String>,
    pub allowed_origins: Vec<String>,
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Currency of prices that name none.
    pub currency: Currency,
    pub metrics_listen: Option<SocketAddr>,
    pub proof_required: ProofRequired,
    /// Free time of the pools, in connections: commands, live reads, background.
    pub pools: (u32, u32, u32),
    /// Largest JSON body, in bytes.
    pub body_limit: usize,
    /// Longest a request may take.
    pub request_timeout: Duration,
    /// Most requests handled at the same time; more get 503.
    pub request_limit: usize,
    /// Sockets of one user on this node, and as many streams; 0 = no bound.
    pub user_connections: usize,
    /// Queries and commands a second of one user; 0 = no limit.
    pub user_queries: u32,
    pub user_commands: u32,
    pub drain: Duration,
    pub log_json: bool,
    /// PostgreSQL's programs for the private database.
    pub pg_bin: Option<PathBuf>,
    pub debug: bool,
}

/// Everything wrong with the settings, a line each.
#[derive(Debug, thiserror::Error)]
#[error("the settings have faults:\n{0}")]
pub struct Faults(String);

/// `(name, unit and meaning)` of every setting, in the order of `deploy/env.sample`.
pub const NAMES: &[(&str, &str)] = &[
    ("WASSALLY_LISTEN", "address and port; 127.0.0.1:8080"),
    ("DATABASE_URL", "PostgreSQL with its contrib modules (pg_trgm); unset: a private one under the data directory"),
    ("WASSALLY_DATA_DIR", "directory; ./data"),
    (
        "WASSALLY_SECRET_KEY",
        "32 characters or more, or a list by commas: the first signs, all verify; unset with the embedded database: generated once and stored",
    ),
    ("WASSALLY_PUBLIC_URL", "URL that people open; unset: taken from the address"),
    ("WASSALLY_ALLOWED_ORIGINS", "list of browser origins by commas; unset: only its own"),
    ("WASSALLY_TRUSTED_PROXIES", "list of IP addresses by commas whose X-Forwarded-For is trusted; none"),
    ("WASSALLY_CURRENCY", "ISO 4217 code; USD"),
    ("WASSALLY_METRICS_LISTEN", "address and port of /metrics; unset: on the main port, for callers of the same machine alone"),
    ("WASSALLY_PROOF_REQUIRED", "always, wallet or never; always"),
    ("WASSALLY_POOLS", "connections for commands, live reads, background; 12,6,3"),
    ("WASSALLY_BODY_LIMIT", "bytes of a JSON body; 1048576"),
    ("WASSALLY_REQUEST_TIMEOUT", "seconds; 30"),
    ("WASSALLY_REQUEST_LIMIT", "requests at once; 512"),
    ("WASSALLY_USER_CONNECTIONS", "sockets that one user may have open, and as many event streams; 0 = no bound; 32"),
    ("WASSALLY_USER_QUERIES", "queries a second of one user, with bursts of five seconds' worth; 0 = no limit; 100"),
    ("WASSALLY_USER_COMMANDS", "commands a second of one user, with bursts of five seconds' worth; 0 = no limit; 50"),
    ("WASSALLY_DRAIN", "seconds that clients are sent away over when stopping; 2"),
    ("WASSALLY_LOG", "text or json; text"),
    ("WASSALLY_DEBUG", "true for more logs, never more rights; false"),
    ("WASSALLY_PG_BIN", "directory of PostgreSQL's programs for the private database; found by itself"),
];

impl Config {
    /// Reads the process's environment, after `.env` in the working directory.
    pub fn from_env() -> Result<Self, Faults> {
        if let Err(error) = dotenvy::dotenv()
            && !error.not_found()
        {
            return Err(Faults(format!("  .env: {error}")));
        }
        Self::from(&std::env::vars().collect())
    }

    /// Reads the settings out of `vars`.
    pub fn from(vars: &BTreeMap<String, String>) -> Result<Self, Faults> {
        let mut read = Reader { vars, faults: String::new() };
        let config = Self {
            listen: read.or("WASSALLY_LISTEN", "127.0.0.1:8080"),
            database: match read.text("DATABASE_URL") {
                Some(url) => Database::Url(url.into()),
                None => Database::Embedded,
            },
            data_dir: read.or("WASSALLY_DATA_DIR", "./data"),
            secret_keys: read.list::<String>("WASSALLY_SECRET_KEY").into_iter().map(Into::into).collect(),
            public_url: read.text("WASSALLY_PUBLIC_URL").map(str::to_owned),
            allowed_origins: read.list("WASSALLY_ALLOWED_ORIGINS"),
            trusted_proxies: read.list("WASSALLY_TRUSTED_PROXIES"),
            currency: read.or("WASSALLY_CURRENCY", "USD"),
            metrics_listen: read
                .text("WASSALLY_METRICS_LISTEN")
                .map(str::to_owned)
                .map(|_| read.or("WASSALLY_METRICS_LISTEN", "127.0.0.1:9090")),
            proof_required: read.or("WASSALLY_PROOF_REQUIRED", "always"),
            pools: read.pools(),
            body_limit: read.or("WASSALLY_BODY_LIMIT", "1048576"),
            request_timeout: Duration::from_secs(read.or("WASSALLY_REQUEST_TIMEOUT", "30")),
            request_limit: read.or("WASSALLY_REQUEST_LIMIT", "512"),
            user_connections: read.or("WASSALLY_USER_CONNECTIONS", "32"),
            user_queries: read.or("WASSALLY_USER_QUERIES", "100"),
            user_commands: read.or("WASSALLY_USER_COMMANDS", "50"),
            drain: Duration::from_secs(read.or("WASSALLY_DRAIN", "2")),
            log_json: read.or::<LogForm>("WASSALLY_LOG", "text").0,
            pg_bin: read.text("WASSALLY_PG_BIN").map(PathBuf::from),
            debug: read.or("WASSALLY_DEBUG", "false"),
        };
        read.check(&config);
        if read.faults.is_empty() { Ok(config) } else { Err(Faults(read.faults)) }
    }
}

impl FromStr for ProofRequired {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "always" => Ok(Self::Always),
            "wallet" => Ok(Self::Wallet),
            "never" => Ok(Self::Never),
            _ => Err("always, wallet or never"),
        }
    }
}

struct LogForm(bool);

impl FromStr for LogForm {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self(true)),
            "text" => Ok(Self(false)),
            _ => Err("text or json"),
        }
    }
}

struct Reader<'a> {
    vars: &'a BTreeMap<String, String>,
    faults: String,
}

impl<'a> Reader<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        self.vars.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    fn fault(&mut self, name: &str, why: &str) {
        let meaning = NAMES.iter().find(|(known, _)| *known == name).map_or("", |(_, meaning)| meaning);
        let _ = writeln!(self.faults, "  {name}: {why} ({meaning})");
    }

    /// The value of `name`, or of `default`; a bad one is noted and the default taken so that the pass goes on.
    fn or<T: FromStr>(&mut self, name: &str, default: &str) -> T {
        let parsed = self.text(name).map(str::parse::<T>);
        match parsed {
            Some(Ok(value)) => return value,
            Some(Err(_)) => self.fault(name, "cannot be read"),
            None => {}
        }
        default.parse().ok().expect("defaults parse: a test reads them")
    }

    fn list<T: FromStr>(&mut self, name: &str) -> Vec<T> {
        let text = self.text(name).unwrap_or_default();
        let parts: Vec<_> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        let read: Vec<T> = parts.iter().filter_map(|part| part.parse().ok()).collect();
        if read.len() < parts.len() {
            self.fault(name, "has a part that cannot be read");
        }
        read
    }

    fn pools(&mut self) -> (u32, u32, u32) {
        let sizes: Vec<u32> = self.list("WASSALLY_POOLS");
        match sizes[..] {
            [] => (12, 6, 3),
            [commands, live, background] if commands > 0 && live > 0 && background > 0 => (commands, live, background),
            _ => {
                self.fault("WASSALLY_POOLS", "wants three numbers above 0");
                (12, 6, 3)
            }
        }
    }

    fn check(&mut self, config: &Config) {
        use secrecy::ExposeSecret;
        for name in self.vars.keys().filter(|name| name.starts_with("WASSALLY_")) {
            if !NAMES.iter().any(|(known, _)| known == name) {
                let _ = writeln!(self.faults, "  {name}: no such setting");
            }
        }
        if matches!(config.database, Database::Url(_)) && config.secret_keys.is_empty() {
            self.fault("WASSALLY_SECRET_KEY", "is needed beside a DATABASE_URL");
        }
        if config.secret_keys.iter().any(|key| key.expose_secret().len() < 32) {
            self.fault("WASSALLY_SECRET_KEY", "is shorter than 32 characters");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Config, Faults> {
        Config::from(&vars.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect())
    }

    #[test]
    fn the_defaults_stand_alone() {
        let config = read(&[]).expect("defaults");
        assert!(matches!(config.database, Database::Embedded));
        assert_eq!(config.listen.port(), 8080);
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let faults = read(&[
            ("WASSALLY_LISTEN", "here"),
            ("WASSALLY_CURENCY", "USD"),
            ("WASSALLY_CURRENCY", "???"),
            ("DATABASE_URL", "postgres://x"),
        ])
        .expect_err("four faults")
        .to_string();
        for part in [
            "WASSALLY_LISTEN: cannot be read",
            "WASSALLY_CURENCY: no such setting",
            "WASSALLY_CURRENCY: cannot",
            "WASSALLY_SECRET_KEY: is needed",
        ] {
            assert!(faults.contains(part), "{part} in {faults}");
        }
    }

    #[test]
    fn secrets_do_not_print_themselves() {
        let key = "k".repeat(32);
        let config = read(&[("DATABASE_URL", "postgres://u:pw@h/d"), ("WASSALLY_SECRET_KEY", &key)]).expect("both given");
        let shown = format!("{config:?}");
        assert!(!shown.contains("pw@") && !shown.contains(&key), "{shown}");
    }

    #[test]
    fn every_setting_has_its_line_in_the_sample() {
        let sample = include_str!("../deploy/env.sample");
        for (name, _) in NAMES {
            assert!(sample.contains(&format!("{name}=")), "{name}");
        }
    }
}
