//! A file that holds a whole table: JSON objects, framed as events are, or comma-separated values.
//!
//! ```text
//! FILE.csv ──────────────────┐
//! any other, by its framing ─┴─> records, and what is none, with where and why
//! ```

use crate::csv;
use crate::failure::Failure;
use crate::reading::Reading;
use rule_eval::json;
use rule_model::{Bag, Value};
use rule_runtime::Parser;
use rule_runtime::framing::{Batch, Frame, Framer};
use rule_runtime::parse::DEFAULT_MAX_DEPTH;
use rule_runtime::source::{Origin, Progress};
use rule_runtime::tape::Json;
use std::io::{self, Read};
use std::sync::Arc;

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct TableFile {
    /// Its records, in order.
    pub(crate) records: Vec<Bag>,
    /// What could not be read.
    pub(crate) rejected: Vec<Rejected>,
}

/// A record that could not be read.
#[derive(Debug)]
pub(crate) struct Rejected {
    /// The file as it was named.
    pub(crate) file: String,
    /// Where in it, decompressed.
    pub(crate) offset: u64,
    /// Why.
    pub(crate) reason: String,
}

/// Rejected records that are shown one by one.
const SHOWN: usize = 10;

/// Reads a file, plain, gzip or zstd.
pub(crate) fn read(origin: &Origin, how: Reading) -> Result<TableFile, Failure> {
    let name = origin.name();
    let file = name.as_str();
    let opened = |error| Failure::open(file, &error);
    let mut source = origin.open(&Progress::default(), how.expansion).map_err(opened)?;
    if is_csv(file) {
        let mut bytes = Vec::new();
        source.reader.read_to_end(&mut bytes).map_err(opened)?;
        return Ok(gathered(file, comma_separated(&bytes)));
    }
    framed(file, source.reader, how).map_err(opened)
}

/// Says on standard error which records could not be read.
pub(crate) fn report(rejected: &[Rejected]) {
    for Rejected { file, offset, reason } in rejected.iter().take(SHOWN) {
        eprintln!("warning: {file}, byte {offset}: {reason}");
    }
    if rejected.len() > SHOWN {
        eprintln!("warning: {} records in all could not be read", rejected.len());
    }
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Whether a file's name says that it holds comma-separated values, compressed or not.
fn is_csv(file: &str) -> bool {
    let mut ends = file.rsplit('.').map(str::to_ascii_lowercase);
    let last = ends.next();
    let plain = if matches!(last.as_deref(), Some("gz" | "zst")) { ends.next() } else { last };
    plain.as_deref() == Some("csv") && file.contains('.')
}

fn gathered(file: &str, found: Vec<Result<Bag, (u64, String)>>) -> TableFile {
    let mut table = TableFile::default();
    for record in found {
        match record {
            Ok(bag) => table.records.push(bag),
            Err((offset, reason)) => table.rejected.push(Rejected { file: file.to_owned(), offset, reason }),
        }
    }
    table
}

fn comma_separated(bytes: &[u8]) -> Vec<Result<Bag, (u64, String)>> {
    match text(bytes.strip_prefix(BOM).unwrap_or(bytes)) {
        Ok(text) => csv::records(text),
        Err(reason) => vec![Err((0, reason))],
    }
}

fn framed(file: &str, reader: impl Read, how: Reading) -> io::Result<TableFile> {
    let mut table = TableFile::default();
    each(reader, how, |offset, record| match record {
        Ok(bag) => table.records.push(bag),
        Err(reason) => table.rejected.push(Rejected { file: file.to_owned(), offset, reason }),
    })?;
    Ok(table)
}

/// Hands out the records of a text with their offsets, or why one is none.
pub(crate) fn each(
    reader: impl Read,
    how: Reading,
    mut use_it: impl FnMut(u64, Result<Bag, String>),
) -> io::Result<()> {
    let mut framer = Framer::new(reader, how.framing, how.limits);
    let mut parser = Parser::new(DEFAULT_MAX_DEPTH);
    let mut batch = Batch::default();
    while framer.fill(&mut batch)? {
        for frame in &batch.frames {
            match frame {
                Frame::Record(range) => {
                    use_it(batch.offset + range.start as u64, object(batch.record(range), &mut parser));
                }
                Frame::TooLong { offset, length, .. } => {
                    use_it(*offset, Err(format!("too long: {length} bytes")));
                }
                Frame::Unclosed { offset } => {
                    use_it(*offset, Err("cut off: an array or envelope is not closed".to_owned()));
                }
            }
        }
    }
    Ok(())
}

/// The object that `record` is for a run, too, or why it is none.
fn object(record: &[u8], parser: &mut Parser) -> Result<Bag, String> {
    match parser.parse(record).map(Json::to_value) {
        Ok(Value::Bag(bag)) => Ok(Arc::unwrap_or_clone(bag)),
        _ => Err(fault(record)),
    }
}

/// What is wrong with a record, to the byte: a run says no more than which kind of fault it is.
fn fault(record: &[u8]) -> String {
    match text(record).map(json::parse) {
        Err(fault) => fault,
        Ok(Err(error)) => error.to_string(),
        Ok(Ok(_)) => "not a JSON object".to_owned(),
    }
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "invalid UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_what_it_is_for_a_run_and_what_is_wrong_with_another_is_told_to_the_byte() {
        for (record, expected) in [
            (r#"{"a":"x\ud800","n":1e999}"#, Ok("{\"a\":\"x\u{fffd}\",\"n\":\"Infinity\"}")),
            (r#"{"a": tru}"#, Err("expected ident at byte 9")),
            ("3", Err("not a JSON object")),
        ] {
            let mut found = Vec::new();
            each(record.as_bytes(), Reading::default(), |_, record| found.push(record)).unwrap();
            let shown: Vec<_> =
                found.into_iter().map(|it| it.map(|bag| json::write(&Value::Bag(Arc::new(bag))))).collect();
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(shown, [expected], "{record}");
        }
    }

    #[test]
    fn the_name_tells_comma_separated_values() {
        for (file, expected) in
            [("a.csv", true), ("A.CSV.gz", true), ("a.csv.zst", true), ("a.json", false), ("csv", false)]
        {
            assert_eq!(is_csv(file), expected, "{file}");
        }
    }

    #[test]
    fn an_array_or_envelope_is_as_good_as_lines() {
        for (text, records, rejected) in [
            (r#"[{"a":1}, {"a":2}]"#, r#"{"a":1} {"a":2}"#, ""),
            ("{\"a\":1}\n{\"a\":2}\n", r#"{"a":1} {"a":2}"#, ""),
            (r#"{"value":[{"a":1}],"nextLink":null}"#, r#"{"a":1}"#, ""),
            ("[]", "", ""),
            (r#"[{"a":1}, 2]"#, r#"{"a":1}"#, "10: not a JSON object"),
            (r#"[{"a":1}"#, r#"{"a":1}"#, "8: cut off: an array or envelope is not closed"),
        ] {
            let table = framed("f", text.as_bytes(), Reading::default()).unwrap();
            let found: Vec<String> = table.records.into_iter().map(|bag| json::write(&bag.into())).collect();
            let reasons: Vec<String> =
                table.rejected.iter().map(|it| format!("{}: {}", it.offset, it.reason)).collect();
            assert_eq!(
                (found.join(" "), reasons.join(" ")),
                (records.to_owned(), rejected.to_owned()),
                "{text}"
            );
        }
    }
}
