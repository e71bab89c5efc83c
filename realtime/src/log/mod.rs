//! A channel's publications in order: their form inside the hub, a bounded memory of them, and the join of history with what was buffered live.
//! Pure: no clock, no lock, no task; time is handed in.

pub mod recovery;
pub mod ring;

use std::sync::Arc;

use bytes::Bytes;

pub use crate::host::{Epoch, Offset, Publication, Publisher, Revoke};
pub use recovery::{Ended, Joined, Joining, Position, Recovered, Step};
pub use ring::{Bounds, Ring};

/// A numbered publication of a channel as the hub holds it. Clones share all parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the channel: 1, 2, 3 … without gaps.
    pub offset: Offset,
    /// The payload, as it goes to clients.
    pub body: Bytes,
    /// Whose right to read the channel ends here; `None` for nobody's, as nearly always.
    pub revokes: Option<Arc<[Revoke]>>,
    /// The client that published, where one did.
    pub by: Option<Arc<Publisher>>,
    /// What observers get beside the body.
    pub internal: Option<Bytes>,
}

impl Entry {
    /// A publication of the host that ends nobody's right.
    pub fn new(offset: Offset, body: impl Into<Bytes>) -> Self {
        Self { offset, body: body.into(), revokes: None, by: None, internal: None }
    }

    /// The same publication, ending these rights.
    pub fn revoking(mut self, revokes: impl IntoIterator<Item = Revoke>) -> Self {
        let revokes: Arc<[Revoke]> = revokes.into_iter().collect();
        self.revokes = (!revokes.is_empty()).then_some(revokes);
        self
    }

    /// How this publication ends the right of `user`; `None` when it does not.
    pub fn revokes(&self, user: &str) -> Option<&Revoke> {
        self.revokes.as_deref()?.iter().find(|revoke| &*revoke.user == user)
    }

    /// What it costs to hold, in bytes.
    pub fn weight(&self) -> usize {
        self.body.len() + self.internal.as_ref().map_or(0, Bytes::len) + size_of::<Self>()
    }
}

impl From<Publication> for Entry {
    fn from(of: Publication) -> Self {
        Self { by: of.by, internal: of.internal, ..Self::new(of.offset, of.body).revoking(of.revokes) }
    }
}
