//! Which encodings text comes in: UTF-8, with or without a byte order mark. UTF-16 and UTF-32 are refused.

use std::io;

const BOM: &[u8] = b"\xef\xbb\xbf";
/// Bytes that are needed to tell.
pub(super) const NEEDED: usize = 3;

/// Where the text begins that `bytes` begin with, or why it cannot be read.
pub(super) fn text_start(bytes: &[u8]) -> io::Result<usize> {
    if bytes.starts_with(BOM) {
        return Ok(BOM.len());
    }
    // Without a mark: no JSON in UTF-8 has a NUL before or after its first character.
    let name = match bytes {
        [0xff, 0xfe, ..] | [b'{' | b'[' | b'"' | b' ' | b'\t' | b'\r' | b'\n', 0, ..] => "UTF-16LE",
        [0xfe, 0xff, ..] | [0, b'{' | b'[' | b'"' | b' ' | b'\t' | b'\r' | b'\n', ..] => "UTF-16BE",
        _ => return Ok(0),
    };
    let message = format!(
        "is in {name}, not UTF-8; nothing of it was read; convert it first: iconv -f {name} -t UTF-8"
    );
    Err(io::Error::new(io::ErrorKind::InvalidData, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_passed_and_other_encodings_refused() {
        for (bytes, expected) in [
            (&b"{}"[..], Ok(0)),
            (b"", Ok(0)),
            (b"\xef\xbb\xbf{}", Ok(3)),
            (b"\xef\xbb", Ok(0)),
            (b"\0\0\0", Ok(0)),
            (b"x\0y", Ok(0)),
            (b"\xff\xfe{\0", Err("UTF-16LE")),
            (b"\xfe\xff\0{", Err("UTF-16BE")),
            (b"{\0\"\0", Err("UTF-16LE")),
            (b"\0[\0{", Err("UTF-16BE")),
        ] {
            match (text_start(bytes), expected) {
                (Ok(start), Ok(expected)) => assert_eq!(start, expected, "{bytes:?}"),
                (Err(error), Err(name)) => assert!(error.to_string().contains(name), "{bytes:?}: {error}"),
                (found, _) => panic!("{bytes:?}: {found:?}"),
            }
        }
    }
}
