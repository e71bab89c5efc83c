//! Where an EventSource stands in all its channels at once: the text of its event ids.
//!
//! `<mark of the channels>.<offset>[@<mark of the epoch>].…`, channels sorted by name, an epoch only where it differs from the one before, `-`
//! for a channel without numbers.

use std::fmt;

use crate::host::{Channel, Offset};

/// A place in each of a stream's channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    places: Vec<(Channel, Option<Place>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    epoch: u32,
    offset: Offset,
}

/// A short mark of a longer text: equal texts have equal marks on every node.
pub fn mark(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |mark, byte| (mark ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

impl Cursor {
    /// A cursor that stands nowhere yet.
    pub fn new(channels: &[Channel]) -> Self {
        let mut places: Vec<_> = channels.iter().map(|channel| (channel.clone(), None)).collect();
        places.sort_by(|(one, _), (other, _)| one.cmp(other));
        places.dedup_by(|(one, _), (other, _)| one == other);
        Self { places }
    }

    /// Reads an event id; `None` when it is none of ours, or of other channels.
    pub fn parse(text: &str, channels: &[Channel]) -> Option<Self> {
        let mut cursor = Self::new(channels);
        let mut parts = text.split('.');
        if u32::from_str_radix(parts.next()?, 16).ok()? != cursor.mark() {
            return None;
        }
        let mut last = None;
        for (_, place) in &mut cursor.places {
            let part = parts.next()?;
            if part == "-" {
                continue;
            }
            let (offset, epoch) = match part.split_once('@') {
                Some((offset, epoch)) => (offset, u32::from_str_radix(epoch, 16).ok()?),
                None => (part, last?),
            };
            last = Some(epoch);
            *place = Some(Place { epoch, offset: offset.parse().ok()? });
        }
        parts.next().is_none().then_some(cursor)
    }

    /// The mark of the epoch and the offset in a channel.
    pub fn of(&self, channel: &str) -> Option<(u32, Offset)> {
        let (_, place) = self.places.iter().find(|(of, _)| **of == *channel)?;
        place.map(|place| (place.epoch, place.offset))
    }

    /// The channel stands here now.
    pub fn begin(&mut self, channel: &str, epoch: &str, offset: Offset) {
        if let Some((_, place)) = self.places.iter_mut().find(|(of, _)| **of == *channel) {
            *place = Some(Place { epoch: mark(epoch), offset });
        }
    }

    /// The channel moved on; 0 where nothing is numbered.
    pub fn advance(&mut self, channel: &str, offset: Offset) {
        if let Some((_, Some(place))) = self.places.iter_mut().find(|(of, _)| **of == *channel)
            && offset > 0
        {
            place.offset = offset;
        }
    }

    fn mark(&self) -> u32 {
        let names: Vec<&str> = self.places.iter().map(|(channel, _)| &**channel).collect();
        mark(&names.join(","))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.mark())?;
        let mut last = None;
        for (_, place) in &self.places {
            match place {
                None => f.write_str(".-")?,
                Some(place) if last == Some(place.epoch) => write!(f, ".{}", place.offset)?,
                Some(place) => {
                    write!(f, ".{}@{:x}", place.offset, place.epoch)?;
                    last = Some(place.epoch);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_brings_back_every_place() {
        let channels: Vec<Channel> = ["shop:2", "order:1", "typing:3"].map(Channel::from).to_vec();
        let mut cursor = Cursor::new(&channels);
        cursor.begin("order:1", "a1", 7);
        cursor.begin("shop:2", "a1", 40);
        cursor.advance("shop:2", 41);
        let id = cursor.to_string();
        assert_eq!(Cursor::parse(&id, &channels), Some(cursor.clone()), "{id}");
        assert_eq!(cursor.of("shop:2"), Some((mark("a1"), 41)));
        assert_eq!(cursor.of("typing:3"), None);
        assert_eq!(Cursor::parse(&id, &channels[..2]), None, "other channels");
        for broken in ["", "x", "1.2.3", &format!("{id}.4"), &id[..id.len() - 3]] {
            assert_eq!(Cursor::parse(broken, &channels), None, "{broken}");
        }
    }
}
