//! How an input is framed, decided once from its beginning.
//!
//! ```text
//! begins with [ ────────────────────────────────────────────────────────> json
//! begins with an envelope ──────────────────────────────────────────────> json
//! first line no complete value, and the next does not begin a record ───> json
//! else ─────────────────────────────────────────────────────────────────> lines
//! ```

use super::Framing;
use super::envelope::{Opening, Seen};
use super::structure::is_blank;
use memchr::{memchr, memrchr};
use rule_eval::json;

/// Looks at the beginning of an input as it comes.
#[derive(Debug, Default)]
pub(super) struct Detector {
    /// Bytes before the first line that holds anything.
    blanks: usize,
    /// How far the first line was searched for its end.
    searched: usize,
    /// Where it ends.
    newline: Option<usize>,
    /// An object at its beginning, how far it was walked, and what came of it.
    object: Option<(Opening, usize, Option<Seen>)>,
}

impl Detector {
    /// What `bytes`, all of the input so far, say; `None` if more are needed. A first line over `limit` is decided by
    /// what has come of it.
    pub(super) fn decide(&mut self, bytes: &[u8], limit: usize, at_end: bool) -> Option<Framing> {
        let rest = bytes.get(self.blanks..).unwrap_or_default();
        self.blanks += rest.iter().position(|byte| !is_blank(*byte)).unwrap_or(rest.len());
        let text = bytes.get(self.blanks..).unwrap_or_default();
        // A blank line over the limit is one that is too long, like any other.
        let blank_lines = bytes.get(..self.blanks).unwrap_or_default().split(|byte| *byte == b'\n');
        match text.first() {
            _ if blank_lines.into_iter().any(|line| line.len() > limit) => return Some(Framing::Ndjson),
            None if at_end => return Some(Framing::Ndjson),
            None => return None,
            Some(b'[') => return Some(Framing::Json),
            Some(_) => {}
        }
        // What comes in one chunk says no more than what comes in many.
        let (text, at_end) = text.get(..=limit).map_or((text, at_end), |beginning| (beginning, false));
        self.find_newline(text);
        let next = self.newline.and_then(|newline| first_of_next_line(text, newline));
        if text.starts_with(b"{") && self.is_envelope(text, next) {
            return Some(Framing::Json);
        }
        match self.line_is_complete(text, at_end) {
            Some(true) => return Some(Framing::Ndjson),
            None if at_end => return Some(Framing::Json),
            _ => {}
        }
        match next {
            Some(at) if text.get(at) == Some(&b'{') => Some(Framing::Ndjson),
            Some(_) => Some(Framing::Json),
            None if at_end => Some(Framing::Json),
            // Too much to wait for the next line: one value after the other on this one, or one that is too long.
            None if text.len() > limit => {
                let several =
                    self.object.as_ref().is_some_and(|(.., seen)| matches!(seen, Some(Seen::Done(_))));
                Some(if several { Framing::Json } else { Framing::Ndjson })
            }
            None => None,
        }
    }

    /// How many bytes of what it looked at are blank lines that need not be kept.
    pub(super) fn forget_blank_lines(&mut self, bytes: &[u8]) -> usize {
        let blanks = bytes.get(..self.blanks).unwrap_or_default();
        let forgotten = after_last_newline(blanks);
        self.blanks -= forgotten;
        forgotten
    }

    fn find_newline(&mut self, text: &[u8]) {
        if self.newline.is_none() {
            let searched = text.get(self.searched..).unwrap_or_default();
            self.newline = memchr(b'\n', searched).map(|length| self.searched + length);
            self.searched = text.len();
        }
    }

    /// Whether the object that `text` begins with is an envelope, as far as its first line and the beginning of the
    /// `next` say.
    fn is_envelope(&mut self, text: &[u8], next: Option<usize>) -> bool {
        let (opening, at, seen) = self.object.get_or_insert_with(|| (Opening::new(), 0, None));
        if seen.is_none() {
            let known = text.get(..next.map_or(text.len(), |next| next + 1)).unwrap_or(text);
            *seen = Some(opening.walk(known, at)).filter(|seen| *seen != Seen::More);
        }
        matches!(seen, Some(Seen::Records(_)))
    }

    /// Whether the first line is one value and nothing else; `None` as long as that is open.
    fn line_is_complete(&self, text: &[u8], at_end: bool) -> Option<bool> {
        let end = self.newline.or(at_end.then_some(text.len()));
        let Some((.., seen)) = &self.object else {
            let line = text.get(..end?).unwrap_or_default();
            return Some(std::str::from_utf8(line).is_ok_and(|line| json::parse(line).is_ok()));
        };
        let after = match seen {
            Some(Seen::Done(done)) if end.is_none_or(|end| *done <= end) => *done,
            Some(_) => return Some(false),
            None => return end.map(|_| false),
        };
        let rest = text.get(after..end.unwrap_or(text.len())).unwrap_or_default();
        if rest.iter().all(|byte| is_blank(*byte)) { end.map(|_| true) } else { Some(false) }
    }
}

fn after_last_newline(bytes: &[u8]) -> usize {
    memrchr(b'\n', bytes).map_or(0, |newline| newline + 1)
}

/// The position of the first byte on the lines after `newline` that is not blank.
fn first_of_next_line(text: &[u8], newline: usize) -> Option<usize> {
    let rest = text.get(newline..)?;
    rest.iter().position(|byte| !is_blank(*byte)).map(|blanks| newline + blanks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Framing::{Json, Ndjson};

    fn decided(text: &str, at_once: usize) -> Framing {
        let mut detector = Detector::default();
        let ends = (at_once..text.len()).step_by(at_once).chain([text.len()]);
        ends.into_iter()
            .find_map(|end| detector.decide(&text.as_bytes()[..end], 100, false))
            .or_else(|| detector.decide(text.as_bytes(), 100, true))
            .unwrap()
    }

    #[test]
    fn the_beginning_decides() {
        let long = "x".repeat(200);
        for (text, expected) in [
            ("", Ndjson),
            ("\n \n", Ndjson),
            ("{\"a\":1}\n{\"b\":2}\n", Ndjson),
            ("{\"a\":1}", Ndjson),
            ("\n\n{\"a\":1}  \r\nx", Ndjson),
            ("17\n{\"a\":1}", Ndjson),
            ("\"x\"\nx", Ndjson),
            // A broken first line before a record.
            ("{\"cut\":\"off\n{\"b\":2}\n", Ndjson),
            ("{\"cut\":\n\n{\"b\":2}\n", Ndjson),
            ("hello\n{\"b\":2}\n", Ndjson),
            ("{\"a\":1}{\"b\":2}\n{\"c\":3}\n", Ndjson),
            ("[]", Json),
            ("  [{\"a\":1}]", Json),
            ("\n[\n", Json),
            ("{\n  \"a\": 1\n}\n", Json),
            ("{\"a\":1,\n\"b\":2}\n{\"a\":1}", Json),
            ("{\"a\":\n[1]}", Json),
            ("{\"a\":1}{\"b\":2}", Json),
            ("{\"a\":1} {\"b\":2}\n", Json),
            ("{\"a\":", Json),
            ("hello\nworld\n{\"a\":1}", Json),
            ("{\"records\":[{\"a\":1}]}\n{\"b\":2}\n", Json),
            ("{\"value\":[]}\n", Json),
            ("{ \"value\": [\n{\"a\":1},\n{\"b\":2}]}", Json),
            ("{\"value\":1}\n{\"value\":2}", Ndjson),
            ("{\"value\":[1]}\n", Ndjson),
            (&format!("{{\"a\":\"{long}\"}}\n{{}}"), Ndjson),
            (&"{\"a\":1}".repeat(50), Json),
        ] {
            for at_once in [1, 2, 3, 1000] {
                assert_eq!(decided(text, at_once), expected, "{text:?} by {at_once}");
            }
        }
    }

    #[test]
    fn a_complete_first_line_is_not_kept_waiting() {
        for (text, expected) in
            [("{\"a\":1}\n", Some(Ndjson)), ("[", Some(Json)), ("{\"a\":1}", None), ("{\n", None)]
        {
            assert_eq!(Detector::default().decide(text.as_bytes(), 100, false), expected, "{text:?}");
        }
    }
}
