//! Numbers, spans of time, and GUIDs without their type's name.
//!
//! Source: Kusto documentation, pages of the scalar data types `long`, `real` and `timespan`.

use super::{Kind, is_name_char};
use rule_eval::time_text;

/// Names of the one unit below a tick, which literals know and `totimespan()` does not.
const NANOSECONDS: [&str; 5] = ["nano", "nanos", "nanosec", "nanosecond", "nanoseconds"];

/// Kind and length of the number or timespan at the beginning of `text`.
pub(super) fn number(text: &str) -> Option<(Kind, usize)> {
    real(text)
        .map(|length| (Kind::Real, length))
        .or_else(|| timespan(text).map(|length| (Kind::Timespan, length)))
        .or_else(|| long(text).map(|length| (Kind::Long, length)))
}

/// Length of a GUID that stands without `guid(…)`.
pub(super) fn bare_guid(text: &str) -> Option<(Kind, usize)> {
    let bytes = text.as_bytes().get(..36)?;
    let is_guid = bytes.iter().enumerate().all(|(i, b)| match i {
        8 | 13 | 18 | 23 => *b == b'-',
        _ => b.is_ascii_hexdigit(),
    });
    is_guid.then_some((Kind::BareGuid, 36))
}

/// Ticks of a timespan literal such as `1.5h`; `None` when it is none or does not fit.
pub(crate) fn ticks(text: &str) -> Option<i64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(unit_at);
    if NANOSECONDS.contains(&unit) {
        return number.parse::<f64>().ok().map(|nanoseconds| (nanoseconds / 100.0) as i64);
    }
    time_text::parse_timespan(text).map(|span| span.0)
}

fn real(text: &str) -> Option<usize> {
    let mut length = digits(text);
    if length == 0 {
        return None;
    }
    let rest = &text[length..];
    // `1..2` is a range; `1...2` is `1.` and `..2`.
    if rest.starts_with('.') && (!rest[1..].starts_with('.') || rest[2..].starts_with('.')) {
        length += 1 + digits(&rest[1..]);
        length += exponent(&text[length..]).unwrap_or(0);
    } else {
        length += exponent(rest)?;
    }
    ends(text, length)
}

fn timespan(text: &str) -> Option<usize> {
    let mut length = digits(text);
    if length == 0 {
        return None;
    }
    if text[length..].starts_with('.') {
        let fraction = digits(&text[length + 1..]);
        length += if fraction > 0 { fraction + 1 } else { 0 };
    }
    let letters = text[length..].bytes().take_while(u8::is_ascii_lowercase).count();
    let unit = &text[length..length + letters];
    let known = time_text::unit_ticks(unit).is_some() || NANOSECONDS.contains(&unit);
    known.then(|| ends(text, length + letters)).flatten()
}

fn long(text: &str) -> Option<usize> {
    let hex = text
        .strip_prefix("0x")
        .or_else(|| text.strip_prefix("0X"))
        .map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_hexdigit).count());
    let length = if hex > 0 { hex + 2 } else { digits(text) };
    (length > 0).then(|| ends(text, length)).flatten()
}

fn exponent(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(['e', 'E'])?;
    let sign = usize::from(rest.starts_with(['+', '-']));
    let count = digits(&rest[sign..]);
    (count > 0).then_some(1 + sign + count)
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// `length` unless a name goes on there.
fn ends(text: &str, length: usize) -> Option<usize> {
    (!text[length..].starts_with(is_name_char)).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_apart() {
        for (text, expected) in [
            ("12,", Some((Kind::Long, 2))),
            ("0x1F)", Some((Kind::Long, 4))),
            ("1.5 ", Some((Kind::Real, 3))),
            ("1.", Some((Kind::Real, 2))),
            ("1e10", Some((Kind::Real, 4))),
            ("1.5e-3", Some((Kind::Real, 6))),
            ("1..5", Some((Kind::Long, 1))),
            ("1.5h)", Some((Kind::Timespan, 4))),
            ("30minutes", Some((Kind::Timespan, 9))),
            ("1day..", Some((Kind::Timespan, 4))),
            ("7dx", None),
            ("3Dchart", None),
            ("x1", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn timespans_count_ticks() {
        for (text, expected) in [
            ("1d", Some(864_000_000_000)),
            ("1.5h", Some(54_000_000_000)),
            ("10m", Some(6_000_000_000)),
            ("5ms", Some(50_000)),
            ("1microsecond", Some(10)),
            ("1tick", Some(1)),
            ("250nanoseconds", Some(2)),
            ("0.1s", Some(1_000_000)),
            ("99999999999d", None),
            ("1y", None),
        ] {
            assert_eq!(ticks(text), expected, "{text}");
        }
    }
}
