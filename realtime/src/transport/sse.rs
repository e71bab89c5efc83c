//! Plain EventSource.

/// The body of an EventSource response.
pub struct EventStream {}
