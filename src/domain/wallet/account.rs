//! Accounts: their owner, purpose and currency. Their ids are derived from these, so that a posting needs no look-up.
use crate::{
    ids::{Region, UserId},
    money::Currency,
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// One side of a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Account {
    /// A person's money, free to spend.
    Available(UserId),
    /// A person's money set aside by holds.
    Held(UserId),
    /// What the platform owes a seller.
    SellerPayable(UserId),
    /// What the platform owes a crew.
    CrewPayable(UserId),
    /// Cash in a crew's bag: falls below zero by what they must hand in.
    CrewCash(UserId),
    /// Cash a seller took at the counter for the platform.
    SellerCash(UserId),
    PlatformFee,
    Tax,
    /// Money of unfinished orders that is in no wallet.
    Escrow,
    /// The source of demo money and gifts.
    Funding,
    /// Money on its way from or to a payment gateway.
    GatewayClearing,
}

impl Account {
    /// The word in SQL and JSON.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Available(_) => "available",
            Self::Held(_) => "held",
            Self::SellerPayable(_) => "seller_payable",
            Self::CrewPayable(_) => "crew_payable",
            Self::CrewCash(_) => "crew_cash",
            Self::SellerCash(_) => "seller_cash",
            Self::PlatformFee => "platform_fee",
            Self::Tax => "tax",
            Self::Escrow => "escrow",
            Self::Funding => "funding",
            Self::GatewayClearing => "gateway_clearing",
        }
    }

    /// The person it belongs to; `None` for the platform's own accounts.
    pub const fn owner(self) -> Option<UserId> {
        match self {
            Self::Available(user)
            | Self::Held(user)
            | Self::SellerPayable(user)
            | Self::CrewPayable(user)
            | Self::CrewCash(user)
            | Self::SellerCash(user) => Some(user),
            _ => None,
        }
    }

    /// Whether it must never fall below zero. Such accounts have a balance row, which is locked and checked.
    pub const fn has_floor(self) -> bool {
        matches!(self, Self::Available(_) | Self::Held(_) | Self::SellerPayable(_) | Self::CrewPayable(_))
    }

    /// Its id in `region` and `currency`: a UUIDv8 that carries the region, as all ids do.
    pub(super) fn id(self, region: Region, currency: Currency) -> Uuid {
        let mut digest = Sha256::new();
        digest.update(self.owner().map_or(Uuid::nil(), UserId::uuid).as_bytes());
        digest.update(self.kind());
        digest.update([0]);
        digest.update(currency.code());
        let mut bytes: [u8; 16] = digest.finalize()[..16].try_into().expect("SHA-256 is longer than an id");
        bytes[6..8].copy_from_slice(&(0x8000 | region.number().unsigned_abs() & 0x0fff).to_be_bytes());
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Uuid::from_bytes(bytes)
    }
}

/// Why money moved, as its owner reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[sqlx(type_name = "text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    EscrowHold,
    EscrowRelease,
    Payment,
    Refund,
    Topup,
    Payout,
    Fee,
    Tip,
    Adjustment,
}

impl Kind {
    /// The word in SQL and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EscrowHold => "ESCROW_HOLD",
            Self::EscrowRelease => "ESCROW_RELEASE",
            Self::Payment => "PAYMENT",
            Self::Refund => "REFUND",
            Self::Topup => "TOPUP",
            Self::Payout => "PAYOUT",
            Self::Fee => "FEE",
            Self::Tip => "TIP",
            Self::Adjustment => "ADJUSTMENT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_is_the_same_each_time_and_knows_its_region() {
        let user = UserId(Uuid::from_u128(7));
        let usd = "USD".parse().expect("a currency");
        let region = Region::numbered(47);
        let id = Account::Available(user).id(region, usd);
        assert_eq!(id, Account::Available(user).id(region, usd));
        assert_eq!(Region::of(id), region);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        let others = [
            Account::Held(user).id(region, usd),
            Account::Available(UserId(Uuid::from_u128(8))).id(region, usd),
            Account::Available(user).id(Region::FIRST, usd),
            Account::Available(user).id(region, "EUR".parse().expect("a currency")),
        ];
        assert!(others.iter().all(|other| *other != id));
    }
}
