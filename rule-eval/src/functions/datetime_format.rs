//! `format_datetime` and `format_timespan`: dates and spans by a pattern of letters.
//!
//! A run of one letter is a field, as wide as the run; all other characters stand for themselves.
//! Source: Kusto documentation, the tables of format elements of the two functions.

use super::arguments::{datetime, timespan};
use crate::function::{Accepts, Function, Param, Signature};
use rule_model::time::{Civil, TICKS_PER_DAY, TICKS_PER_SECOND};
use rule_model::{DateTime, Timespan, Type, Value};
use std::fmt::Write;

const FORMAT: Param = Param::one("format", Accepts::Type(Type::String));

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "format_datetime",
        "The date as text in the given pattern of y, M, d, H, h, m, s, f, F and tt.",
        &[Signature::new(&[Param::one("date", Accepts::Type(Type::DateTime)), FORMAT], Type::String)],
        |_, args| match datetime(&args[0]) {
            Some(date) => format_datetime(date, args[1].as_str().unwrap_or_default()).into(),
            None => Value::EMPTY,
        },
        &[
            (
                "format_datetime(datetime(2017-01-29 09:00:05), 'yy-MM-dd [HH:mm:ss]')",
                "'17-01-29 [09:00:05]'",
            ),
            (
                "format_datetime(datetime(2017-01-29 21:00:05), 'yyyy-M-dd [h:mm:ss tt]')",
                "'2017-1-29 [9:00:05 PM]'",
            ),
            ("format_datetime(datetime(2017-01-29 09:00:05.5), 's.FFF')", "'5.5'"),
        ],
    ),
    Function::scalar(
        "format_timespan",
        "The span as text in the given pattern of d, H, m, s, f and F; the sign is left out.",
        &[Signature::new(&[Param::one("span", Accepts::Type(Type::Timespan)), FORMAT], Type::String)],
        |_, args| match timespan(&args[0]) {
            Some(span) => format_timespan(span, args[1].as_str().unwrap_or_default()).into(),
            None => Value::EMPTY,
        },
        &[
            ("format_timespan(time(29.09:00:05.12345), 'dd.hh:mm:ss:FF')", "'29.09:00:05:12'"),
            ("format_timespan(time(29.09:00:05.12345), 'ddd.h:mm:ss [fffffff]')", "'029.9:00:05 [1234500]'"),
        ],
    ),
];

fn format_datetime(date: DateTime, format: &str) -> String {
    let Civil { year, month, day, hour, minute, second, tick } = date.civil();
    by_pattern(format, |letter, width| {
        Some(match letter {
            'y' if width <= 2 => padded((year % 100) as u64, width),
            'y' => padded(year as u64, width),
            'M' => padded(month.into(), width),
            'd' => padded(day.into(), width),
            'H' => padded(hour.into(), width),
            'h' => padded(((hour + 11) % 12 + 1).into(), width),
            'm' => padded(minute.into(), width),
            's' => padded(second.into(), width),
            'f' => fraction(tick, width),
            'F' => fraction(tick, width).trim_end_matches('0').to_owned(),
            't' => (if hour < 12 { "AM" } else { "PM" })[..width.min(2)].to_owned(),
            _ => return None,
        })
    })
}

fn format_timespan(span: Timespan, format: &str) -> String {
    let ticks = span.0.unsigned_abs();
    let seconds = ticks / TICKS_PER_SECOND as u64;
    let tick = (ticks % TICKS_PER_SECOND as u64) as u32;
    by_pattern(format, |letter, width| {
        Some(match letter {
            'd' => padded(ticks / TICKS_PER_DAY as u64, width),
            'H' | 'h' => padded(seconds / 3600 % 24, width),
            'm' => padded(seconds / 60 % 60, width),
            's' => padded(seconds % 60, width),
            'f' => fraction(tick, width),
            'F' => fraction(tick, width).trim_end_matches('0').to_owned(),
            _ => return None,
        })
    })
}

/// The pattern with each run of a letter replaced by what `field` says of the letter and the run's length.
fn by_pattern(format: &str, field: impl Fn(char, usize) -> Option<String>) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some(letter) = rest.chars().next() {
        let end = rest.find(|c| c != letter).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        text.push_str(&field(letter, run.len()).unwrap_or_else(|| run.to_owned()));
        rest = after;
    }
    text
}

/// Width is bounded, so that a pattern cannot ask for a text of any size.
fn padded(number: u64, width: usize) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(text, "{number:0width$}", width = width.min(8));
    text
}

/// The first `width` of the seven digits after the second.
fn fraction(tick: u32, width: usize) -> String {
    let mut digits = format!("{tick:07}");
    digits.truncate(width);
    digits
}
