//! How many event streams a user has open on this node. The hub counts sockets itself.
use crate::{App, ids::UserId};
use dashmap::{DashMap, Entry};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Open streams by user.
#[derive(Debug, Default)]
pub struct Places(DashMap<UserId, usize>);

/// One of them, until it leaves.
#[derive(Debug)]
pub struct Place {
    user: UserId,
    has_left: AtomicBool,
}

impl Places {
    /// Takes a place; `None` when the user has `most` already; 0 = no bound.
    pub fn take(&self, user: UserId, most: usize) -> Option<Place> {
        let mut open = self.0.entry(user).or_default();
        if most > 0 && *open >= most {
            return None;
        }
        *open += 1;
        Some(Place { user, has_left: AtomicBool::new(false) })
    }
}

impl Place {
    /// Gives the place back; once is enough.
    pub fn leave(&self, app: &App) {
        if self.has_left.swap(true, Relaxed) {
            return;
        }
        if let Entry::Occupied(mut open) = app.streams().places.0.entry(self.user) {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
    }
}
