//! JSON's grammar, followed byte by byte as far as needed to know where a value ends, or that it has gone wrong.
//!
//! What is inside a number, a literal or a string is not looked at: whether a record is JSON is for the parser to say.
//! A newline within a string is an error here, too: strings cannot hold one, and it is where a record that was cut off
//! within a string shows itself.

use memchr::memchr3;

/// A value that is being read.
#[derive(Clone, Debug)]
pub(super) struct Walker {
    expect: Expect,
    open: Open,
    /// Whether to stop before each value directly within the outermost object.
    watches: bool,
    /// Whether the value here was stopped at before.
    entered: bool,
}

/// How far a walk came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The value goes on after these bytes.
    More,
    /// The value ends before this position.
    Done(usize),
    /// What stands at this position cannot follow what was before.
    Wrong(usize),
    /// A value directly within the outermost object begins at this position; [`Walker::enter`] lets the walk go on.
    Member(usize),
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    /// After `[`.
    ElementOrEnd,
    /// After `{`.
    KeyOrEnd,
    /// After a comma in an object.
    Key,
    Colon,
    /// After a value in an object or array.
    CommaOrEnd,
    /// Within a string, which is a key or not.
    String {
        key: bool,
    },
    /// After a backslash in one.
    Escaped {
        key: bool,
    },
    /// Within a number or literal.
    Scalar,
    Nothing,
}

/// The brackets that are open. Of levels deeper than any parser goes, only the number is known.
#[derive(Clone, Debug, Default)]
struct Open {
    /// A bit for each of the outer levels: whether it is an object. Records are rarely deeper, and need no memory.
    outer: u64,
    /// The same of the levels within these.
    inner: Vec<u64>,
    depth: usize,
}

/// Levels whose kind is remembered.
const REMEMBERED: usize = 1 << 16;

impl Walker {
    /// At the beginning of a value.
    pub(super) fn new() -> Walker {
        Walker { expect: Expect::Value, open: Open::default(), watches: false, entered: false }
    }

    /// At the beginning of an object whose values are to be stopped at.
    pub(super) fn watching() -> Walker {
        Walker { watches: true, ..Walker::new() }
    }

    /// Within an object, after one of its values.
    pub(super) fn after_member() -> Walker {
        let mut walker = Walker::new();
        walker.open.push(true);
        walker.expect = Expect::CommaOrEnd;
        walker
    }

    /// Lets the walk go on past the value that it stopped at.
    pub(super) fn enter(&mut self) {
        self.entered = true;
    }

    /// Goes on from `at`.
    pub(super) fn walk(&mut self, bytes: &[u8], mut at: usize) -> Step {
        while let Some(byte) = bytes.get(at).copied() {
            if let Expect::String { key } = self.expect {
                let Some(length) = memchr3(b'"', b'\\', b'\n', &bytes[at..]) else { return Step::More };
                at += length;
                self.expect = match bytes.get(at) {
                    Some(b'\n') => return Step::Wrong(at),
                    Some(b'\\') => Expect::Escaped { key },
                    _ if key => Expect::Colon,
                    _ => self.after_value(),
                };
                at += 1;
            } else if let Expect::Escaped { key } = self.expect {
                self.expect = Expect::String { key };
                if byte == b'\n' {
                    return Step::Wrong(at);
                }
                at += 1;
            } else if self.expect == Expect::Scalar {
                at += bytes[at..].iter().position(|byte| ends_scalar(*byte)).unwrap_or(bytes.len() - at);
                if at == bytes.len() {
                    return Step::More;
                }
                self.expect = self.after_value();
            } else if is_blank(byte) {
                at += 1;
                continue;
            } else if self.stops() {
                return Step::Member(at);
            } else if self.token(byte) {
                at += 1;
                self.entered = false;
            } else {
                return Step::Wrong(at);
            }
            if self.expect == Expect::Nothing {
                return Step::Done(at);
            }
        }
        Step::More
    }

    /// Takes a byte that is neither blank nor within a string or scalar; whether it may stand here.
    fn token(&mut self, byte: u8) -> bool {
        self.expect = match (self.expect, byte) {
            (Expect::Value | Expect::ElementOrEnd, b'{') => {
                self.open.push(true);
                Expect::KeyOrEnd
            }
            (Expect::Value | Expect::ElementOrEnd, b'[') => {
                self.open.push(false);
                Expect::ElementOrEnd
            }
            (Expect::Value | Expect::ElementOrEnd, b'"') => Expect::String { key: false },
            (Expect::KeyOrEnd | Expect::Key, b'"') => Expect::String { key: true },
            (Expect::KeyOrEnd | Expect::CommaOrEnd, b'}')
            | (Expect::ElementOrEnd | Expect::CommaOrEnd, b']') => {
                if !self.open.pop(byte == b'}') {
                    return false;
                }
                self.after_value()
            }
            (Expect::CommaOrEnd, b',') => {
                if self.open.is_object() {
                    Expect::Key
                } else {
                    Expect::Value
                }
            }
            (Expect::Colon, b':') => Expect::Value,
            (Expect::Value | Expect::ElementOrEnd, byte) if !ends_scalar(byte) => Expect::Scalar,
            _ => return false,
        };
        true
    }

    fn stops(&self) -> bool {
        self.watches && !self.entered && self.open.depth == 1 && self.expect == Expect::Value
    }

    fn after_value(&self) -> Expect {
        if self.open.depth == 0 { Expect::Nothing } else { Expect::CommaOrEnd }
    }
}

impl Open {
    fn push(&mut self, is_object: bool) {
        if self.depth < REMEMBERED {
            let (word, bit) = (self.depth / 64, self.depth % 64);
            if word > self.inner.len() {
                self.inner.push(0);
            }
            if let Some(word) = self.word(word) {
                *word = *word & !(1 << bit) | u64::from(is_object) << bit;
            }
        }
        self.depth += 1;
    }

    fn word(&mut self, word: usize) -> Option<&mut u64> {
        match word.checked_sub(1) {
            None => Some(&mut self.outer),
            Some(word) => self.inner.get_mut(word),
        }
    }

    /// Closes the innermost level; whether it is of this kind.
    fn pop(&mut self, is_object: bool) -> bool {
        let fits = self.depth > 0 && (self.depth > REMEMBERED || self.is_object() == is_object);
        self.depth -= usize::from(fits);
        fits
    }

    /// Whether the innermost level is an object. Deeper than is remembered, objects and arrays may be mixed up: such
    /// values are rejected in any case.
    fn is_object(&self) -> bool {
        let Some(level) = self.depth.checked_sub(1) else { return false };
        let word = match (level / 64).checked_sub(1) {
            None => Some(self.outer),
            Some(word) => self.inner.get(word).copied(),
        };
        word.is_some_and(|word| word >> (level % 64) & 1 == 1)
    }
}

/// Whether JSON has this byte between values.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The bytes without the blanks at their end.
pub(super) fn without_blanks(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |last| last + 1);
    bytes.get(..end).unwrap_or_default()
}

/// Whether a number or literal ends before this byte.
fn ends_scalar(byte: u8) -> bool {
    matches!(byte, b',' | b']' | b'}' | b':' | b'"' | b'{' | b'[' | b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a walk comes to, given so many bytes at a time.
    fn walked(text: &str, at_once: usize) -> Step {
        let mut walker = Walker::new();
        let (bytes, mut at) = (text.as_bytes(), 0);
        loop {
            let end = (at + at_once).min(bytes.len());
            match walker.walk(&bytes[..end], at) {
                Step::More if end < bytes.len() => at = end,
                step => return step,
            }
        }
    }

    #[test]
    fn a_value_ends_where_its_brackets_close_or_goes_wrong_where_it_cannot_go_on() {
        use Step::{Done, More, Wrong};
        for (text, expected) in [
            ("{} x", Done(2)),
            (r#"{"a":[1,{"b":"}\""}]}{"#, Done(21)),
            (r#"{"a" : nope , "b":-1e5}"#, Done(23)),
            ("[]", Done(2)),
            ("[[],[1]]", Done(8)),
            ("\"a\" ", Done(3)),
            ("17 ", Done(2)),
            ("17", More),
            ("true,", Done(4)),
            ("{", More),
            (r#"{"a":"#, More),
            ("{\"a\nb\":1}", Wrong(3)),
            ("{\"a\":\"b\\\n", Wrong(8)),
            (r#"{"a":1]"#, Wrong(6)),
            ("[1}", Wrong(2)),
            (r#"{"a" 1}"#, Wrong(5)),
            (r#"{"a":1 "b":2}"#, Wrong(7)),
            (r#"{"a":1,}"#, Wrong(7)),
            ("[1,]", Wrong(3)),
            ("{,", Wrong(1)),
            (r#"{"a":1{"#, Wrong(6)),
            (r#"{"a":1,{"#, Wrong(7)),
            ("}", Wrong(0)),
        ] {
            for at_once in [1, 2, 3, 100] {
                assert_eq!(walked(text, at_once), expected, "{text} by {at_once}");
            }
        }
    }

    #[test]
    fn levels_deeper_than_remembered_are_counted() {
        let levels = REMEMBERED + 100;
        let text = "[".repeat(levels) + &"]".repeat(levels) + " ";
        assert_eq!(walked(&text, 1000), Step::Done(2 * levels));
    }
}
