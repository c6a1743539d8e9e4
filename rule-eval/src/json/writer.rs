//! Values to JSON text.

use super::display;
use rule_model::Value;
use std::fmt::Write;

/// Writes values as compact JSON, in the order of a bag's names. What JSON has no form for (datetimes, timespans, guids,
/// decimals, reals that are not finite) is spelled as strings, as Kusto does.
#[derive(Debug)]
pub struct Writer<'t> {
    text: &'t mut String,
}

/// Writes a value as compact JSON.
pub fn write(value: &Value) -> String {
    let mut text = String::new();
    Writer::to(&mut text).value(value);
    text
}

impl<'t> Writer<'t> {
    /// Writes behind what a text has already.
    pub fn to(text: &'t mut String) -> Writer<'t> {
        Writer { text }
    }

    /// A value.
    pub fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(true) => self.text.push_str("true"),
            Value::Bool(false) => self.text.push_str("false"),
            Value::Int(n) => self.number(i64::from(*n)),
            Value::Long(n) => self.number(*n),
            // Writing a finite number to memory does not fail.
            Value::Real(n) if n.is_finite() => {
                self.text.push_str(&serde_json::to_string(n).unwrap_or_default());
            }
            Value::String(text) => self.string(text),
            Value::Array(items) => {
                self.text.push('[');
                for (position, item) in items.iter().enumerate() {
                    self.comma(position);
                    self.value(item);
                }
                self.text.push(']');
            }
            Value::Bag(bag) => self.object(bag.iter().map(|(name, value)| (name.as_str(), value))),
            other => self.string(&display(other)),
        }
    }

    /// An object of these properties, whose names are told apart by who gives them.
    pub fn object<'n, 'v>(&mut self, properties: impl Iterator<Item = (&'n str, &'v Value)>) {
        self.object_of(properties, Writer::value);
    }

    /// An object of these properties, of which `put` writes each value.
    pub fn object_of<'n, V>(
        &mut self,
        properties: impl Iterator<Item = (&'n str, V)>,
        mut put: impl FnMut(&mut Writer<'t>, V),
    ) {
        self.text.push('{');
        for (position, (name, value)) in properties.enumerate() {
            self.comma(position);
            self.string(name);
            self.text.push(':');
            put(self, value);
        }
        self.text.push('}');
    }

    fn comma(&mut self, position: usize) {
        if position > 0 {
            self.text.push(',');
        }
    }

    fn number(&mut self, number: i64) {
        // Writing to memory does not fail.
        let _ = write!(self.text, "{number}");
    }

    fn string(&mut self, text: &str) {
        self.text.reserve(text.len() + 2);
        self.text.push('"');
        let mut done = 0;
        let mut escape = |at: usize, byte: u8| {
            self.text.push_str(text.get(done..at).unwrap_or_default());
            self.escape(byte);
            done = at + 1;
        };
        let (chunks, rest) = text.as_bytes().as_chunks();
        for (number, chunk) in chunks.iter().enumerate() {
            let mut found = escaped(u64::from_le_bytes(*chunk));
            while found != 0 {
                let at = found.trailing_zeros() as usize / 8;
                escape(8 * number + at, chunk[at % 8]);
                found &= found - 1;
            }
        }
        for (at, byte) in rest.iter().enumerate().filter(|(_, byte)| is_escaped(**byte)) {
            escape(8 * chunks.len() + at, *byte);
        }
        self.text.push_str(text.get(done..).unwrap_or_default());
        self.text.push('"');
    }

    fn escape(&mut self, byte: u8) {
        let short = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x8 => "\\b",
            0xc => "\\f",
            other => {
                // Writing to memory does not fail.
                let _ = write!(self.text, "\\u{other:04x}");
                return;
            }
        };
        self.text.push_str(short);
    }
}

/// Quotes, backslashes and control characters.
#[inline]
fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The top bit of each of eight bytes that [is escaped](is_escaped).
#[inline]
fn escaped(bytes: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x80 * ONES;
    // What is added carries into the top bit of a byte, never out of it, where its other bits make at least `least`.
    let at_least = |bytes: u64, least: u64| ((bytes & !TOPS) + (0x80 - least) * ONES) | bytes;
    let [quotes, backslashes] = [b'"', b'\\'].map(|byte| bytes ^ (u64::from(byte) * ONES));
    !(at_least(bytes, 0x20) & at_least(quotes, 1) & at_least(backslashes, 1)) & TOPS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_is_written_as_by_serde_json(text: &str) {
        assert_eq!(write(&Value::string(text)), serde_json::to_string(text).unwrap());
    }

    #[test]
    fn each_byte_is_written_as_by_serde_json_wherever_it_stands() {
        for character in (0..=0x100).filter_map(char::from_u32) {
            for before in 0..18 {
                for after in [0, 1, 9] {
                    let text = format!("{}{character}{}", "x".repeat(before), "y".repeat(after));
                    assert_is_written_as_by_serde_json(&text);
                }
            }
        }
    }

    #[test]
    fn numbers_are_written_as_by_serde_json() {
        for number in [0, 1, -1, 10, i64::MIN, i64::MAX] {
            assert_eq!(write(&Value::Long(number)), serde_json::to_string(&number).unwrap());
        }
        for number in [0.0, 1.0, -2.5, 1e21, 1e-7, 0.1, f64::MAX, f64::MIN_POSITIVE] {
            assert_eq!(write(&Value::Real(number)), serde_json::to_string(&number).unwrap());
        }
    }

    #[test]
    fn texts_of_anything_are_written_as_by_serde_json() {
        let parts =
            ["\"", "\\", "\n", "\u{7f}", "\u{1b}", "é", "\u{10ffff}", "x", "a longer part of a text ", "7"];
        let mut state = 1_u64;
        for _ in 0..2000 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(parts[(state >> 33) as usize % parts.len()]);
            }
            assert_is_written_as_by_serde_json(&text);
        }
    }
}
