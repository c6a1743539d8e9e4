//! Comma-separated values (RFC 4180) to records: the first line names the properties, every value is text.

use rule_model::{Bag, Value};

/// A line of values.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    /// Offset of its first byte.
    offset: u64,
    values: Vec<String>,
}

/// The records of `text`, in order; for a line that is none its offset and what is wrong with it.
pub(crate) fn records(text: &str) -> Vec<Result<Bag, (u64, String)>> {
    let mut lines = lines(text).into_iter();
    let Some(head) = lines.next() else { return Vec::new() };
    let record = |line: Line| {
        if line.values.len() != head.values.len() {
            let (found, named) = (line.values.len(), head.values.len());
            return Err((line.offset, format!("{found} values where the first line names {named}")));
        }
        let names = head.values.iter().map(|name| name.trim().into());
        Ok(names.zip(line.values.into_iter().map(Value::string)).collect())
    };
    lines.map(record).collect()
}

/// The lines that are not empty. A value in quotes may hold commas, line ends and, written twice, quotes.
fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut line = Line { offset: 0, values: Vec::new() };
    let mut value = String::new();
    let mut quoted = false;
    let mut was_quoted = false;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if quoted && chars.next_if(|(_, next)| *next == '"').is_some() => value.push('"'),
            '"' if quoted => quoted = false,
            '"' if value.is_empty() && !was_quoted => (quoted, was_quoted) = (true, true),
            ',' if !quoted => {
                line.values.push(std::mem::take(&mut value));
                was_quoted = false;
            }
            '\n' if !quoted => {
                if !was_quoted && value.ends_with('\r') {
                    value.pop();
                }
                end(&mut line, &mut value, was_quoted, &mut lines);
                was_quoted = false;
                line.offset = at as u64 + 1;
            }
            '\r' if !quoted && was_quoted => {}
            c => value.push(c),
        }
    }
    end(&mut line, &mut value, was_quoted, &mut lines);
    lines
}

/// Ends a line, which is dropped if nothing stands on it.
fn end(line: &mut Line, value: &mut String, was_quoted: bool, lines: &mut Vec<Line>) {
    if line.values.is_empty() && value.is_empty() && !was_quoted {
        return;
    }
    line.values.push(std::mem::take(value));
    lines.push(std::mem::replace(line, Line { offset: 0, values: Vec::new() }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_eval::json;

    #[test]
    fn the_first_line_names_the_properties() {
        for (text, expected) in [
            ("a,b\n1,x\n", &[r#"{"a":"1","b":"x"}"#][..]),
            (
                "a,b\r\n1,\"x, \"\"y\"\"\r\nz\"\r\n\r\n,\n",
                &["{\"a\":\"1\",\"b\":\"x, \\\"y\\\"\\r\\nz\"}", r#"{"a":"","b":""}"#],
            ),
            ("a\n\"\"\nlast", &[r#"{"a":""}"#, r#"{"a":"last"}"#]),
            ("a,b\n1\n2,3", &["2 values", r#"{"a":"2","b":"3"}"#]),
            ("a,b", &[]),
            ("", &[]),
        ] {
            let found: Vec<String> = records(text)
                .into_iter()
                .map(|record| match record {
                    Ok(bag) => json::write(&bag.into()),
                    Err((offset, reason)) => format!("{offset}: {reason}"),
                })
                .collect();
            let expected: Vec<String> = expected
                .iter()
                .map(|line| match line.strip_suffix(" values") {
                    Some(_) => "4: 1 values where the first line names 2".to_owned(),
                    None => (*line).to_owned(),
                })
                .collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
