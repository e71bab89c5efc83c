//! A channel's publications in order: what one is, a bounded memory of them, and the join of history with what was buffered live.
//! Pure: no clock, no lock, no task; time is handed in.

pub mod recovery;
pub mod ring;

use std::sync::Arc;

use bytes::Bytes;

pub use crate::host::{Ends, Epoch, Kept, Offset, Publisher};
pub use recovery::{Ended, Joined, Joining, Place, Recovered, Step};
pub use ring::{Bounds, Ring};

/// A numbered publication of a channel as the hub holds it. Clones share all parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Its number in the channel: 1, 2, 3 … without gaps.
    pub offset: Offset,
    /// The payload, as it goes to clients.
    pub body: Bytes,
    /// Whose right to read the channel ends here; `None` for nobody's, as nearly always.
    pub ends_for: Option<Arc<[Ends]>>,
    /// The client that published, where one did.
    pub by: Option<Arc<Publisher>>,
}

impl Publication {
    /// A publication of the host that ends nobody's right.
    pub fn new(offset: Offset, body: impl Into<Bytes>) -> Self {
        Self { offset, body: body.into(), ends_for: None, by: None }
    }

    /// The same publication, ending these rights.
    pub fn ending(mut self, ends_for: impl IntoIterator<Item = Ends>) -> Self {
        let ends: Arc<[Ends]> = ends_for.into_iter().collect();
        self.ends_for = (!ends.is_empty()).then_some(ends);
        self
    }

    /// How this publication ends the right of `user`; `None` when it does not.
    pub fn ends(&self, user: &str) -> Option<&Ends> {
        self.ends_for.as_deref()?.iter().find(|ends| &*ends.user == user)
    }

    /// What it costs to hold, in bytes.
    pub fn weight(&self) -> usize {
        self.body.len() + size_of::<Self>()
    }
}

impl From<Kept> for Publication {
    fn from(of: Kept) -> Self {
        Self { by: of.by, ..Self::new(of.offset, of.body).ending(of.ends_for) }
    }
}
