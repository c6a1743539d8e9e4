//! `datetime_add`, `datetime_diff`, `datetime_part`: arithmetic in named periods of the calendar.
//!
//! Source: Kusto documentation, the pages of the three functions. Names of periods are read in any letter case; one
//! that does not exist stops the query, as it does in Kusto.

use super::arguments::{datetime, long};
use super::datetime::{day_of_year, days_since_sunday, month_start, week_of_year};
use crate::Context;
use crate::function::{Accepts, Function, Param, Signature};
use rule_model::time::{Civil, TICKS_PER_DAY, TICKS_PER_SECOND, days_in_month};
use rule_model::{DateTime, Timespan, Type, Value};

const DATETIME: Accepts = Accepts::Type(Type::DateTime);
const STRING: Accepts = Accepts::Type(Type::String);
const LONG: Accepts = Accepts::Type(Type::Long);

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "datetime_add",
        "The date moved by a number of periods; a day past the end of the month becomes its last.",
        &[Signature::new(
            &[Param::one("period", STRING), Param::one("amount", LONG), Param::one("date", DATETIME)],
            Type::DateTime,
        )],
        |context, args| {
            with_period(context, &args[0], |period| {
                add(period, long(&args[1])?, datetime(&args[2])?).map(Value::from)
            })
        },
        &[
            ("datetime_add('month', 1, datetime(2017-01-31))", "datetime(2017-02-28)"),
            ("datetime_add('Week', -1, datetime(2017-01-01))", "datetime(2016-12-25)"),
            ("datetime_add('hour', 25, datetime(2017-01-01))", "datetime(2017-01-02 01:00)"),
        ],
    ),
    Function::scalar(
        "datetime_diff",
        "How many boundaries of the period lie between the second date and the first.",
        &[Signature::new(
            &[Param::one("period", STRING), Param::one("left", DATETIME), Param::one("right", DATETIME)],
            Type::Long,
        )],
        |context, args| {
            with_period(context, &args[0], |period| {
                let (left, right) =
                    (index(period, datetime(&args[1])?)?, index(period, datetime(&args[2])?)?);
                Some(Value::Long(left - right))
            })
        },
        &[
            ("datetime_diff('year', datetime(2017-01-01), datetime(2000-12-31))", "17"),
            ("datetime_diff('week', datetime(2017-10-29 00:00), datetime(2017-09-30 23:59))", "5"),
            ("datetime_diff('hour', datetime(2017-10-31 01:00), datetime(2017-10-30 23:59))", "2"),
            ("datetime_diff('day', datetime(2017-10-30), datetime(2017-10-31))", "-1"),
        ],
    ),
    Function::scalar(
        "datetime_part",
        "The named part of the date as a number.",
        &[Signature::new(&[Param::one("part", STRING), Param::one("date", DATETIME)], Type::Int)],
        |context, args| {
            with_period(context, &args[0], |period| Some(part(period, datetime(&args[1])?).into()))
        },
        &[
            ("datetime_part('quarter', datetime(2017-10-30 01:02:03.7654321))", "int(4)"),
            ("datetime_part('dayOfYear', datetime(2017-10-30 01:02:03.7654321))", "int(303)"),
            ("datetime_part('nanosecond', datetime(2017-10-30 01:02:03.7654321))", "int(765432100)"),
        ],
    )
    .also(&["datepart"]),
];

#[derive(Clone, Copy)]
enum Period {
    Year,
    Quarter,
    Month,
    Week,
    WeekOfYear,
    Day,
    DayOfYear,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
}

const NAMES: [(&str, Period); 14] = [
    ("year", Period::Year),
    ("quarter", Period::Quarter),
    ("month", Period::Month),
    ("week", Period::Week),
    ("week_of_year", Period::WeekOfYear),
    ("weekofyear", Period::WeekOfYear),
    ("day", Period::Day),
    ("dayofyear", Period::DayOfYear),
    ("hour", Period::Hour),
    ("minute", Period::Minute),
    ("second", Period::Second),
    ("millisecond", Period::Millisecond),
    ("microsecond", Period::Microsecond),
    ("nanosecond", Period::Nanosecond),
];

/// Calls `with` for the period that `name` names; null where it gives nothing.
fn with_period(context: &mut Context, name: &Value, with: impl FnOnce(Period) -> Option<Value>) -> Value {
    let name = name.as_str().unwrap_or_default();
    match NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)) {
        Some((_, period)) => with(*period).unwrap_or_default(),
        None => context.fail(format!(
            "'{name}' is not a period; write year, quarter, month, week, day, hour, minute, second, millisecond, \
             microsecond or nanosecond"
        )),
    }
}

impl Period {
    /// Months in the period, if it is counted in months.
    const fn months(self) -> Option<i64> {
        match self {
            Period::Year => Some(12),
            Period::Quarter => Some(3),
            Period::Month => Some(1),
            _ => None,
        }
    }

    /// Ticks in the period, if it has a fixed length of at least one.
    const fn ticks(self) -> Option<i64> {
        Some(match self {
            Period::Week | Period::WeekOfYear => 7 * TICKS_PER_DAY,
            Period::Day | Period::DayOfYear => TICKS_PER_DAY,
            Period::Hour => 3600 * TICKS_PER_SECOND,
            Period::Minute => 60 * TICKS_PER_SECOND,
            Period::Second => TICKS_PER_SECOND,
            Period::Millisecond => TICKS_PER_SECOND / 1000,
            Period::Microsecond => TICKS_PER_SECOND / 1_000_000,
            _ => return None,
        })
    }
}

fn add(period: Period, amount: i64, date: DateTime) -> Option<DateTime> {
    if let Some(months) = period.months() {
        return add_months(date, amount.checked_mul(months)?);
    }
    let ticks = match period.ticks() {
        Some(ticks) => amount.checked_mul(ticks)?,
        None => amount / NANOSECONDS_PER_TICK,
    };
    date.checked_add(Timespan(ticks))
}

const NANOSECONDS_PER_TICK: i64 = 100;

fn add_months(date: DateTime, months: i64) -> Option<DateTime> {
    let first = month_start(date, months)?;
    let Civil { year, month, .. } = first.civil();
    let day = date.civil().day.min(days_in_month(year, month));
    let of_day = date.0.rem_euclid(TICKS_PER_DAY);
    first.checked_add(Timespan(i64::from(day - 1) * TICKS_PER_DAY + of_day))
}

/// The number of the period that holds `date`, counted from the same origin for all dates.
fn index(period: Period, date: DateTime) -> Option<i64> {
    let civil = date.civil();
    let month = i64::from(civil.year) * 12 + i64::from(civil.month) - 1;
    if let Some(months) = period.months() {
        return Some(month.div_euclid(months));
    }
    match period {
        // Weeks begin on Sunday here, as in startofweek(): the documented count from a Saturday to a Sunday says so.
        Period::Week | Period::WeekOfYear => {
            Some((date.0.div_euclid(TICKS_PER_DAY) - days_since_sunday(date)).div_euclid(7))
        }
        // Counted from the Unix epoch, for which a long of nanoseconds reaches over 292 years either way.
        Period::Nanosecond => date.unix_ticks().checked_mul(NANOSECONDS_PER_TICK),
        _ => period.ticks().map(|ticks| date.0.div_euclid(ticks)),
    }
}

fn part(period: Period, date: DateTime) -> i32 {
    let civil = date.civil();
    match period {
        Period::Year => civil.year,
        Period::Quarter => (civil.month as i32 + 2) / 3,
        Period::Month => civil.month as i32,
        Period::Week | Period::WeekOfYear => week_of_year(date),
        Period::Day => civil.day as i32,
        Period::DayOfYear => day_of_year(date),
        Period::Hour => civil.hour as i32,
        Period::Minute => civil.minute as i32,
        Period::Second => civil.second as i32,
        Period::Millisecond => civil.tick as i32 / 10_000,
        Period::Microsecond => civil.tick as i32 / 10,
        Period::Nanosecond => civil.tick as i32 * 100,
    }
}
