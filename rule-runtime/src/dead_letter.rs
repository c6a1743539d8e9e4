//! The dead-letter file: a line of JSON for each record that was not processed, and for each that was but whose event
//! time is of no use to rules across events.

use crate::engine::Reject;
use crate::sink::{Destination, Mark};
use crate::untimely::Untimely;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rule_eval::json;
use rule_model::{DateTime, Value};
use std::io;

/// Writes rejected records and odd event times.
pub struct DeadLetters<D> {
    destination: D,
}

impl<D: Destination> DeadLetters<D> {
    /// Writes to `destination`.
    pub fn new(destination: D) -> DeadLetters<D> {
        DeadLetters { destination }
    }

    /// Writes a record: its text as `record`, or as `record_base64` where it is not text.
    pub fn write(&mut self, source: &str, reject: &Reject) -> io::Result<()> {
        let (name, record) = match std::str::from_utf8(&reject.bytes) {
            Ok(text) => ("record", Value::string(text)),
            Err(_) => ("record_base64", Value::from(STANDARD.encode(&reject.bytes))),
        };
        let line = Value::bag([
            ("source", Value::string(source)),
            ("offset", Value::Long(reject.offset as i64)),
            ("length", Value::Long(reject.length as i64)),
            ("reason", Value::literal(reject.reason.name())),
            (name, record),
        ]);
        writeln!(self.destination, "{}", json::write(&line))
    }

    /// Writes where a record is whose event time is odd: it is processed, and rules that look at one event see it. `time`
    /// is the event time where it could be read. The record itself is left out: a source that never gives a time that
    /// can be read would be written out whole.
    pub fn write_untimely(
        &mut self,
        source: &str,
        offset: u64,
        reason: Untimely,
        time: Option<DateTime>,
    ) -> io::Result<()> {
        let line = Value::bag([
            ("source", Value::string(source)),
            ("offset", Value::Long(offset as i64)),
            ("reason", Value::literal(reason.reason())),
            ("event_time", time.into()),
            ("processed", true.into()),
        ]);
        writeln!(self.destination, "{}", json::write(&line))
    }

    /// Writes out what is buffered.
    pub fn flush(&mut self) -> io::Result<()> {
        self.destination.flush()
    }

    /// Makes everything written so far safe, and says what a commit has to remember of it.
    pub fn prepare(&mut self) -> io::Result<Mark> {
        self.destination.prepare()
    }

    /// Goes back to a mark; says what the user should know.
    pub fn restore(&mut self, mark: &Mark) -> io::Result<Option<String>> {
        self.destination.restore(mark)
    }
}

impl<D> std::fmt::Debug for DeadLetters<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeadLetters").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::Reason;

    #[test]
    fn a_record_is_written_as_text_where_it_is_text() {
        for (bytes, expected) in [
            (&b"{\"a\""[..], r#""reason":"cut_off","record":"{\"a\""}"#),
            (b"\xff", r#""reason":"cut_off","record_base64":"/w=="}"#),
        ] {
            let mut letters = DeadLetters::new(Vec::new());
            let reject = Reject { offset: 7, length: 4, reason: Reason::CutOff, bytes: bytes.to_vec() };
            letters.write("f", &reject).unwrap();
            let line = String::from_utf8(letters.destination).unwrap();
            assert_eq!(line, format!("{{\"source\":\"f\",\"offset\":7,\"length\":4,{expected}\n"));
        }
    }
}
