//! Reads `datetime` and `timespan` from the layouts that `todatetime()` and `totimespan()` take.
//!
//! ISO 8601 (partial dates too), RFC 822, RFC 850 and the US layout of spreadsheet and portal exports; for spans the
//! clock form `[-][d.]hh:mm[:ss[.fffffff]]` and a number with a unit, or without one as days. What is out of range
//! or left over after a layout makes the text no instant at all.
//! Source: Kusto documentation, "The datetime data type" and "The timespan data type"; the US layout is the
//! project's decision (semantics case sem-085).

use rule_model::time::{Civil, TICKS_PER_DAY, TICKS_PER_SECOND};
use rule_model::{DateTime, Timespan};

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The instant that `text` writes in any of the layouts; without an offset it is UTC.
pub(crate) fn parse_datetime(text: &str) -> Option<DateTime> {
    let text = text.trim();
    DateTime::parse_iso(text).or_else(|| [year_first, month_name, us].iter().find_map(|layout| layout(text)))
}

/// The span that `text` writes: `1.02:03:04.5`, `12:30`, `1d`, `1.5h`, `-30 minutes`; a bare number is days.
pub(crate) fn parse_timespan(text: &str) -> Option<Timespan> {
    let text = text.trim();
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let ticks = clock(text).or_else(|| with_unit(text))?;
    i64::try_from(sign * ticks).ok().map(Timespan)
}

/// Ticks in the time unit called `name`, as timespan literals spell units.
pub(crate) fn unit_ticks(name: &str) -> Option<f64> {
    let second = TICKS_PER_SECOND as f64;
    Some(match name {
        "d" | "day" | "days" => 86_400.0 * second,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0 * second,
        "m" | "min" | "minute" | "minutes" => 60.0 * second,
        "s" | "sec" | "second" | "seconds" => second,
        "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1e-3 * second,
        "micro" | "micros" | "microsecond" | "microseconds" => 1e-6 * second,
        "nano" | "nanos" | "nanosecond" | "nanoseconds" => 1e-9 * second,
        "tick" | "ticks" => 1.0,
        _ => return None,
    })
}

/// `2014-05`, `2014-5-8`, `2014/05/25 08:20`, `2014-11-08 15:05:25 GMT`.
fn year_first(text: &str) -> Option<DateTime> {
    let mut cursor = Cursor(text);
    let year = cursor.number(4, 4)?;
    let separator = if cursor.skip("/") { "/" } else { cursor.expect("-").map(|()| "-")? };
    let month = cursor.number(1, 2)?;
    if cursor.0.is_empty() {
        return instant(year, month, 1, &mut cursor);
    }
    cursor.expect(separator)?;
    let day = cursor.number(1, 2)?;
    instant(year, month, day, &mut cursor)
}

/// RFC 822 `Sat, 8 Nov 14 15:05:02 GMT` and RFC 850 `Saturday, 08-Nov-14 15:05:02 GMT`; the weekday may be missing
/// and is not compared with the date.
fn month_name(text: &str) -> Option<DateTime> {
    let mut cursor = Cursor(text);
    if !cursor.word().is_empty() {
        cursor.expect(",")?;
        cursor.spaces();
    }
    let day = cursor.number(1, 2)?;
    let separator = if cursor.skip("-") { "-" } else { cursor.expect(" ").map(|()| " ")? };
    let name = cursor.word().to_ascii_lowercase();
    let month = MONTHS.iter().position(|month| name.get(..3) == Some(*month))? as u32 + 1;
    cursor.expect(separator)?;
    let year = match cursor.0.bytes().take_while(u8::is_ascii_digit).count() {
        2 => century(cursor.number(2, 2)?),
        _ => cursor.number(4, 4)?,
    };
    instant(year, month, day, &mut cursor)
}

/// `4/1/2025 6:42:09 PM`: month before day.
fn us(text: &str) -> Option<DateTime> {
    let mut cursor = Cursor(text);
    let month = cursor.number(1, 2)?;
    cursor.expect("/")?;
    let day = cursor.number(1, 2)?;
    cursor.expect("/")?;
    let year = cursor.number(4, 4)?;
    instant(year, month, day, &mut cursor)
}

/// .NET's reading of years of two digits: up to 49 in this century.
const fn century(year: u32) -> u32 {
    if year < 50 { 2000 + year } else { 1900 + year }
}

/// The date together with the time of day and offset that follow it up to the end, if any.
fn instant(year: u32, month: u32, day: u32, cursor: &mut Cursor<'_>) -> Option<DateTime> {
    let mut civil = Civil { year: year as i32, month, day, hour: 0, minute: 0, second: 0, tick: 0 };
    let mut east = 0;
    if !cursor.0.is_empty() {
        if !cursor.skip("T") && !cursor.skip("t") {
            cursor.expect(" ")?;
            cursor.spaces();
        }
        civil.hour = cursor.number(1, 2)?;
        cursor.expect(":")?;
        civil.minute = cursor.number(2, 2)?;
        if cursor.skip(":") {
            civil.second = cursor.number(2, 2)?;
            if cursor.skip(".") {
                civil.tick = cursor.fraction()?;
            }
        }
        cursor.spaces();
        civil.hour = cursor.half_day(civil.hour)?;
        cursor.spaces();
        east = cursor.offset()?;
    }
    cursor.0.is_empty().then_some(())?;
    DateTime::from_civil(civil)?.checked_add(Timespan(-east * TICKS_PER_SECOND))
}

/// Ticks of `[d.]hh:mm[:ss[.fffffff]]`.
fn clock(text: &str) -> Option<i128> {
    let (days, text) = match (text.find('.'), text.find(':')?) {
        (Some(dot), colon) if dot < colon => (text[..dot].parse::<u32>().ok()?, &text[dot + 1..]),
        _ => (0, text),
    };
    let mut cursor = Cursor(text);
    let hours = cursor.number(1, 2)?;
    cursor.expect(":")?;
    let minutes = cursor.number(1, 2)?;
    let (mut seconds, mut tick) = (0, 0);
    if cursor.skip(":") {
        seconds = cursor.number(1, 2)?;
        if cursor.skip(".") {
            tick = cursor.fraction()?;
        }
    }
    let valid = cursor.0.is_empty() && hours < 24 && minutes < 60 && seconds < 60;
    valid.then(|| {
        i128::from(days) * i128::from(TICKS_PER_DAY)
            + i128::from(hours * 3600 + minutes * 60 + seconds) * i128::from(TICKS_PER_SECOND)
            + i128::from(tick)
    })
}

/// Ticks of a number and its unit.
fn with_unit(text: &str) -> Option<i128> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit = match unit.trim_start() {
        "" => "d",
        named => named,
    };
    let ticks = number.parse::<f64>().ok()? * unit_ticks(unit)?;
    // Rounded to the tick, because 0.1 s as a binary fraction is a little more than a million ticks.
    Some(ticks.round() as i128)
}

/// Reads fields off the front of a text.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn skip(&mut self, expected: &str) -> bool {
        self.0.strip_prefix(expected).map(|rest| self.0 = rest).is_some()
    }

    fn expect(&mut self, expected: &str) -> Option<()> {
        self.skip(expected).then_some(())
    }

    fn spaces(&mut self) {
        self.0 = self.0.trim_start_matches(' ');
    }

    fn word(&mut self) -> &'a str {
        let end = self.0.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        word
    }

    fn digits(&mut self) -> &'a str {
        let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        digits
    }

    /// A number of `min` to `max` digits, no more following.
    fn number(&mut self, min: usize, max: usize) -> Option<u32> {
        let digits = self.digits();
        (min..=max).contains(&digits.len()).then_some(())?;
        digits.parse().ok()
    }

    /// Ticks in the digits after a decimal point; those past the seventh are cut off.
    fn fraction(&mut self) -> Option<u32> {
        let digits = self.digits().as_bytes();
        let ticks = (0..7).fold(0, |n, i| n * 10 + digits.get(i).map_or(0, |d| u32::from(d - b'0')));
        (!digits.is_empty()).then_some(ticks)
    }

    /// The hour of 24 that `hour` and a following AM or PM mean.
    fn half_day(&mut self, hour: u32) -> Option<u32> {
        let half = self.0.get(..2).map(str::to_ascii_uppercase);
        let base = match half.as_deref() {
            Some("AM") => 0,
            Some("PM") => 12,
            _ => return Some(hour),
        };
        self.0 = &self.0[2..];
        (1..=12).contains(&hour).then_some(hour % 12 + base)
    }

    /// Seconds east of UTC: of nothing, `Z`, `GMT` and `UTC` 0, else of `±hh:mm`, `±hhmm` or `±hh`.
    fn offset(&mut self) -> Option<i64> {
        if self.0.is_empty() || ["Z", "z", "GMT", "UTC"].iter().any(|zone| self.skip(zone)) {
            return Some(0);
        }
        let sign = if self.skip("+") { 1 } else { self.expect("-").map(|()| -1)? };
        let digits = self.digits();
        let (hours, minutes) = match digits.len() {
            4 => (digits[..2].parse::<i64>().ok()?, digits[2..].parse::<i64>().ok()?),
            2 if self.skip(":") => (digits.parse().ok()?, i64::from(self.number(2, 2)?)),
            2 => (digits.parse().ok()?, 0),
            _ => return None,
        };
        (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_layout_is_read() {
        for (text, instant) in [
            ("2014-05", "2014-05-01T00:00:00.0000000Z"),
            ("2014-5-8", "2014-05-08T00:00:00.0000000Z"),
            ("2014-05-25 08:20", "2014-05-25T08:20:00.0000000Z"),
            ("2014-05-25T08:20:03.123456Z", "2014-05-25T08:20:03.1234560Z"),
            ("2014-05-25T08:20:03.1234567+02:00", "2014-05-25T06:20:03.1234567Z"),
            ("2014-11-08 15:05:25 GMT", "2014-11-08T15:05:25.0000000Z"),
            ("2014/11/08 15:05", "2014-11-08T15:05:00.0000000Z"),
            ("Sat, 8 Nov 14 15:05:02 GMT", "2014-11-08T15:05:02.0000000Z"),
            ("Sat, 8 Nov 14 15:05", "2014-11-08T15:05:00.0000000Z"),
            ("8 Nov 14", "2014-11-08T00:00:00.0000000Z"),
            ("08 November 2014 15:05:02 -0100", "2014-11-08T16:05:02.0000000Z"),
            ("Saturday, 08-Nov-14 15:05:02 GMT", "2014-11-08T15:05:02.0000000Z"),
            ("08-Nov-14 15:05", "2014-11-08T15:05:00.0000000Z"),
            ("4/1/2025 6:42:09 PM", "2025-04-01T18:42:09.0000000Z"),
            ("12/31/2025 12:00:00 AM", "2025-12-31T00:00:00.0000000Z"),
            ("4/1/2025", "2025-04-01T00:00:00.0000000Z"),
        ] {
            assert_eq!(parse_datetime(text).map(|t| t.to_string()).as_deref(), Some(instant), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_instants() {
        for text in [
            "",
            "yesterday",
            "2014-05-",
            "2014-13",
            "31/12/2025",
            "8 Foo 14",
            "4/1/2025 13:00 PM",
            "2014-05-25 08:20 there",
            "Saturday 8 Nov 14",
            "é/1/2025",
        ] {
            assert_eq!(parse_datetime(text), None, "{text}");
        }
    }

    #[test]
    fn spans_are_read_as_clocks_and_as_numbers_with_units() {
        for (text, span) in [
            ("1.02:03:04.5", "1.02:03:04.5000000"),
            ("12:30", "12:30:00"),
            ("0.00:01:00", "00:01:00"),
            ("-00:00:01", "-00:00:01"),
            ("1d", "1.00:00:00"),
            ("1.5h", "01:30:00"),
            ("15 seconds", "00:00:15"),
            ("0.1s", "00:00:00.1000000"),
            ("10microsecond", "00:00:00.0000100"),
            ("1tick", "00:00:00.0000001"),
            ("2", "2.00:00:00"),
        ] {
            assert_eq!(parse_timespan(text).map(|t| t.to_string()).as_deref(), Some(span), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_spans() {
        for text in ["", "1x", "24:00", "12:60", "1.2.3", "d", "--1d", "1e400d", "99999999999d", ":", "1:"] {
            assert_eq!(parse_timespan(text), None, "{text}");
        }
    }
}
