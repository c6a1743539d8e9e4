//! What a record is by the letter: JSON by the grammar of RFC 8259, or whole in its structure alone. Written byte by byte,
//! with nothing of the runtime in it.

use std::ops::Range;

/// What the grammar says of a record in UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Json {
    /// It is one value of at most so many levels.
    Value {
        /// Whether the value is an object.
        is_object: bool,
    },
    /// It has more levels. What follows was not looked at.
    TooDeep,
    /// It is no JSON text.
    Not,
}

/// Judges a record, and gives its text with U+FFFD for every escape of half a surrogate pair, where it has one.
pub fn json(record: &[u8], max_depth: usize) -> (Json, Option<Vec<u8>>) {
    if std::str::from_utf8(record).is_err() {
        return (Json::Not, None);
    }
    let mut reader = Reader { record, at: 0, levels: max_depth, repaired: None };
    reader.blanks();
    let is_object = reader.peek() == Some(b'{');
    let judged = match reader.value() {
        Ok(()) => {
            reader.blanks();
            if reader.at == record.len() { Json::Value { is_object } } else { Json::Not }
        }
        Err(Fault::Depth) => Json::TooDeep,
        Err(Fault::Grammar) => Json::Not,
    };
    let repaired = reader.repaired.map(|(mut text, copied)| {
        text.extend_from_slice(record.get(copied..).unwrap_or_default());
        text
    });
    (judged, repaired)
}

/// Where the numbers of a JSON text are.
pub fn numbers(text: &[u8]) -> Vec<Range<usize>> {
    let (mut found, mut at, mut in_string) = (Vec::new(), 0, false);
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'-' | b'0'..=b'9' if !in_string => {
                let is_of_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                let length = text.iter().skip(at).take_while(|byte| is_of_number(byte)).count();
                found.push(at..at + length);
                at += length - 1;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Whether a record is one object, its brackets balanced and matched, its strings closed and free of raw control
/// characters, not nested deeper than so many levels, nothing but blanks around it, in UTF-8.
pub fn holds_together(record: &[u8], max_depth: usize) -> bool {
    let (mut open, mut in_string, mut escaped, mut ended) = (Vec::new(), false, false, false);
    for byte in record {
        if in_string {
            match byte {
                _ if *byte < 0x20 => return false,
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => continue,
            _ if ended => return false,
            b'{' | b'[' if open.len() < max_depth => open.push(*byte),
            b'{' | b'[' => return false,
            b'}' | b']' if open.pop() != Some(byte - 2) => return false,
            b'}' | b']' => ended = open.is_empty(),
            b'"' => in_string = true,
            _ => {}
        }
        if !ended && open.first() != Some(&b'{') {
            return false;
        }
    }
    ended && std::str::from_utf8(record).is_ok()
}

enum Fault {
    Grammar,
    Depth,
}

type Read = Result<(), Fault>;

struct Reader<'a> {
    record: &'a [u8],
    at: usize,
    /// Levels that may still be opened.
    levels: usize,
    /// The repaired text so far, and up to where the record is in it.
    repaired: Option<(Vec<u8>, usize)>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.record.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn expect(&mut self, text: &[u8]) -> Read {
        let is_there = self.record.get(self.at..).is_some_and(|rest| rest.starts_with(text));
        self.at += text.len();
        if is_there { Ok(()) } else { Err(Fault::Grammar) }
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Read {
        match self.peek() {
            Some(b'{') => self.container(b'}', |reader| {
                reader.string()?;
                reader.blanks();
                reader.expect(b":")?;
                reader.blanks();
                reader.value()
            }),
            Some(b'[') => self.container(b']', Reader::value),
            Some(b'"') => self.string(),
            Some(b't') => self.expect(b"true"),
            Some(b'f') => self.expect(b"false"),
            Some(b'n') => self.expect(b"null"),
            _ => self.number(),
        }
    }

    fn container(&mut self, end: u8, item: impl Fn(&mut Self) -> Read) -> Read {
        self.at += 1;
        self.levels = self.levels.checked_sub(1).ok_or(Fault::Depth)?;
        self.blanks();
        if !self.take(end) {
            loop {
                item(self)?;
                self.blanks();
                if self.take(end) {
                    break;
                }
                self.expect(b",")?;
                self.blanks();
            }
        }
        self.levels += 1;
        Ok(())
    }

    fn string(&mut self) -> Read {
        self.expect(b"\"")?;
        loop {
            let byte = self.peek().ok_or(Fault::Grammar)?;
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.escape()?,
                0..0x20 => return Err(Fault::Grammar),
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Read {
        match self.record.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => match (self.unit(self.at), self.unit(self.at + 6)) {
                (None, _) => return Err(Fault::Grammar),
                (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => self.at += 12,
                (Some(0xd800..0xe000), _) => self.replace(),
                _ => self.at += 6,
            },
            _ => return Err(Fault::Grammar),
        }
        Ok(())
    }

    /// The unit that `\uXXXX` at an offset writes.
    fn unit(&self, at: usize) -> Option<u16> {
        let digits = self.record.get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)? as u16))
    }

    fn replace(&mut self) {
        let (text, copied) = self.repaired.get_or_insert_with(|| (Vec::new(), 0));
        text.extend_from_slice(self.record.get(*copied..self.at).unwrap_or_default());
        text.extend_from_slice(b"\\ufffd");
        self.at += 6;
        *copied = self.at;
    }

    fn number(&mut self) -> Read {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _signed = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Read {
        let before = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > before { Ok(()) } else { Err(Fault::Grammar) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_that_of_rfc_8259() {
        let object = Json::Value { is_object: true };
        for (record, expected) in [
            (r#"{"a":[1,-0.5e+3,true,null,"\u00e9\\"],"b":{}}"#, object),
            (" { \"a\" : [ ] } ", object),
            ("17", Json::Value { is_object: false }),
            (r#"{"a":1e999}"#, object),
            (r#"{"a":"\ud83d"}"#, object),
            (r#"{"a":[[[[]]]]}"#, Json::TooDeep),
            (r#"{"a":01}"#, Json::Not),
            (r#"{"a":1.}"#, Json::Not),
            (r#"{"a":-}"#, Json::Not),
            (r#"{"a":+1}"#, Json::Not),
            (r#"{"a":tru}"#, Json::Not),
            (r#"{"a":"\x"}"#, Json::Not),
            (r#"{"a":"\u12g4"}"#, Json::Not),
            ("{\"a\":\"\t\"}", Json::Not),
            (r#"{"a":1,}"#, Json::Not),
            (r"{a:1}", Json::Not),
            ("{}{}", Json::Not),
            ("", Json::Not),
        ] {
            assert_eq!(json(record.as_bytes(), 4).0, expected, "{record}");
        }
        assert_eq!(json(b"{\"a\":\"\xff\"}", 4).0, Json::Not);
    }

    #[test]
    fn numbers_are_found_outside_of_strings() {
        let text = br#"{"a1":-1e9,"\"2":[3.5,{"b":"4"},60]}"#;
        let found: Vec<_> =
            numbers(text).into_iter().map(|it| std::str::from_utf8(&text[it]).unwrap()).collect();
        assert_eq!(found, ["-1e9", "3.5", "60"]);
    }

    #[test]
    fn half_a_surrogate_pair_is_repaired_and_a_whole_one_left() {
        let record = br#"{"a":"x\ud83dy\udc00","b":"\ud83d\ude00\\ud83d"}"#;
        let (_, repaired) = json(record, 4);
        assert_eq!(repaired.unwrap(), br#"{"a":"x\ufffdy\ufffd","b":"\ud83d\ude00\\ud83d"}"#);
    }

    #[test]
    fn what_holds_together_need_not_be_json() {
        for (record, expected) in [
            (r#"{"a":tru}"#, true),
            (" {} ", true),
            (r#"{"a":[}]"#, false),
            (r#"{"a":"x}"#, false),
            ("[{}]", false),
            ("{}{}", false),
            ("x{}", false),
            ("", false),
        ] {
            assert_eq!(holds_together(record.as_bytes(), 4), expected, "{record}");
        }
    }
}
