//! A record that is not JSON, spelled without escapes, so that the scan can read what the parser has refused.
//!
//! A record is held to JSON's grammar only where a rule may ask for it. Whether one does is told by texts of the record; where
//! these, or the keys before them, have escapes, the scan leaves it to the parser. Of a record that the parser refuses
//! for something else the texts are read here: seldom, so that it may take its time.

use crate::parse::escape::unescaped;
use memchr::memchr;

/// The record without backslashes that stand in the object outside of strings, and without those escapes that can be spelled
/// out. What cannot in a text (quotes, backslashes, control characters) is left as it is; in a key, where no table has any,
/// it becomes U+FFFD. `None` of what is not UTF-8, has no backslash, or is no object.
pub(crate) fn without_escapes(record: &[u8]) -> Option<String> {
    memchr(b'\\', record)?;
    let mut rest = std::str::from_utf8(record).ok()?;
    let mut spelled = String::with_capacity(rest.len());
    // One before or behind the object stays: nothing may stand there.
    let object = rest.find('{')?..=rest.rfind('}')?;
    let blanked = |outside: &str, offset: usize| -> String {
        let is_stray = |at: usize, c: char| c == '\\' && object.contains(&(offset + at));
        outside.char_indices().map(|(at, c)| if is_stray(at, c) { ' ' } else { c }).collect()
    };
    while let Some(quote) = rest.find('"') {
        let (outside, string) = rest.split_at_checked(quote)?;
        spelled += &blanked(outside, record.len() - rest.len());
        let end = end_of_string(string);
        let (string, after) = string.split_at_checked(end)?;
        push(&mut spelled, string, after.trim_ascii_start().trim_start_matches('\\').starts_with(':'));
        rest = after;
    }
    spelled += &blanked(rest, record.len() - rest.len());
    Some(spelled)
}

/// Adds a string with its quotes.
fn push(spelled: &mut String, string: &str, is_key: bool) {
    let Some(written) = string.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return spelled.push_str(string);
    };
    let is_plain = |c: char| c >= ' ' && c != '"' && c != '\\';
    match unescaped(written) {
        _ if !are_escapes(written) || written.chars().any(|c| c < ' ') => spelled.push_str(string),
        text if text.chars().all(is_plain) => spelled.extend(["\"", &text, "\""]),
        text if is_key => {
            let text: String = text.chars().map(|c| if is_plain(c) { c } else { '\u{fffd}' }).collect();
            spelled.extend(["\"", &text, "\""]);
        }
        _ => spelled.push_str(string),
    }
}

/// Where the string ends that a text begins with; where the text does, if it is not closed.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    let close = text.bytes().skip(1).position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    close.map_or(text.len(), |close| close + 2)
}

/// Whether every backslash in a string begins an escape that JSON has.
fn are_escapes(written: &str) -> bool {
    let bytes = written.as_bytes();
    let mut at = 0;
    while let Some(backslash) = bytes.get(at..).and_then(|rest| memchr(b'\\', rest)) {
        if !super::is_escape(bytes, at + backslash + 1) {
            return false;
        }
        at += backslash + 2;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_spelled_out_is() {
        for (record, spelled) in [
            (r#"{"a":1}"#, None),
            (r#"{"\u0061":"x\u0020y\/"}"#, Some(r#"{"a":"x y/"}"#)),
            (r#"{"a":\"b",\ "c" \:1\}"#, Some(r#"{"a": "b",  "c"  :1 }"#)),
            (r#"{"\n\"" :"\n"}"#, Some("{\"\u{fffd}\u{fffd}\" :\"\\n\"}")),
            (r#"{"\x":"\x","b":"\\"}"#, Some(r#"{"\x":"\x","b":"\\"}"#)),
            ("{\"\t\\n\":1}", Some("{\"\t\\n\":1}")),
            (r#"{"a":"\ud83d"}"#, Some("{\"a\":\"\u{fffd}\"}")),
            (r#"{"a":"é\u00e9"}"#, Some(r#"{"a":"éé"}"#)),
            (r#"{"a":"é\u00e9"#, None),
            (r#"{"a":"\"#, None),
            (r#"\{"a":\1}\"#, Some(r#"\{"a": 1}\"#)),
            (r#"{"a":{}\}\}\"#, Some(r#"{"a":{} } }\"#)),
        ] {
            assert_eq!(without_escapes(record.as_bytes()).as_deref(), spelled, "{record}");
        }
        assert_eq!(without_escapes(b"\\\xff"), None);
    }
}
