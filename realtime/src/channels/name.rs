//! What a channel's name says: `namespace:rest`, `$private`, `room#anna,ben`.

/// The longest name, in bytes.
pub const LONGEST: usize = 255;

/// Why a name cannot be a channel's. The order of the checks is the order of the refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Closes with 3501.
    #[error("the channel is empty")]
    Empty,
    /// Error 107.
    #[error("the channel is not ASCII")]
    NotAscii,
    /// Error 107.
    #[error("the channel is longer than {LONGEST} bytes")]
    TooLong,
}

/// Checks that `name` has 1 to 255 bytes of ASCII.
pub fn check(name: &str) -> Result<(), BadName> {
    match name {
        "" => Err(BadName::Empty),
        _ if !name.is_ascii() => Err(BadName::NotAscii),
        _ if name.len() > LONGEST => Err(BadName::TooLong),
        _ => Ok(()),
    }
}

/// What stands before the first `:`, without the `$` of private channels; empty where there is no `:`.
pub fn namespace(name: &str) -> &str {
    name.strip_prefix('$').unwrap_or(name).split_once(':').map_or("", |(namespace, _)| namespace)
}

/// What stands after the first `:`; the whole name where there is none.
pub fn rest(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, rest)| rest)
}

/// Whether a subscription needs a token of its own, whatever else is allowed.
pub fn is_private(name: &str) -> bool {
    name.starts_with('$')
}

/// The only users that the channel is for: those after the last `#`, comma-separated; `None` without a `#`.
pub fn users(name: &str) -> Option<impl Iterator<Item = &str>> {
    name.rsplit_once('#').map(|(_, users)| users.split(','))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_1_to_255_bytes_of_ascii() {
        assert_eq!(check(""), Err(BadName::Empty));
        assert_eq!(check("ordér"), Err(BadName::NotAscii));
        assert_eq!(check(&"ж".repeat(200)), Err(BadName::NotAscii));
        assert_eq!(check(&"a".repeat(256)), Err(BadName::TooLong));
        assert_eq!(check(&"a".repeat(255)), Ok(()));
    }

    #[test]
    fn the_private_mark_is_no_part_of_the_namespace() {
        assert_eq!((namespace("order:7"), rest("order:7")), ("order", "7"));
        assert_eq!((namespace("$order:7:b"), rest("$order:7:b")), ("order", "7:b"));
        assert_eq!((namespace("lobby"), rest("lobby")), ("", "lobby"));
        assert!(is_private("$order:7") && !is_private("order:7"));
    }

    #[test]
    fn user_limits_stand_after_the_last_mark() {
        assert_eq!(users("room#a#anna,ben").map(Iterator::collect::<Vec<_>>), Some(vec!["anna", "ben"]));
        assert!(users("room").is_none());
        assert_eq!(users("#").map(Iterator::collect::<Vec<_>>), Some(vec![""]));
    }
}
