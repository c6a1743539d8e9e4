//! KQL's `guid`: a 128-bit identifier.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A 128-bit identifier, ordered as the number its 32 hexadecimal digits write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Guid(pub u128);

impl Guid {
    /// Reads the forms that `toguid()` takes: 32 hexadecimal digits, with hyphens after digits 8, 12, 16 and 20, after
    /// the last three of these or without any, in braces or parentheses or bare, in either case. `None` for anything
    /// else.
    pub fn parse(text: &str) -> Option<Guid> {
        let text = text.trim();
        let inner = match text.as_bytes() {
            [b'{', .., b'}'] | [b'(', .., b')'] => &text[1..text.len() - 1],
            _ => text,
        };
        let hyphens: &[usize] = match inner.len() {
            36 => &[8, 13, 18, 23],
            // The documentation of `toguid()` shows this form, too.
            35 => &[12, 17, 22],
            32 => &[],
            _ => return None,
        };
        let mut digits: u128 = 0;
        for (i, byte) in inner.bytes().enumerate() {
            if hyphens.contains(&i) {
                if byte != b'-' {
                    return None;
                }
                continue;
            }
            digits = digits << 4 | u128::from(char::from(byte).to_digit(16)?);
        }
        Some(Guid(digits))
    }
}

impl fmt::Display for Guid {
    /// The canonical form: lower case with hyphens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            n >> 96,
            (n >> 80) & 0xffff,
            (n >> 64) & 0xffff,
            (n >> 48) & 0xffff,
            n & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_written_forms_are_one_guid() {
        let canonical = "74be27de-1e4e-49d9-b579-fe0b331d3642";
        for form in [
            canonical,
            "74BE27DE1E4E49D9B579FE0B331D3642",
            "{74be27de-1e4e-49d9-b579-fe0b331d3642}",
            " 74be27de1e4e49d9b579fe0b331d3642 ",
        ] {
            assert_eq!(Guid::parse(form).map(|g| g.to_string()).as_deref(), Some(canonical), "{form}");
        }
    }

    #[test]
    fn other_text_is_no_guid() {
        for text in
            ["", "74be27de", "74be27de-1e4e-49d9-b579-fe0b331d364g", "74be27de11e4e-49d9-b579-fe0b331d3642"]
        {
            assert_eq!(Guid::parse(text), None, "{text}");
        }
    }
}
