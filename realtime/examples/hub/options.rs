//! The command line: what the server does, and how its channels behave.

use std::{collections::HashMap, str::FromStr, time::Duration};

use clap::Parser;

/// A hub without a domain: channels, tokens, presence, history.
#[derive(Debug, Parser)]
#[command(name = "hub", disable_version_flag = true)]
pub struct Options {
    /// Port to listen on
    #[arg(long, default_value_t = 8000)]
    pub port: u16,
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub address: std::net::IpAddr,
    /// HS256/384/512 secret of connection and subscription tokens
    #[arg(long)]
    pub hmac_secret: Option<String>,
    /// Connecting needs no token, and every client may do everything
    #[arg(long)]
    pub insecure: bool,
    /// Connecting needs no token; such a user has only the rights of `anyone`
    #[arg(long)]
    pub anonymous: bool,
    /// Each user with an id is subscribed to `#<user>`
    #[arg(long)]
    pub personal_channel: bool,
    /// The rpc method `echo` answers its data
    #[arg(long)]
    pub rpc_echo: bool,
    /// Key of the HTTP API
    #[arg(long)]
    pub api_key: Option<String>,
    /// The HTTP API needs no key
    #[arg(long)]
    pub api_insecure: bool,
    /// Browser origins that may connect; `*` = all
    #[arg(long)]
    pub allowed_origin: Vec<String>,
    #[arg(long)]
    pub redis_url: Vec<String>,
    #[arg(long)]
    pub redis_prefix: Option<String>,
    #[arg(long, default_value = "25s", value_parser = duration)]
    pub ping_interval: Duration,
    #[arg(long, default_value = "8s", value_parser = duration)]
    pub pong_timeout: Duration,
    #[arg(long, default_value = "10s", value_parser = duration)]
    pub connect_timeout: Duration,
    #[arg(long, default_value = "25s", value_parser = duration)]
    pub expiry_grace: Duration,
    #[arg(long, default_value = "40s", value_parser = duration)]
    pub position_check: Duration,
    #[arg(long, default_value = "60s", value_parser = duration)]
    pub presence_ttl: Duration,
    #[arg(long, default_value = "30s", value_parser = duration)]
    pub shutdown_timeout: Duration,
    #[arg(long, default_value_t = 65536)]
    pub message_limit: usize,
    #[arg(long, default_value_t = 1_048_576)]
    pub queue_limit: usize,
    #[arg(long, default_value_t = 128)]
    pub channel_limit: usize,
    #[arg(long, default_value_t = 300)]
    pub history_limit: usize,
    #[arg(long, default_value_t = 300)]
    pub recovery_limit: usize,
    #[arg(long, default_value_t = 0)]
    pub connection_limit: usize,
    #[arg(long, default_value_t = 0)]
    pub user_connection_limit: usize,
    #[arg(long, default_value_t = 0)]
    pub connection_rate_limit: usize,
    /// `name:key=value,key=value`: starts from the values of channels without namespace
    #[arg(long)]
    pub namespace: Vec<String>,
    #[command(flatten)]
    pub channels: ChannelFlags,
}

/// The options of channels without namespace, as given on the command line.
#[derive(Debug, clap::Args)]
pub struct ChannelFlags {
    #[arg(long)]
    presence: bool,
    #[arg(long)]
    tags_filter: bool,
    #[arg(long)]
    user_limited: bool,
    #[arg(long)]
    join_leave: Option<String>,
    #[arg(long)]
    history_size: Option<String>,
    #[arg(long)]
    history_ttl: Option<String>,
    #[arg(long)]
    recovery: Option<String>,
    #[arg(long)]
    positioning: Option<String>,
    #[arg(long)]
    recovery_mode: Option<String>,
    #[arg(long)]
    delta: Option<String>,
    #[arg(long)]
    allow_subscribe: Option<String>,
    #[arg(long)]
    allow_publish: Option<String>,
    #[arg(long)]
    allow_presence: Option<String>,
    #[arg(long)]
    allow_history: Option<String>,
}

/// Whether a feature is off, on request, or always on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Switch {
    #[default]
    Off,
    Allow,
    Force,
}

/// Who has access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    #[default]
    None,
    Subscriber,
    Client,
    Anyone,
}

/// How the channels of a namespace behave.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    pub presence: bool,
    pub user_limited: bool,
    pub join_leave: Switch,
    pub history_size: usize,
    pub history_ttl: Duration,
    pub recovery: Switch,
    pub positioning: Switch,
    pub is_cache: bool,
    pub delta: bool,
    pub subscribe: Access,
    pub publish: Access,
    pub see_presence: Access,
    pub see_history: Access,
}

impl Channels {
    /// Whether publications are kept.
    pub fn has_history(&self) -> bool {
        self.history_size > 0 && !self.history_ttl.is_zero()
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let wrong = |_| format!("'{value}' is not a value of {key}");
        match key {
            "presence" => self.presence = value.parse().map_err(|_| wrong(()))?,
            "user_limited" => self.user_limited = value.parse().map_err(|_| wrong(()))?,
            "tags_filter" => match value {
                "false" => {}
                _ => return Err("filters by tags are not built yet".to_owned()),
            },
            "join_leave" => self.join_leave = value.parse().map_err(wrong)?,
            "history_size" => self.history_size = value.parse().map_err(|_| wrong(()))?,
            "history_ttl" => self.history_ttl = duration(value)?,
            "recovery" => self.recovery = value.parse().map_err(wrong)?,
            "positioning" => self.positioning = value.parse().map_err(wrong)?,
            "recovery_mode" => {
                self.is_cache = match value {
                    "stream" => false,
                    "cache" => true,
                    _ => return Err(wrong(())),
                }
            }
            "delta" => match value {
                "off" => self.delta = false,
                "fossil" => self.delta = true,
                _ => return Err(wrong(())),
            },
            "allow_subscribe" => match value.parse().map_err(wrong)? {
                Access::Subscriber => return Err(wrong(())),
                identity => self.subscribe = identity,
            },
            "allow_publish" => self.publish = value.parse().map_err(wrong)?,
            "allow_presence" => self.see_presence = value.parse().map_err(wrong)?,
            "allow_history" => self.see_history = value.parse().map_err(wrong)?,
            _ => return Err(format!("'{key}' is not an option of channels")),
        }
        Ok(())
    }
}

impl FromStr for Switch {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "off" => Ok(Self::Off),
            "allow" => Ok(Self::Allow),
            "force" => Ok(Self::Force),
            _ => Err(()),
        }
    }
}

impl FromStr for Access {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "none" => Ok(Self::None),
            "subscriber" => Ok(Self::Subscriber),
            "client" => Ok(Self::Client),
            "anyone" => Ok(Self::Anyone),
            _ => Err(()),
        }
    }
}

impl Options {
    /// All namespaces by name, channels without one under `""`. Errors: a sentence about the first invalid option.
    pub fn namespaces(&self) -> Result<HashMap<String, Channels>, String> {
        if !self.redis_url.is_empty() || self.redis_prefix.is_some() {
            return Err("the Redis broker is not built yet".to_owned());
        }
        let flags = &self.channels;
        let mut plain = Channels { presence: flags.presence, user_limited: flags.user_limited, ..Channels::default() };
        if flags.tags_filter {
            plain.set("tags_filter", "true")?;
        }
        let values = [
            ("join_leave", &flags.join_leave),
            ("history_size", &flags.history_size),
            ("history_ttl", &flags.history_ttl),
            ("recovery", &flags.recovery),
            ("positioning", &flags.positioning),
            ("recovery_mode", &flags.recovery_mode),
            ("delta", &flags.delta),
            ("allow_subscribe", &flags.allow_subscribe),
            ("allow_publish", &flags.allow_publish),
            ("allow_presence", &flags.allow_presence),
            ("allow_history", &flags.allow_history),
        ];
        for (key, value) in values {
            if let Some(value) = value {
                plain.set(key, value)?;
            }
        }
        let mut all = HashMap::from([(String::new(), plain.clone())]);
        for text in &self.namespace {
            let (name, pairs) = text.split_once(':').ok_or_else(|| format!("'{text}' is not a namespace: name:key=value,…"))?;
            let mut channels = plain.clone();
            for pair in pairs.split(',').filter(|pair| !pair.is_empty()) {
                let (key, value) = pair.split_once('=').unwrap_or((pair, "true"));
                channels.set(key, value)?;
            }
            all.insert(name.to_owned(), channels);
        }
        Ok(all)
    }
}

/// `400ms`, `25s`, `5m`, `1h`, `0`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|of: char| !of.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| format!("'{text}' is not a duration"))?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number * 60)),
        "h" => Ok(Duration::from_secs(number * 3600)),
        "" if number == 0 => Ok(Duration::ZERO),
        _ => Err(format!("'{text}' is not a duration: 400ms, 25s, 5m, 1h, 0")),
    }
}
