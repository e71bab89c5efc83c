//! Every setting of the hub. The caller passes it in: the hub reads no environment and no file.

use std::{sync::Arc, time::Duration};

/// Bounds and times. [`Config::default`] is the product's; the example hub sets its own.
#[derive(Debug, Clone)]
pub struct Config {
    /// Name of this node in stats and presence.
    pub node: Arc<str>,
    /// The epoch of durable channels until the host renews it. Empty: taken from the first reading of the log.
    pub epoch: Arc<str>,
    /// Version in the connect result.
    pub version: Arc<str>,
    /// Between two pings; zero = none.
    pub ping_interval: Duration,
    /// A pong that takes longer closes with 3012.
    pub pong_timeout: Duration,
    /// A socket without an accepted connect closes with 3502 after this time.
    pub connect_timeout: Duration,
    /// An expired connection or subscription ends with 3005 or 2501 this long after its expiry.
    pub expiry_grace: Duration,
    /// A connection whose writes make no progress for this long is dropped.
    pub stall_timeout: Duration,
    /// Largest message of a client, bytes: 1009 beyond.
    pub message_limit: usize,
    /// Bytes waiting for one client: 3008 beyond.
    pub queue_limit: usize,
    /// Commands waiting behind a running one: 111 beyond.
    pub command_limit: usize,
    /// Channels of one connection: 106 beyond (3505 for server-side ones).
    pub channel_limit: usize,
    /// Most publications in one recovery, and their bytes.
    pub recovery_limit: usize,
    pub recovery_bytes: usize,
    /// Most publications in one answer to `history`.
    pub history_limit: usize,
    /// Recent publications and bytes that a channel's sequencer holds for recovery from memory, and for how long.
    pub recent_limit: usize,
    pub recent_bytes: usize,
    pub recent_age: Duration,
    /// Connections of this node, of one user, and new ones a second; 0 = no limit.
    pub connection_limit: usize,
    pub user_connection_limit: usize,
    pub connection_rate_limit: usize,
    /// Browser origins that may connect; `*` = all, empty = only the server's own. A request without `Origin` is always allowed.
    pub allowed_origins: Vec<String>,
    /// Subscriptions of a channel beyond which its fan-out runs in a task of its own.
    pub fan_out_inline: usize,
    /// Size of the kernel's send buffer, bytes.
    pub send_buffer: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            node: Arc::from("node"),
            epoch: Arc::from(""),
            version: Arc::from(env!("CARGO_PKG_VERSION")),
            ping_interval: Duration::from_secs(25),
            pong_timeout: Duration::from_secs(8),
            connect_timeout: Duration::from_secs(10),
            expiry_grace: Duration::from_secs(25),
            stall_timeout: Duration::from_secs(30),
            message_limit: 64 * 1024,
            queue_limit: 512 * 1024,
            command_limit: 16,
            channel_limit: 128,
            recovery_limit: 1000,
            recovery_bytes: 512 * 1024,
            history_limit: 300,
            recent_limit: 300,
            recent_bytes: 256 * 1024,
            recent_age: Duration::from_secs(60),
            connection_limit: 0,
            user_connection_limit: 0,
            connection_rate_limit: 0,
            allowed_origins: vec!["*".to_owned()],
            fan_out_inline: 128,
            send_buffer: 64 * 1024,
        }
    }
}
