//! The records that are judged: framed as those of a run, so that one is judged as it would be there.

use crate::failure::Failure;
use crate::known_tables::KnownTables;
use crate::reading::Reading;
use crate::table_file;
use rule_model::schema::recognition::Recognizer;
use rule_model::{Bag, Schema};
use rule_runtime::source::{Origin, Progress};
use std::io::{self, Read};
use std::path::Path;

/// A record as read.
#[derive(Debug)]
pub(super) struct Record {
    /// The file, `-` for standard input.
    pub(super) source: String,
    /// From 1.
    pub(super) number: usize,
    /// Its properties, or why there are none.
    pub(super) content: Result<Bag, String>,
    /// The table it is of.
    pub(super) table: Option<&'static Schema>,
    /// Whether it looks like no table's and was taken for the rule's only one.
    pub(super) assumed: bool,
}

/// Bytes read at the most: what is judged here is a handful of events, not a log.
const MOST: u64 = 64 << 20;

/// `TABLE=FILE` in its parts; a file that has such a name itself is a file.
pub(super) fn table_and_file(argument: &str) -> Option<(&str, &str)> {
    let (table, file) = argument.split_once('=')?;
    let is_name = !table.is_empty() && table.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && !Path::new(argument).exists()).then_some((table, file))
}

/// Reads the records of an argument. A record that looks like no known table's is taken for one of the rule's only
/// table: an event that somebody wrote by hand rarely has all that recognition asks for.
pub(super) fn read(
    argument: &str,
    known: &KnownTables,
    of_rule: &[&'static Schema],
    how: Reading,
) -> Result<Vec<Record>, Failure> {
    let (table, file) = match table_and_file(argument) {
        Some((table, file)) => (known.find(table), file),
        None => (None, argument),
    };
    let contents = contents(&bytes(file, how)?, how).map_err(|error| Failure::open(file, &error))?;
    let recognizer = Recognizer::new(known.all());
    let table_of = |bag: &Bag| recognizer.recognize(bag).and_then(|index| known.all().nth(index));
    let records = contents.into_iter().enumerate().map(|(index, content)| {
        let mut record =
            Record { source: file.to_owned(), number: index + 1, content, table, assumed: false };
        if let (None, Ok(bag)) = (table, &record.content) {
            record.table = table_of(bag);
            if let (None, [only]) = (record.table, of_rule) {
                (record.table, record.assumed) = (Some(*only), true);
            }
        }
        record
    });
    let records: Vec<Record> = records.collect();
    if records.is_empty() {
        return Err(Failure::Usage(format!("{file} holds no event")));
    }
    Ok(records)
}

fn bytes(file: &str, how: Reading) -> Result<Vec<u8>, Failure> {
    let opened = |error| Failure::open(file, &error);
    let source = Origin::of(file).open(&Progress::default(), how.expansion).map_err(opened)?;
    let mut bytes = Vec::new();
    source.reader.take(MOST + 1).read_to_end(&mut bytes).map_err(opened)?;
    if bytes.len() as u64 > MOST {
        let message =
            format!("{file} is longer than {} MiB; name a file with the events in question", MOST >> 20);
        return Err(Failure::Usage(message));
    }
    Ok(bytes)
}

/// The objects of a text.
fn contents(bytes: &[u8], how: Reading) -> io::Result<Vec<Result<Bag, String>>> {
    let mut found = Vec::new();
    table_file::each(bytes, how, |_, record| found.push(record))?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_eval::json;

    #[test]
    fn objects_come_one_a_line_in_an_array_or_envelope_or_laid_out() {
        for (text, shown) in [
            ("{\"a\":1}\n{\"a\":2}\n", "1 2"),
            ("[{\"a\":1},\n{\"a\":2}]", "1 2"),
            ("{\n  \"a\":\n 1\n}", "1"),
            ("\u{feff}{\"a\":1}", "1"),
            ("{\"a\":1}\n{\"a\":\n", "1 !"),
            ("{\"a\":1}\n3\n", "1 !"),
            ("{\n\"a\": x\n}", "!"),
            ("{\"records\":[{\"a\":1},{\"a\":2}]}", "1 2"),
            ("", ""),
        ] {
            let found: Vec<String> = contents(text.as_bytes(), Reading::default())
                .unwrap()
                .iter()
                .map(|bag| bag.as_ref().map_or("!".to_owned(), |bag| json::write(bag.get("a").unwrap())))
                .collect();
            assert_eq!(found.join(" "), shown, "{text:?}");
        }
    }
}
