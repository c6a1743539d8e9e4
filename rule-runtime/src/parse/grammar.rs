//! JSON's grammar over a record whose strings are known: one walk from byte to byte outside of strings, which are stepped
//! over, and a node for each key and value.
//!
//! The walk looks at every byte outside of strings. Of strings it relies on their ends, which it is given, and on what was
//! checked to know them: no raw control characters, UTF-8. So that it is exact it needs no other marks: where a quote
//! is outside of strings, a string begins, and its end is the next that it was given.

use crate::scan::{Strings, is_escape};
use crate::tape::Node;

/// Why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// More nested levels than the limit.
    TooDeep,
    /// Against the grammar.
    Syntax,
}

/// Reads one value with white space around it: nodes for all that is in it.
pub(super) fn read<P: Copy + Into<u32>>(
    record: &[u8],
    strings: Strings<'_, P>,
    max_depth: usize,
    nodes: &mut Vec<Node>,
) -> Result<(), Fault> {
    nodes.clear();
    let mut ends = strings.ends.iter();
    let mut escapes = Escapes::of(record, strings);
    let mut string = |start: usize| {
        let end: u32 = (*ends.next()?).into();
        let has_escapes = escapes.next <= end;
        let sound = !has_escapes || escapes.pass(end);
        sound.then_some((end as usize + 1, Node::string(start, end as usize, has_escapes)))
    };
    let (mut depth, mut open, mut is_object) = (0, 0, false);
    let mut at = 0;
    loop {
        // Here an item begins: in an object a property, else a value.
        if is_object {
            at = skip_space(record, at);
            if byte(record, at) != b'"' {
                return Err(Fault::Syntax);
            }
            let (end, key) = string(at).ok_or(Fault::Syntax)?;
            nodes.push(key);
            at = skip_space(record, end);
            if byte(record, at) != b':' {
                return Err(Fault::Syntax);
            }
            at += 1;
        }
        at = skip_space(record, at);
        match byte(record, at) {
            b'"' => {
                let (end, text) = string(at).ok_or(Fault::Syntax)?;
                nodes.push(text);
                at = end;
            }
            bracket @ (b'{' | b'[') => {
                if depth == max_depth {
                    return Err(Fault::TooDeep);
                }
                depth += 1;
                // Until it closes, its node holds the position of the one around it.
                nodes.push(Node::container(at, open));
                open = nodes.len() - 1;
                is_object = bracket == b'{';
                at = skip_space(record, at + 1);
                // `{` and `}`, and `[` and `]`, are two apart.
                if byte(record, at) != bracket + 2 {
                    continue;
                }
            }
            first => {
                let end = at + scalar(record, at, first).ok_or(Fault::Syntax)?;
                nodes.push(Node::scalar(at, end));
                at = end;
            }
        }
        // Here a value has ended, or one with nothing in it is about to.
        loop {
            at = skip_space(record, at);
            match byte(record, at) {
                _ if depth == 0 => {
                    return if at == record.len() { Ok(()) } else { Err(Fault::Syntax) };
                }
                b',' => break,
                b'}' if is_object => {}
                b']' if !is_object => {}
                _ => return Err(Fault::Syntax),
            }
            (open, is_object) = close(record, nodes, open);
            depth -= 1;
            at += 1;
        }
        at += 1;
    }
}

/// The escapes to come of a record.
struct Escapes<'r, P> {
    record: &'r [u8],
    rest: std::slice::Iter<'r, P>,
    is_unchecked: bool,
    /// The position of the next; after all of them one that no string has.
    next: u32,
}

impl<'r, P: Copy + Into<u32>> Escapes<'r, P> {
    fn of(record: &'r [u8], strings: Strings<'r, P>) -> Escapes<'r, P> {
        let rest = strings.escapes.iter();
        let mut escapes = Escapes { record, rest, is_unchecked: strings.is_unchecked, next: u32::MAX };
        escapes.advance();
        escapes
    }

    fn advance(&mut self) {
        self.next = self.rest.next().map_or(u32::MAX, |position| (*position).into());
    }

    /// Goes past those of the string that ends here: whether all are as they may be.
    #[inline(never)]
    fn pass(&mut self, end: u32) -> bool {
        let mut sound = true;
        while self.next <= end {
            sound &= !self.is_unchecked || is_escape(self.record, self.next as usize);
            self.advance();
        }
        sound
    }
}

/// Closes the container with this node: the position of the one around it, and whether that is an object.
#[inline]
fn close(record: &[u8], nodes: &mut [Node], open: usize) -> (usize, bool) {
    let below = nodes.len() - open - 1;
    let Some(node) = nodes.get_mut(open) else { return (0, false) };
    let around = node.below();
    *node = Node::container(node.start(), below);
    (around, nodes.get(around).is_some_and(|node| byte(record, node.start()) == b'{'))
}

/// The length of a number or literal that begins here with this byte. What may not follow it is found by what does.
#[inline]
fn scalar(record: &[u8], at: usize, first: u8) -> Option<usize> {
    let rest = record.get(at..)?;
    let (literal, length): (&[u8], usize) = match first {
        b't' => (b"true", 4),
        b'f' => (b"false", 5),
        b'n' => (b"null", 4),
        b'-' | b'0'..=b'9' => return number(rest),
        _ => return None,
    };
    rest.starts_with(literal).then_some(length)
}

/// The byte at an offset; 0, which the grammar has nowhere, after the end.
#[inline]
fn byte(record: &[u8], at: usize) -> u8 {
    record.get(at).copied().unwrap_or_default()
}

/// The first offset from `at` on without white space.
#[inline]
fn skip_space(record: &[u8], mut at: usize) -> usize {
    while let byte = byte(record, at)
        && byte <= b' '
        && matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
    {
        at += 1;
    }
    at
}

/// The length of the number that a text begins with.
fn number(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let mut length = usize::from(text.first() == Some(&b'-'));
    length += match text.get(length)? {
        b'0' => 1,
        b'1'..=b'9' => digits(length),
        _ => return None,
    };
    if text.get(length) == Some(&b'.') {
        let decimals = digits(length + 1);
        length += 1 + Some(decimals).filter(|count| *count > 0)?;
    }
    if let Some(b'e' | b'E') = text.get(length) {
        length += 1 + usize::from(matches!(text.get(length + 1), Some(b'+' | b'-')));
        length += Some(digits(length)).filter(|count| *count > 0)?;
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_ends_where_its_grammar_does() {
        for (text, length) in [
            ("0", Some(1)),
            ("-0", Some(2)),
            ("12]", Some(2)),
            ("01", Some(1)),
            ("1.50,", Some(4)),
            ("1e5", Some(3)),
            ("-1.5E+10 ", Some(8)),
            ("2e-3", Some(4)),
            ("-", None),
            ("-x", None),
            ("1.", None),
            ("1.e5", None),
            ("1e", None),
            ("1e+", None),
            (".5", None),
            ("+1", None),
        ] {
            assert_eq!(number(text.as_bytes()), length, "{text}");
        }
    }
}
