//! What `user:` carries of the wallet.
use super::read::WalletView;
use crate::{event::ChannelMessage, ids::UserId};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WalletMessage {
    /// The wallet in one currency, after a commit that moved money of it.
    WalletChanged(WalletView),
}

impl ChannelMessage for WalletMessage {
    const NAMESPACE: &'static str = "user";
    type Id = UserId;
}
