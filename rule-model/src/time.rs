//! KQL's `datetime` and `timespan`, both counted in ticks of 100 ns.
//!
//! Kusto's datetime is .NET's: ticks since 0001-01-01T00:00:00Z in the proleptic Gregorian calendar, without time zone
//! and leap seconds. Keeping its epoch makes `bin()` agree with Kusto without an offset.
//! Source: Kusto documentation, "The datetime data type" and "The timespan data type".

use serde::{Deserialize, Serialize};
use std::fmt;

/// An instant in UTC: ticks of 100 ns since 0001-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DateTime(pub i64);

/// A signed span of time in ticks of 100 ns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timespan(pub i64);

/// A date and time of day, field by field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// 1 to 9999.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 31.
    pub day: u32,
    /// 0 to 23.
    pub hour: u32,
    /// 0 to 59.
    pub minute: u32,
    /// 0 to 59.
    pub second: u32,
    /// Ticks of 100 ns within the second, 0 to 9,999,999.
    pub tick: u32,
}

/// Ticks in a second.
pub const TICKS_PER_SECOND: i64 = 10_000_000;
/// Ticks in a day.
pub const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;
/// Days from 0001-01-01 to 1970-01-01.
const DAYS_TO_UNIX_EPOCH: i64 = 719_162;

impl DateTime {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: DateTime = DateTime(0);
    /// 9999-12-31T23:59:59.9999999Z.
    pub const MAX: DateTime = DateTime(3_155_378_975_999_999_999);
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: DateTime = DateTime(DAYS_TO_UNIX_EPOCH * TICKS_PER_DAY);

    /// The instant of a calendar date and time of day; `None` when a field is out of range or the day is not in the
    /// month.
    pub fn from_civil(civil: Civil) -> Option<DateTime> {
        let Civil { year, month, day, hour, minute, second, tick } = civil;
        let valid = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60
            && i64::from(tick) < TICKS_PER_SECOND;
        let seconds = i64::from(hour * 3600 + minute * 60 + second);
        valid.then(|| {
            DateTime(
                days_before(year, month, day) * TICKS_PER_DAY + seconds * TICKS_PER_SECOND + i64::from(tick),
            )
        })
    }

    /// The calendar date and time of day of this instant, in UTC.
    pub fn civil(self) -> Civil {
        let (year, month, day) = date_of(self.0.div_euclid(TICKS_PER_DAY));
        let of_day = self.0.rem_euclid(TICKS_PER_DAY);
        let second_of_day = (of_day / TICKS_PER_SECOND) as u32;
        Civil {
            year,
            month,
            day,
            hour: second_of_day / 3600,
            minute: second_of_day / 60 % 60,
            second: second_of_day % 60,
            tick: (of_day % TICKS_PER_SECOND) as u32,
        }
    }

    /// This instant moved by `span`; `None` outside of years 1 to 9999.
    pub fn checked_add(self, span: Timespan) -> Option<DateTime> {
        self.0.checked_add(span.0).map(DateTime).filter(|t| (DateTime::MIN..=DateTime::MAX).contains(t))
    }

    /// The instant `ticks` of 100 ns after the Unix epoch; `None` outside of years 1 to 9999.
    pub fn from_unix_ticks(ticks: i64) -> Option<DateTime> {
        DateTime::UNIX_EPOCH.checked_add(Timespan(ticks))
    }

    /// Ticks of 100 ns since the Unix epoch.
    pub const fn unix_ticks(self) -> i64 {
        self.0 - DateTime::UNIX_EPOCH.0
    }

    /// Reads ISO 8601 as audit logs write it: a date, optionally `T` or a space and a time of day to the minute or
    /// finer, optionally `Z` or an offset. Digits of a second past the seventh are cut off. `None` for anything else;
    /// the other layouts that `todatetime()` takes are read in `rule-eval`.
    pub fn parse_iso(text: &str) -> Option<DateTime> {
        let mut reader = Digits(text.as_bytes());
        let mut civil =
            Civil { year: reader.number(4)?, month: 1, day: 1, hour: 0, minute: 0, second: 0, tick: 0 };
        reader.byte(b'-')?;
        civil.month = reader.number(2)? as u32;
        reader.byte(b'-')?;
        civil.day = reader.number(2)? as u32;
        if reader.0.is_empty() {
            return DateTime::from_civil(civil);
        }
        reader.byte(b'T').or_else(|| reader.byte(b't')).or_else(|| reader.byte(b' '))?;
        civil.hour = reader.number(2)? as u32;
        reader.byte(b':')?;
        civil.minute = reader.number(2)? as u32;
        if reader.byte(b':').is_some() {
            civil.second = reader.number(2)? as u32;
            if reader.byte(b'.').is_some() {
                civil.tick = reader.fraction()?;
            }
        }
        let offset = reader.offset()?;
        let local = DateTime::from_civil(civil)?;
        reader.0.is_empty().then_some(())?;
        local.checked_add(Timespan(-offset * TICKS_PER_SECOND))
    }
}

impl Timespan {
    /// A span of whole days.
    pub const fn days(days: i64) -> Timespan {
        Timespan(days * TICKS_PER_DAY)
    }

    /// A span of whole seconds.
    pub const fn seconds(seconds: i64) -> Timespan {
        Timespan(seconds * TICKS_PER_SECOND)
    }

    /// A span of whole minutes.
    pub const fn minutes(minutes: i64) -> Timespan {
        Timespan::seconds(minutes * 60)
    }

    /// A span of whole hours.
    pub const fn hours(hours: i64) -> Timespan {
        Timespan::seconds(hours * 3600)
    }
}

impl fmt::Display for DateTime {
    /// RFC 3339 in UTC with seven digits of a second, as Kusto prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Civil { year, month, day, hour, minute, second, tick } = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{tick:07}Z")
    }
}

impl fmt::Display for Timespan {
    /// `[-][d.]hh:mm:ss[.fffffff]`, as Kusto prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ticks = self.0.unsigned_abs();
        let (seconds, tick) = (ticks / TICKS_PER_SECOND as u64, ticks % TICKS_PER_SECOND as u64);
        let (days, hours, minutes, seconds) =
            (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        if self.0 < 0 {
            f.write_str("-")?;
        }
        if days > 0 {
            write!(f, "{days}.")?;
        }
        write!(f, "{hours:02}:{minutes:02}:{seconds:02}")?;
        if tick > 0 {
            write!(f, ".{tick:07}")?;
        }
        Ok(())
    }
}

/// Number of days in a month; `month` is 1 to 12.
pub const fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

const fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days from 0001-01-01 to the date. Years are counted from March, so that the leap day is the last of its year.
fn days_before(year: i32, month: u32, day: u32) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let year = i64::from(year);
    let day_of_year = i64::from((153 * month + 2) / 5 + day - 1);
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 306
}

/// The date `days` after 0001-01-01; the inverse of [`days_before`].
fn date_of(days: i64) -> (i32, u32, u32) {
    let days = days + 306;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = (day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100)) as u32;
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    ((era * 400 + year_of_era + carry) as i32, month, day)
}

/// Reads fixed-width numbers off the front of a text.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    fn byte(&mut self, expected: u8) -> Option<()> {
        let (&first, rest) = self.0.split_first()?;
        (first == expected).then(|| self.0 = rest)
    }

    fn number(&mut self, width: usize) -> Option<i32> {
        let digits = self.0.get(..width)?;
        let number =
            digits.iter().try_fold(0, |n, d| d.is_ascii_digit().then(|| n * 10 + i32::from(d - b'0')))?;
        self.0 = &self.0[width..];
        Some(number)
    }

    /// Ticks in the digits after a decimal point; at least one digit.
    fn fraction(&mut self) -> Option<u32> {
        let width = self.0.iter().take_while(|d| d.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(width);
        self.0 = rest;
        let ticks = (0..7).fold(0, |n, i| n * 10 + digits.get(i).map_or(0, |d| u32::from(d - b'0')));
        (width > 0).then_some(ticks)
    }

    /// Seconds east of UTC: of `Z` or nothing 0, else of `±hh:mm`, `±hhmm` or `±hh`.
    fn offset(&mut self) -> Option<i64> {
        if self.0.is_empty() || self.byte(b'Z').or_else(|| self.byte(b'z')).is_some() {
            return Some(0);
        }
        let sign = if self.byte(b'+').is_some() {
            1
        } else {
            self.byte(b'-')?;
            -1
        };
        let hours = self.number(2)?;
        let minutes = match self.byte(b':') {
            None if self.0.is_empty() => 0,
            _ => self.number(2)?,
        };
        (hours <= 14 && minutes < 60).then_some(i64::from(sign * (hours * 3600 + minutes * 60)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str) -> Option<String> {
        DateTime::parse_iso(text).map(|t| t.to_string())
    }

    #[test]
    fn iso_texts_read_as_instants() {
        for (text, instant) in [
            ("2024-03-01", "2024-03-01T00:00:00.0000000Z"),
            ("2025-04-01T18:42:09.5769000Z", "2025-04-01T18:42:09.5769000Z"),
            ("2021-05-18T21:13:33", "2021-05-18T21:13:33.0000000Z"),
            ("2021-05-18 21:13", "2021-05-18T21:13:00.0000000Z"),
            ("2024-02-29T23:30:00.123456789+01:00", "2024-02-29T22:30:00.1234567Z"),
            ("2024-12-31T20:00:00-0530", "2025-01-01T01:30:00.0000000Z"),
            ("0001-01-01", "0001-01-01T00:00:00.0000000Z"),
            ("9999-12-31T23:59:59.9999999", "9999-12-31T23:59:59.9999999Z"),
        ] {
            assert_eq!(iso(text).as_deref(), Some(instant), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "2024",
            "2024-13-01",
            "2023-02-29",
            "2024-03-01T24:00:00",
            "2024-03-01T1:00",
            "2024-03-01Tx",
            "2024-03-01T10:00:00.",
            "2024-03-01T10:00:00Zx",
            "0000-01-01",
            "0001-01-01T00:00:00+01:00",
            "é024-01-01",
        ] {
            assert_eq!(iso(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_survives_the_round_trip() {
        for day in 0..146_097 + 366 {
            let instant = DateTime(day * TICKS_PER_DAY);
            assert_eq!(DateTime::from_civil(instant.civil()), Some(instant));
        }
    }

    #[test]
    fn epochs_lie_where_the_calendar_says() {
        assert_eq!(DateTime::UNIX_EPOCH.to_string(), "1970-01-01T00:00:00.0000000Z");
        assert_eq!(DateTime::MAX.to_string(), "9999-12-31T23:59:59.9999999Z");
    }

    #[test]
    fn timespans_print_as_kusto_prints_them() {
        for (span, text) in [
            (Timespan::hours(26), "1.02:00:00"),
            (Timespan(-15_000_000), "-00:00:01.5000000"),
            (Timespan(0), "00:00:00"),
            (Timespan(i64::MIN), "-10675199.02:48:05.4775808"),
        ] {
            assert_eq!(span.to_string(), text);
        }
    }
}
