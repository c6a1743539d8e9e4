//! Datetimes and timespans in text: every layout that `todatetime()`, `totimespan()` and the literals take.
//!
//! Sources: Kusto documentation, "The datetime data type" (ISO 8601, RFC 822, RFC 850, sortable) and "The timespan
//! data type". Beyond those layouts, `4/1/2025 6:42:09 PM` reads month first, as in the United States: exports of
//! Microsoft 365 write it, and Kusto is reported to take it.

use rule_model::time::{Civil, TICKS_PER_DAY, TICKS_PER_SECOND};
use rule_model::{DateTime, Timespan};

/// The instant that a text writes; `None` when it is in none of the layouts.
pub fn parse_datetime(text: &str) -> Option<DateTime> {
    let text = text.trim();
    DateTime::parse_iso(text).or_else(|| Cursor(text).datetime())
}

/// The span that a text writes: `[-][d.]hh:mm[:ss[.fffffff]]`, a number with a unit (`1.5h`, `10 seconds`), or a number
/// of days. `None` for anything else, and when the span does not fit.
pub fn parse_timespan(text: &str) -> Option<Timespan> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let ticks = if text.contains(':') { clock_ticks(text)? } else { quantity_ticks(text)? };
    Some(Timespan(if negative { -ticks } else { ticks }))
}

/// Ticks of one unit of a timespan literal, by any of the unit's names.
pub fn unit_ticks(unit: &str) -> Option<i64> {
    Some(match unit {
        "d" | "day" | "days" => TICKS_PER_DAY,
        "h" | "hr" | "hrs" | "hour" | "hours" => TICKS_PER_SECOND * 3600,
        "m" | "min" | "minute" | "minutes" => TICKS_PER_SECOND * 60,
        "s" | "sec" | "second" | "seconds" => TICKS_PER_SECOND,
        "ms" | "milli" | "millis" | "millisec" | "millisecond" | "milliseconds" => 10_000,
        "micro" | "micros" | "microsec" | "microsecond" | "microseconds" => 10,
        "tick" | "ticks" => 1,
        _ => return None,
    })
}

/// `[d.]hh:mm[:ss[.fffffff]]`
fn clock_ticks(text: &str) -> Option<i64> {
    let mut cursor = Cursor(text);
    let mut hours = cursor.number(8)?;
    let mut days = 0;
    if cursor.take('.').is_some() {
        days = hours;
        hours = cursor.number(2)?;
    }
    cursor.take(':')?;
    let minutes = cursor.number(2)?;
    let (mut seconds, mut tick) = (0, 0);
    if cursor.take(':').is_some() {
        seconds = cursor.number(2)?;
        if cursor.take('.').is_some() {
            tick = cursor.fraction()?;
        }
    }
    let valid = cursor.0.is_empty() && hours < 24 && minutes < 60 && seconds < 60;
    let of_day = (hours * 3600 + minutes * 60 + seconds) * TICKS_PER_SECOND + tick;
    valid.then_some(())?;
    days.checked_mul(TICKS_PER_DAY)?.checked_add(of_day)
}

/// `1.5h`, `10 seconds`, `2` (days)
fn quantity_ticks(text: &str) -> Option<i64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (&text[..end], text[end..].trim());
    let unit = if unit.is_empty() { TICKS_PER_DAY } else { unit_ticks(unit)? };
    if let Ok(whole) = number.parse::<i64>() {
        return whole.checked_mul(unit);
    }
    let ticks = (number.parse::<f64>().ok()? * unit as f64).round();
    (ticks.abs() < i64::MAX as f64).then_some(ticks as i64)
}

/// What is left to read of a text.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn datetime(mut self) -> Option<DateTime> {
        self.weekday()?;
        let (year, month, day) = self.date()?;
        let mut civil = Civil { year, month, day, hour: 0, minute: 0, second: 0, tick: 0 };
        let separator = self.0.starts_with(['T', 't', ' ']);
        if separator {
            self.0 = self.0[1..].trim_start();
            self.time(&mut civil)?;
        }
        let offset = self.zone()?;
        self.0.is_empty().then_some(())?;
        DateTime::from_civil(civil)?.checked_add(Timespan(-offset * TICKS_PER_SECOND * 60))
    }

    /// `Sat, ` or `Saturday, `, or nothing.
    fn weekday(&mut self) -> Option<()> {
        const DAYS: [&str; 7] =
            ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
        let name = self.word();
        if name.is_empty() {
            return Some(());
        }
        let name = name.to_ascii_lowercase();
        DAYS.iter().any(|day| name == *day || name == day[..3]).then_some(())?;
        self.take(',');
        self.0 = self.0.trim_start();
        Some(())
    }

    /// `2014-11-8`, `2014, 11, 8`, `11/8/2014`, `11-08-2014`, `8 Nov 14` or `08-Nov-14`; of a year alone its first day,
    /// of a month its first.
    fn date(&mut self) -> Option<(i32, u32, u32)> {
        let before = self.0.len();
        let first = self.number(4)?;
        let width = before - self.0.len();
        if width == 4 {
            let separators = ['-', '/', '.', ','];
            let Some(separator) = self.spaced(&separators) else { return Some((first as i32, 1, 1)) };
            let month = self.number(2)?;
            let day = if self.spaced(&[separator]).is_some() { self.number(2)? } else { 1 };
            return Some((first as i32, month as u32, day as u32));
        }
        let is_numeric =
            self.0.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if is_numeric || self.0.starts_with('/') {
            let separator = self.take_any(&['-', '/'])?;
            let day = self.number(2)?;
            self.take(separator)?;
            return Some((self.year()?, first as u32, day as u32));
        }
        let separator = self.take_any(&[' ', '-'])?;
        let month = month_named(self.word())?;
        self.take(separator)?;
        Some((self.year()?, month, first as u32))
    }

    /// Four digits, or two with the century as .NET takes it: to 49 this one, from 50 the last.
    fn year(&mut self) -> Option<i32> {
        let before = self.0.len();
        let year = self.number(4)? as i32;
        Some(match before - self.0.len() {
            4 => year,
            2 if year < 50 => 2000 + year,
            2 => 1900 + year,
            _ => return None,
        })
    }

    /// `15:05[:02[.123]]`, `6:42:09 PM`
    fn time(&mut self, civil: &mut Civil) -> Option<()> {
        civil.hour = self.number(2)? as u32;
        self.take(':')?;
        civil.minute = self.number(2)? as u32;
        if self.take(':').is_some() {
            civil.second = self.number(2)? as u32;
            if self.take('.').is_some() {
                civil.tick = self.fraction()? as u32;
            }
        }
        let rest = self.0.trim_start();
        let half = rest.get(..2).map(str::to_ascii_uppercase);
        let afternoon = match half.as_deref() {
            Some("AM") => 0,
            Some("PM") => 12,
            _ => return Some(()),
        };
        self.0 = &rest[2..];
        (1..=12).contains(&civil.hour).then(|| civil.hour = civil.hour % 12 + afternoon)
    }

    /// Minutes east of UTC: of `Z`, `GMT`, `UTC` or nothing 0, else of `±hh:mm`, `±hhmm` or `±hh`.
    fn zone(&mut self) -> Option<i64> {
        self.0 = self.0.trim_start();
        let name = self.word();
        if !name.is_empty() {
            return ["Z", "GMT", "UTC"].iter().any(|zone| name.eq_ignore_ascii_case(zone)).then_some(0);
        }
        let sign = match self.take_any(&['+', '-']) {
            None => return Some(0),
            Some('-') => -1,
            Some(_) => 1,
        };
        let hours = self.number(2)?;
        self.take(':');
        let minutes = if self.0.is_empty() { 0 } else { self.number(2)? };
        (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
    }

    /// One of these with the white space around it; nothing is taken where there is none.
    fn spaced(&mut self, expected: &[char]) -> Option<char> {
        let rest = self.0.trim_start().strip_prefix(expected)?;
        let found = self.0.trim_start().chars().next();
        self.0 = rest.trim_start();
        found
    }

    fn take(&mut self, expected: char) -> Option<char> {
        self.take_any(&[expected])
    }

    fn take_any(&mut self, expected: &[char]) -> Option<char> {
        let first = self.0.chars().next().filter(|c| expected.contains(c))?;
        self.0 = &self.0[first.len_utf8()..];
        Some(first)
    }

    /// The letters in front, perhaps none.
    fn word(&mut self) -> &'a str {
        self.split(self.0.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.0.len()))
    }

    /// A number of one to `width` digits.
    fn number(&mut self, width: usize) -> Option<i64> {
        let digits = self.0.bytes().take(width).take_while(u8::is_ascii_digit).count();
        self.split(digits).parse().ok()
    }

    /// Ticks in the digits after a decimal point, cut off after the seventh; at least one digit.
    fn fraction(&mut self) -> Option<i64> {
        let digits = self.split(self.0.bytes().take_while(u8::is_ascii_digit).count());
        let kept = &digits[..digits.len().min(7)];
        Some(kept.parse::<i64>().ok()? * 10_i64.pow(7 - kept.len() as u32))
    }

    fn split(&mut self, at: usize) -> &'a str {
        let (front, rest) = self.0.split_at(at);
        self.0 = rest;
        front
    }
}

/// The number of a month by its English name or the first three letters of it.
fn month_named(name: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let name = name.to_ascii_lowercase();
    let index = MONTHS.iter().position(|month| name == *month || name == month[..3])?;
    Some(index as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_layout_of_a_datetime_is_read() {
        for (text, instant) in [
            ("2014-05-25T08:20:03.123456Z", "2014-05-25T08:20:03.1234560Z"),
            ("2014-11-08 15:55", "2014-11-08T15:55:00.0000000Z"),
            ("2014-11-8", "2014-11-08T00:00:00.0000000Z"),
            ("2014-11", "2014-11-01T00:00:00.0000000Z"),
            ("2014-11-8T5:05:25 GMT", "2014-11-08T05:05:25.0000000Z"),
            ("Sat, 8 Nov 14 15:05:02 GMT", "2014-11-08T15:05:02.0000000Z"),
            ("Sat, 08 Nov 2014 15:05:02 +0100", "2014-11-08T14:05:02.0000000Z"),
            ("8 Nov 14 15:05", "2014-11-08T15:05:00.0000000Z"),
            ("Saturday, 08-Nov-14 15:05:02 GMT", "2014-11-08T15:05:02.0000000Z"),
            ("08-Nov-99 15:05", "1999-11-08T15:05:00.0000000Z"),
            ("4/1/2025 6:42:09 PM", "2025-04-01T18:42:09.0000000Z"),
            ("4/1/2025 12:42:09 AM", "2025-04-01T00:42:09.0000000Z"),
            (" 2015-12-31 23:59:59.9 ", "2015-12-31T23:59:59.9000000Z"),
        ] {
            assert_eq!(parse_datetime(text).map(|t| t.to_string()).as_deref(), Some(instant), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_datetimes() {
        for text in [
            "",
            "abc",
            "12",
            "13/1/2025",
            "2014-11-08 15",
            "Sat",
            "8 Foo 14 10:00",
            "2014-11-08 10:00 X",
            "é",
        ] {
            assert_eq!(parse_datetime(text), None, "{text}");
        }
    }

    #[test]
    fn timespans_are_read() {
        for (text, span) in [
            ("0.00:03:00", "00:03:00"),
            ("00:00:00.5", "00:00:00.5000000"),
            ("-1.02:03:04", "-1.02:03:04"),
            ("10:30", "10:30:00"),
            ("1.5h", "01:30:00"),
            ("15 seconds", "00:00:15"),
            ("2", "2.00:00:00"),
            ("100ms", "00:00:00.1000000"),
        ] {
            assert_eq!(parse_timespan(text).map(|t| t.to_string()).as_deref(), Some(span), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_timespans() {
        for text in ["", "x", "1w", "25:00:00", "1:2:3:4", "00:60:00", "99999999999d", "1.00:00:00x"] {
            assert_eq!(parse_timespan(text), None, "{text}");
        }
    }
}
