//! Deltas in the Fossil format: a publication as the difference to the one before.
//!
//! `<target length>\n`, then `<n>@<offset>,` (copy from the base) and `<n>:<bytes>` (literal), then `<checksum>;`. Blocks of 16 bytes are
//! matched. Cuts fall between characters: in JSON a delta is a string, and half a character in it would be lost.

use rustc_hash::FxHashMap;

const BLOCK: usize = 16;

/// The delta from `base` to `target`; `None` where it would not be smaller than the target.
pub fn encode(base: &[u8], target: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(target.len() / 2);
    number(target.len() as u32, &mut out);
    out.push(b'\n');
    let mut blocks: FxHashMap<&[u8], usize> = FxHashMap::default();
    for (at, block) in base.chunks_exact(BLOCK).enumerate() {
        blocks.entry(block).or_insert(at * BLOCK);
    }
    let (mut done, mut at) = (0, 0);
    while let Some(window) = target.get(at..at + BLOCK) {
        let found = blocks.get(window).and_then(|from| grow(base, target, *from, at, done));
        let Some(Copy { from, start, length }) = found else {
            at += 1;
            continue;
        };
        literal(&target[done..start], &mut out);
        number(length as u32, &mut out);
        out.push(b'@');
        number(from as u32, &mut out);
        out.push(b',');
        (done, at) = (start + length, start + length);
        if out.len() >= target.len() {
            return None;
        }
    }
    literal(&target[done..], &mut out);
    number(checksum(target), &mut out);
    out.push(b';');
    (out.len() < target.len()).then_some(out)
}

/// A piece of the base that occurs in the target too.
struct Copy {
    from: usize,
    start: usize,
    length: usize,
}

/// Grows a matching block both ways, not before `done`, and shrinks it to whole characters.
fn grow(base: &[u8], target: &[u8], from: usize, at: usize, done: usize) -> Option<Copy> {
    let before = base[..from].iter().rev().zip(target[done..at].iter().rev()).take_while(|(one, other)| one == other).count();
    let after = base[from + BLOCK..].iter().zip(&target[at + BLOCK..]).take_while(|(one, other)| one == other).count();
    let (mut start, mut end) = (at - before, at + BLOCK + after);
    while start < end && is_inside(target, start) {
        start += 1;
    }
    while end > start && is_inside(target, end) {
        end -= 1;
    }
    (end - start >= BLOCK / 2).then(|| Copy { from: from + start - at, start, length: end - start }).filter(|_| end > at)
}

/// Whether a cut here would split a character.
fn is_inside(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(|byte| byte & 0xc0 == 0x80)
}

fn literal(bytes: &[u8], out: &mut Vec<u8>) {
    if !bytes.is_empty() {
        number(bytes.len() as u32, out);
        out.push(b':');
        out.extend_from_slice(bytes);
    }
}

/// A number in base 64, most significant digit first.
fn number(mut of: u32, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
    let from = out.len();
    loop {
        out.push(DIGITS[(of & 63) as usize]);
        of >>= 6;
        if of == 0 {
            break;
        }
    }
    out[from..].reverse();
}

/// The sum of the big-endian words, the last padded with zeros.
fn checksum(of: &[u8]) -> u32 {
    of.chunks(4).fold(0, |sum: u32, word| {
        let mut padded = [0; 4];
        padded[..word.len()].copy_from_slice(word);
        sum.wrapping_add(u32::from_be_bytes(padded))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Applies a delta as a client does.
    fn apply(base: &[u8], delta: &[u8]) -> Vec<u8> {
        let digits = |text: &[u8], at: &mut usize| {
            let mut value = 0u32;
            while let Some(digit) =
                b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~".iter().position(|digit| *digit == text[*at])
            {
                value = (value << 6) + digit as u32;
                *at += 1;
            }
            value
        };
        let mut at = 0;
        let length = digits(delta, &mut at) as usize;
        assert_eq!(delta[at], b'\n');
        at += 1;
        let mut out = Vec::new();
        loop {
            let count = digits(delta, &mut at);
            at += 1;
            match delta[at - 1] {
                b'@' => {
                    let from = digits(delta, &mut at) as usize;
                    assert_eq!(delta[at], b',');
                    at += 1;
                    out.extend_from_slice(&base[from..from + count as usize]);
                }
                b':' => {
                    out.extend_from_slice(&delta[at..at + count as usize]);
                    at += count as usize;
                }
                b';' => {
                    assert_eq!((count, out.len(), at), (checksum(&out), length, delta.len()));
                    return out;
                }
                other => panic!("{other}"),
            }
        }
    }

    #[test]
    fn a_changed_field_is_a_small_delta() {
        let base = br#"{"id":"0198","status":"PROCESSING","crew":{"id":"c1","first_name":"Omar"},"items":[1,2,3,4,5,6]}"#;
        let target = br#"{"id":"0198","status":"SHIPPED","crew":{"id":"c1","first_name":"Omar"},"items":[1,2,3,4,5,6]}"#;
        let delta = encode(base, target).unwrap();
        assert!(delta.len() < target.len() / 2, "{}", String::from_utf8_lossy(&delta));
        assert_eq!(apply(base, &delta), target);
    }

    #[test]
    fn texts_without_anything_in_common_have_no_delta() {
        assert_eq!(encode(b"", b"abc"), None);
        assert_eq!(encode(b"aaaaaaaaaaaaaaaaaaaaaaaa", b"bbbbbbbbbbbbbbbbbbbbbbbbbbbb"), None);
    }

    #[test]
    fn edited_texts_of_any_script_come_back_whole_and_every_delta_is_text() {
        let words = ["заказ", "принят", "курьер", " ", "طلب", "配達", "order", "{\"a\":1}", "—", "🚚🚚", "0123456789abcdef"];
        let mut random = fastrand::Rng::with_seed(7);
        let mut text: Vec<&str> = (0..40).map(|_| random.choice(words).unwrap()).collect();
        let mut changed = 0;
        for _ in 0..2000 {
            let base = text.concat();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..text.len());
                match random.u8(..3) {
                    0 if text.len() > 20 => drop(text.remove(at)),
                    1 => text.insert(at, random.choice(words).unwrap()),
                    _ => text[at] = random.choice(words).unwrap(),
                }
            }
            let target = text.concat();
            if let Some(delta) = encode(base.as_bytes(), target.as_bytes()) {
                changed += 1;
                assert!(std::str::from_utf8(&delta).is_ok(), "{delta:?}");
                assert_eq!(apply(base.as_bytes(), &delta), target.as_bytes());
            }
        }
        assert!(changed > 1000, "{changed}");
    }
}
