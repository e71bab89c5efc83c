//! The positions of an EventSource in all its channels at once: the text of its event ids.
//!
//! `<mark of the channels>.<offset>[@<mark of the epoch>].…`, channels sorted by name, an epoch only where it differs from the one before, `-`
//! for a channel without numbers.

use std::fmt;

use crate::host::{Channel, Offset};

/// A position in each of a stream's channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    points: Vec<(Channel, Option<Point>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Point {
    epoch: u32,
    offset: Offset,
}

/// A short mark of a longer text: equal texts have equal marks on every node.
pub fn mark(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |mark, byte| (mark ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

impl Cursor {
    /// A cursor without positions.
    pub fn new(channels: &[Channel]) -> Self {
        let mut points: Vec<_> = channels.iter().map(|channel| (channel.clone(), None)).collect();
        points.sort_by(|(one, _), (other, _)| one.cmp(other));
        points.dedup_by(|(one, _), (other, _)| one == other);
        Self { points }
    }

    /// Reads an event id; `None` when it is not one of ours, or of other channels.
    pub fn parse(text: &str, channels: &[Channel]) -> Option<Self> {
        let mut cursor = Self::new(channels);
        let mut parts = text.split('.');
        if u32::from_str_radix(parts.next()?, 16).ok()? != cursor.mark() {
            return None;
        }
        let mut last = None;
        for (_, point) in &mut cursor.points {
            let part = parts.next()?;
            if part == "-" {
                continue;
            }
            let (offset, epoch) = match part.split_once('@') {
                Some((offset, epoch)) => (offset, u32::from_str_radix(epoch, 16).ok()?),
                None => (part, last?),
            };
            last = Some(epoch);
            *point = Some(Point { epoch, offset: offset.parse().ok()? });
        }
        parts.next().is_none().then_some(cursor)
    }

    /// The mark of the epoch and the offset in a channel.
    pub fn of(&self, channel: &str) -> Option<(u32, Offset)> {
        let (_, point) = self.points.iter().find(|(of, _)| **of == *channel)?;
        point.map(|point| (point.epoch, point.offset))
    }

    /// The channel's position is set.
    pub fn begin(&mut self, channel: &str, epoch: &str, offset: Offset) {
        if let Some((_, point)) = self.points.iter_mut().find(|(of, _)| **of == *channel) {
            *point = Some(Point { epoch: mark(epoch), offset });
        }
    }

    /// The channel moved on; 0 where nothing is numbered.
    pub fn advance(&mut self, channel: &str, offset: Offset) {
        if let Some((_, Some(point))) = self.points.iter_mut().find(|(of, _)| **of == *channel)
            && offset > 0
        {
            point.offset = offset;
        }
    }

    fn mark(&self) -> u32 {
        let names: Vec<&str> = self.points.iter().map(|(channel, _)| &**channel).collect();
        mark(&names.join(","))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.mark())?;
        let mut last = None;
        for (_, point) in &self.points {
            match point {
                None => f.write_str(".-")?,
                Some(point) if last == Some(point.epoch) => write!(f, ".{}", point.offset)?,
                Some(point) => {
                    write!(f, ".{}@{:x}", point.offset, point.epoch)?;
                    last = Some(point.epoch);
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
    fn an_id_restores_every_position() {
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
