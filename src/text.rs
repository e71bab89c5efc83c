//! What people write: names, addresses and reasons on one line, notes on several. Control characters stand in neither: a screen, a mail or a
//! printer might obey them.
use crate::problem::Checked;
use crate::problem::Problem;

/// Longest reason or note, in characters.
const WORDS_MAX: usize = 500;

/// One line of at most `most` characters. Errors: the slug of what is wrong with it.
pub fn line(text: &str, most: usize) -> Result<(), &'static str> {
    check(text, most, |_| false)
}

/// The same on several lines, with tabs.
pub fn lines(text: &str, most: usize) -> Result<(), &'static str> {
    check(text, most, |c| matches!(c, '\n' | '\r' | '\t'))
}

fn check(text: &str, most: usize, may_stand: impl Fn(char) -> bool) -> Result<(), &'static str> {
    // U+2028 and U+2029 end a line as well.
    if text.chars().any(|c| (c.is_control() && !may_stand(c)) || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err("invalid");
    }
    if text.chars().count() > most { Err("too_long") } else { Ok(()) }
}

/// A reason without the spaces around it; none is an empty one. Errors: 422 `too_long`, `invalid`.
pub fn reason(text: Option<&str>) -> Checked<&str> {
    let reason = text.unwrap_or_default().trim();
    line(reason, WORDS_MAX).map_err(|code| Problem::invalid("reason", code))?;
    Ok(reason)
}

/// A note without the spaces around it; an empty one is none. Errors: 422 `too_long`, `invalid`.
pub fn note(text: Option<&str>) -> Checked<Option<&str>> {
    let note = text.unwrap_or_default().trim();
    lines(note, WORDS_MAX).map_err(|code| Problem::invalid("note", code))?;
    Ok(Some(note).filter(|note| !note.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_and_a_note_may_be_several() {
        for fine in ["Mill Lane 1", "شارع النجمة ٧٣", "Zoë \u{200f}", ""] {
            assert_eq!((line(fine, 20), lines(fine, 20)), (Ok(()), Ok(())), "{fine:?}");
        }
        for (text, in_a_note) in [("a\nb", Ok(())), ("a\r\nb", Ok(())), ("a\tb", Ok(()))] {
            assert_eq!((line(text, 20), lines(text, 20)), (Err("invalid"), in_a_note), "{text:?}");
        }
        for text in ["a\u{0}b", "a\u{1}b", "\u{1b}[31m", "a\u{7f}b", "a\u{85}b", "a\u{2028}b", "\u{0b}"] {
            assert_eq!((line(text, 20), lines(text, 20)), (Err("invalid"), Err("invalid")), "{text:?}");
        }
        // Characters count, not bytes.
        assert_eq!((line("ééé", 3), line("éééé", 3)), (Ok(()), Err("too_long")));
    }

    #[test]
    fn around_words_is_nothing() {
        assert_eq!(reason(Some("  late \n")).expect("a reason"), "late");
        assert_eq!((note(None).expect("none"), note(Some(" \n")).expect("none")), (None, None));
        assert_eq!(note(Some("ring\ntwice ")).expect("a note"), Some("ring\ntwice"));
        assert_eq!(reason(Some("a\nb")).expect_err("two lines").errors[0].field, "reason");
        assert_eq!(note(Some("\u{7}")).expect_err("a bell").errors[0].code, "invalid");
    }
}
