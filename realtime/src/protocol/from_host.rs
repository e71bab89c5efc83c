//! The host's types in their form on the wire.

use super::{ClientInfo, Disconnect, Error, Publication};
use crate::{error, host::Publisher, log::Entry};

impl From<&error::Error> for Error {
    fn from(of: &error::Error) -> Self {
        Self { code: of.code, message: of.message.to_string(), temporary: of.temporary }
    }
}

/// An error that closes the connection with this code and reason.
impl From<Disconnect> for error::Error {
    fn from(of: Disconnect) -> Self {
        Self::new(of.code.into(), of.reason)
    }
}

impl From<&Publisher> for ClientInfo {
    fn from(of: &Publisher) -> Self {
        Self {
            user: of.user.to_string(),
            client: of.client.to_string(),
            conn_info: of.conn_info.clone().unwrap_or_default(),
            chan_info: of.chan_info.clone().unwrap_or_default(),
        }
    }
}

impl From<&Entry> for Publication {
    fn from(of: &Entry) -> Self {
        Self { data: of.body.clone(), info: of.by.as_deref().map(ClientInfo::from), offset: of.offset, ..Self::default() }
    }
}
