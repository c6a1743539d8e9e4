//! A file that holds a whole table: newline-delimited JSON, an array of JSON objects, or comma-separated values.
//!
//! ```text
//! FILE.csv ──────────────┐
//! FILE whose text begins with [ ──┼─> records, and what is none, with where and why
//! any other, by lines ───┘
//! ```

use crate::csv;
use crate::failure::Failure;
use rule_eval::json;
use rule_model::{Bag, Value};
use rule_runtime::framing::{Batch, Frame, Framer, Limits};
use rule_runtime::source::{Expansion, Origin, Progress};
use std::io::{Cursor, Read};

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

/// Reads a file, plain, gzip or zstd; `-` is standard input.
pub(crate) fn read(file: &str) -> Result<TableFile, Failure> {
    let opened = |error| Failure::open(file, &error);
    let mut source = Origin::of(file).open(&Progress::default(), Expansion::default()).map_err(opened)?;
    if is_csv(file) {
        let mut bytes = Vec::new();
        source.reader.read_to_end(&mut bytes).map_err(opened)?;
        return Ok(gathered(file, comma_separated(&bytes)));
    }
    let mut beginning = Vec::new();
    let blanks = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_whitespace);
    while blanks(beginning.strip_prefix(BOM).unwrap_or(&beginning)) {
        if source.reader.by_ref().take(CHUNK).read_to_end(&mut beginning).map_err(opened)? == 0 {
            break;
        }
    }
    let text = beginning.strip_prefix(BOM).unwrap_or(&beginning).trim_ascii_start();
    if text.starts_with(b"[") {
        source.reader.read_to_end(&mut beginning).map_err(opened)?;
        return Ok(gathered(file, array(&beginning)));
    }
    lines(file, Cursor::new(beginning).chain(source.reader)).map_err(opened)
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
/// Bytes that are looked at first.
const CHUNK: u64 = 4096;

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

fn array(bytes: &[u8]) -> Vec<Result<Bag, (u64, String)>> {
    let parsed = text(bytes.strip_prefix(BOM).unwrap_or(bytes))
        .and_then(|text| json::parse(text).map_err(|error| error.to_string()));
    match parsed {
        Ok(Value::Array(items)) => {
            let record = |(position, item): (usize, &Value)| match item {
                Value::Bag(bag) => Ok(bag.as_ref().clone()),
                _ => Err((0, format!("element {position} of the array is not a JSON object"))),
            };
            items.iter().enumerate().map(record).collect()
        }
        Ok(_) => vec![Err((0, "not an array of JSON objects".to_owned()))],
        Err(reason) => vec![Err((0, reason))],
    }
}

fn lines(file: &str, reader: impl Read) -> std::io::Result<TableFile> {
    let mut framer = Framer::new(reader, Limits::default());
    let mut batch = Batch::default();
    let mut table = TableFile::default();
    while framer.fill(&mut batch)? {
        for frame in &batch.frames {
            let (offset, outcome) = match frame {
                Frame::Record(range) => (batch.offset + range.start as u64, object(batch.record(range))),
                Frame::TooLong { offset, length, .. } => (*offset, Err(format!("too long: {length} bytes"))),
            };
            match outcome {
                Ok(bag) => table.records.push(bag),
                Err(reason) => table.rejected.push(Rejected { file: file.to_owned(), offset, reason }),
            }
        }
    }
    Ok(table)
}

fn object(line: &[u8]) -> Result<Bag, String> {
    match json::parse(text(line)?).map_err(|error| error.to_string())? {
        Value::Bag(bag) => Ok(bag.as_ref().clone()),
        _ => Err("not a JSON object".to_owned()),
    }
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|_| "invalid UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_comma_separated_values() {
        for (file, expected) in
            [("a.csv", true), ("A.CSV.gz", true), ("a.csv.zst", true), ("a.json", false), ("csv", false)]
        {
            assert_eq!(is_csv(file), expected, "{file}");
        }
    }

    #[test]
    fn an_array_is_as_good_as_lines() {
        let shown = |found: Vec<Result<Bag, (u64, String)>>| {
            let one = |it: Result<Bag, (u64, String)>| match it {
                Ok(bag) => json::write(&bag.into()),
                Err((_, reason)) => reason,
            };
            found.into_iter().map(one).collect::<Vec<_>>().join(" ")
        };
        for (text, expected) in [
            (r#"[{"a":1}, {"a":2}]"#, r#"{"a":1} {"a":2}"#),
            ("[]", ""),
            (r#"[{"a":1}, 2]"#, r#"{"a":1} element 1 of the array is not a JSON object"#),
        ] {
            assert_eq!(shown(array(text.as_bytes())), expected);
        }
    }
}
