//! Quotes that KQL does not have: the curly ones of word processors, the backticks of SQL. A pair of them is one mistake.

use super::is_name_char;
use crate::{Diagnostic, Span};

/// What stands between quotes that KQL does not have at the beginning of `text`, itself at `offset`: its length, and what
/// is wrong with it. `None` where nothing of the kind begins, or nothing ends it on its line.
pub(super) fn of_others(text: &str, offset: u32) -> Option<(usize, Diagnostic)> {
    let fault = |length: usize, message: &str| {
        Diagnostic::error(Span::new(offset, offset + length as u32), message.to_owned())
    };
    let open = text.chars().next()?;
    let closing: &[char] = match open {
        '\u{201c}'..='\u{201f}' => &['\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}'],
        '\u{2018}'..='\u{201b}' => &['\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'],
        '`' => &['`'],
        _ => return None,
    };
    let rest = &text[open.len_utf8()..];
    let line = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
    let end = line.find(closing)?;
    let inside = &line[..end];
    let length = open.len_utf8() + end + line[end..].chars().next()?.len_utf8();
    let is_name = !inside.is_empty() && inside.chars().all(is_name_char);
    let fault = match open {
        '`' => fault(length, "a name stands in backticks"),
        _ => fault(length, "this text stands in curly quotes"),
    };
    Some((
        length,
        fault.help(match open {
            '`' if is_name => format!("write `{inside}`"),
            '`' => format!("write `[\"{inside}\"]`"),
            _ if inside.contains('"') => format!("write `'{inside}'`"),
            _ => format!("write `\"{inside}\"`"),
        }),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_of_quotes_of_others_is_one_mistake() {
        for (text, expected) in [
            ("\u{201c}a b\u{201d} and", Some(("\u{201c}a b\u{201d}", "write `\"a b\"`"))),
            ("\u{201e}a\u{201c}", Some(("\u{201e}a\u{201c}", "write `\"a\"`"))),
            ("\u{2018}say \"a\"\u{2019}", Some(("\u{2018}say \"a\"\u{2019}", "write `'say \"a\"'`"))),
            ("`Name` == 1", Some(("`Name`", "write `Name`"))),
            ("`a b` == 1", Some(("`a b`", "write `[\"a b\"]`"))),
            ("\u{201c}a\nb\u{201d}", None),
            ("\"a\"", None),
        ] {
            let found = of_others(text, 0);
            let found = found
                .as_ref()
                .map(|(length, fault)| (&text[..*length], fault.help.as_deref().unwrap_or_default()));
            assert_eq!(found, expected, "{text}");
        }
    }
}
