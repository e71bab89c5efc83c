//! What a subscription may do, and how its channel is kept.

use bytes::Bytes;
use tokio::time::Instant;

/// What a subscription may do.
#[derive(Debug, Clone)]
pub struct Grant {
    pub retention: Retention,
    pub presence: Presence,
    /// The subscriber may publish (on ephemeral channels, or where the host accepts it).
    pub publish: bool,
    /// When the right ends unless refreshed; `None` = with the connection.
    pub expires_at: Option<Instant>,
    /// Goes into the subscribe result; where `None`, the snapshot's data does.
    pub data: Option<Bytes>,
    /// `chan_info` shown in presence.
    pub info: Option<Bytes>,
    /// Whether its joining and leaving is announced, and whether it receives such announcements.
    pub join_leave: JoinLeave,
    /// What the client may do with its position, on [`Retention::Durable`] and [`Retention::Ring`].
    pub recovery: Recovery,
    /// Clients that ask for deltas get them.
    pub delta: bool,
}

impl Grant {
    /// A grant with this retention and nothing else: no presence, no publishing, no expiry.
    pub fn of(retention: Retention) -> Self {
        Self {
            retention,
            presence: Presence::Off,
            publish: false,
            expires_at: None,
            data: None,
            info: None,
            join_leave: JoinLeave::Off,
            recovery: Recovery::Stream,
            delta: false,
        }
    }
}

/// How a channel's publications are kept, and what a reader that lags gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// Numbered and recovered by the host's log. Queued up to the bound, then 3008; never conflated.
    Durable,
    /// Ephemeral; this node numbers the last so many itself and recovers from them.
    Ring(usize),
    /// Ephemeral; only the newest counts. A lagging reader gets the snapshot.
    Latest,
    /// Ephemeral changes to a state. A lagging reader gets the snapshot.
    Deltas,
    /// Ephemeral without a state: queued up to the bound, then 3008.
    Plain,
}

/// Which presence information a channel offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Presence {
    #[default]
    Off,
    /// How many clients and users.
    Counts,
    /// And who they are.
    List,
}

/// Who is notified when subscribers join and leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JoinLeave {
    #[default]
    Off,
    /// Others are notified of this subscriber.
    Announced,
    /// And it is notified of others, itself included.
    Both,
}

/// What a client may do with its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recovery {
    /// The client gets no position.
    Off,
    /// It gets one, and gaps end the subscription; no recovery.
    Positioned,
    /// It gets one and recovers from it.
    #[default]
    Stream,
    /// It recovers the latest value only.
    Cache,
}
