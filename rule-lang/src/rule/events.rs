//! The events of inline tests: JSON as written to one JSON text an event.
//!
//! JSON is strict here but for a comma before a closing bracket, which is overlooked because editors and people put it
//! there. An event keeps its text, so that escapes, repeated keys and the order of keys reach the rule as written.

/// A fault in the JSON of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Offset of the byte at which it was found.
    pub(super) offset: usize,
    /// What is wrong.
    pub(super) message: String,
}

/// The objects in `text`: one, a list in brackets, or one after the other as in newline-delimited JSON.
pub(super) fn objects(text: &str) -> Result<Vec<String>, Fault> {
    let text = without_trailing_commas(text);
    let mut reader = Reader { text: &text, at: 0 };
    reader.skip_blanks();
    let listed = text[reader.at..].starts_with('[');
    if listed {
        reader.at += 1;
    }
    let mut objects = Vec::new();
    loop {
        reader.skip_blanks();
        match text[reader.at..].chars().next() {
            None if !listed => return Ok(objects),
            Some(']') if listed => break,
            Some(',') if listed && !objects.is_empty() => reader.at += 1,
            Some('{') => objects.push(reader.object()?),
            _ => return Err(reader.fault(reader.at, "expected an event: a JSON object `{ … }`")),
        }
    }
    reader.at += 1;
    reader.skip_blanks();
    if reader.at == text.len() {
        Ok(objects)
    } else {
        Err(reader.fault(reader.at, "something follows the list of events"))
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn skip_blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).len();
    }

    /// The object that begins here, checked to be JSON.
    fn object(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let end = end_of_object(self.text, start).unwrap_or(self.text.len());
        let object = &self.text[start..end];
        rule_eval::json::parse(object).map_err(|error| self.faulty_json(start, object, &error))?;
        self.at = end;
        Ok(object.to_owned())
    }

    /// What is wrong in the object that begins at `start`. Where a word is no value the fault is at the word: the reader
    /// of JSON stops behind it.
    fn faulty_json(&self, start: usize, object: &str, error: &rule_eval::json::JsonError) -> Fault {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let before = object.get(..error.offset).unwrap_or(object);
        let length = before.len() - before.trim_end_matches(is_word).len();
        let from = error.offset - length;
        let rest = object.get(from..).unwrap_or_default();
        let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
        let is_value = matches!(word, "true" | "false" | "null") || word.parse::<f64>().is_ok();
        // Within a text that nothing closes, words are what the text says.
        let last = structure(object.as_bytes(), 0).last();
        let is_within_text =
            last.is_some_and(|(at, byte)| byte == b'"' && at < from) && !object.ends_with('"');
        if word.is_empty() || is_value || is_within_text {
            return self.fault(start + error.offset, &format!("not valid JSON: {}", error.message));
        }
        self.fault(start + from, &format!("not valid JSON: `{word}` is no value"))
    }

    #[allow(clippy::unused_self, reason = "reads as what it is about: a fault of this text")]
    fn fault(&self, offset: usize, message: &str) -> Fault {
        Fault { offset, message: message.to_owned() }
    }
}

/// The offset behind the bracket that closes the object at `start`.
fn end_of_object(text: &str, start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (offset, byte) in structure(text.as_bytes(), start) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(offset + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The same text with a blank in place of each comma before a closing bracket, so that offsets stay.
fn without_trailing_commas(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut comma = None;
    for (offset, byte) in structure(text.as_bytes(), 0) {
        match (byte, comma) {
            (b'}' | b']', Some(at)) => bytes[at] = b' ',
            (b' ' | b'\t' | b'\r' | b'\n', _) => continue,
            _ => {}
        }
        comma = (byte == b',').then_some(offset);
    }
    // Only commas, which are ASCII, were replaced by ASCII.
    String::from_utf8(bytes).unwrap_or_default()
}

/// The bytes from `start` on that lie outside of strings, with their offsets; a string shows as its first quote.
fn structure(bytes: &[u8], start: usize) -> impl Iterator<Item = (usize, u8)> + '_ {
    let mut at = start;
    std::iter::from_fn(move || {
        let offset = at;
        let byte = *bytes.get(offset)?;
        at += 1;
        if byte == b'"' {
            while let Some(&inner) = bytes.get(at) {
                at += 1;
                match inner {
                    b'\\' => at += 1,
                    b'"' => break,
                    _ => {}
                }
            }
        }
        Some((offset, byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_one_object_a_list_or_lines() {
        for (text, expected) in [
            (r#"{ "a": 1 }"#, &[r#"{ "a": 1 }"#][..]),
            (r#" [ {"a": "}"}, {"b": [1, {}]}, ] "#, &[r#"{"a": "}"}"#, r#"{"b": [1, {}]}"#]),
            ("{\"a\":1}\n{\"a\":2}\n", &[r#"{"a":1}"#, r#"{"a":2}"#]),
            (r#"{"a": [1, 2, ], "b": ",]", }"#, &[r#"{"a": [1, 2  ], "b": ",]"  }"#]),
            ("[]", &[]),
        ] {
            assert_eq!(objects(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_fault_says_where_it_is() {
        for (text, offset) in [("{\"a\": tru}", 6), ("[1]", 1), ("[{}] x", 5), ("{} x", 3), ("[{}", 3)] {
            assert_eq!(objects(text).unwrap_err().offset, offset, "{text}");
        }
    }

    #[test]
    fn a_text_that_is_cut_off_is_no_wrong_word() {
        for (text, is_word) in
            [("{\"a\": Sess", true), ("{\"a\": \"Sess", false), ("{\"a\": \"x Sess", false)]
        {
            let message = objects(text).unwrap_err().message;
            assert_eq!(message.contains("is no value"), is_word, "{text}: {message}");
        }
    }
}
