//! The clock and the calendar: now, starts and ends of periods, numbers of a date, instants from numbers.
//!
//! All in UTC. A result outside of years 1 to 9999 is null.
//! Source: Kusto documentation, "Scalar functions", date and time.

use super::arguments::{datetime, long, real, timespan};
use crate::convert::convert;
use crate::function::{Accepts, Function, Param, Signature, Stability};
use rule_model::time::{Civil, TICKS_PER_DAY, TICKS_PER_SECOND};
use rule_model::{DateTime, Timespan, Type, Value};

const DATETIME: Accepts = Accepts::Type(Type::DateTime);
const LONG: Accepts = Accepts::Type(Type::Long);

const SHIFTED: &[Signature] =
    &[Signature::new(&[Param::one("date", DATETIME), Param::optional("offset", LONG)], Type::DateTime)];
const NUMBER_OF_DATE: &[Signature] = &[Signature::new(&[Param::one("date", DATETIME)], Type::Int)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "now",
        "The time at which the query runs, moved by an offset; the same throughout a query.",
        &[Signature::new(&[Param::optional("offset", Accepts::Type(Type::Timespan))], Type::DateTime)],
        |context, args| match args.first() {
            None => context.now.into(),
            Some(offset) => timespan(offset).and_then(|offset| context.now.checked_add(offset)).into(),
        },
        &[("now() - now()", "0s"), ("now(-1h) - now()", "-1h")],
    )
    .stability(Stability::Query),
    Function::scalar(
        "ago",
        "The time at which the query runs less a span.",
        &[Signature::new(&[Param::one("span", Accepts::Type(Type::Timespan))], Type::DateTime)],
        |context, args| {
            let back = timespan(&args[0]).and_then(|span| span.0.checked_neg());
            back.and_then(|back| context.now.checked_add(Timespan(back))).into()
        },
        &[("now() - ago(1d)", "1d"), ("ago(-1h) - now()", "1h")],
    )
    .stability(Stability::Query),
    Function::scalar(
        "startofday",
        "Midnight at which the date's day begins, moved by whole days.",
        SHIFTED,
        |_, args| start(Period::Day, args, 0).into(),
        &[
            ("startofday(datetime(2017-01-01 10:10:17))", "datetime(2017-01-01)"),
            ("startofday(datetime(2017-01-01 10:10:17), -1)", "datetime(2016-12-31)"),
        ],
    ),
    Function::scalar(
        "startofweek",
        "Midnight at which the date's week begins, a Sunday, moved by whole weeks.",
        SHIFTED,
        |_, args| start(Period::Week, args, 0).into(),
        &[
            ("startofweek(datetime(2017-01-07 10:10:17))", "datetime(2017-01-01)"),
            ("startofweek(datetime(2017-01-01 10:10:17), -1)", "datetime(2016-12-25)"),
        ],
    ),
    Function::scalar(
        "startofmonth",
        "Midnight at which the date's month begins, moved by whole months.",
        SHIFTED,
        |_, args| start(Period::Month, args, 0).into(),
        &[
            ("startofmonth(datetime(2017-01-31 10:10:17))", "datetime(2017-01-01)"),
            ("startofmonth(datetime(2017-01-31), 1)", "datetime(2017-02-01)"),
        ],
    ),
    Function::scalar(
        "startofyear",
        "Midnight at which the date's year begins, moved by whole years.",
        SHIFTED,
        |_, args| start(Period::Year, args, 0).into(),
        &[
            ("startofyear(datetime(2017-05-01 10:10:17))", "datetime(2017-01-01)"),
            ("startofyear(datetime(2017-05-01), -1)", "datetime(2016-01-01)"),
        ],
    ),
    Function::scalar(
        "endofday",
        "The last instant of the date's day, moved by whole days.",
        SHIFTED,
        |_, args| end(Period::Day, args).into(),
        &[
            ("endofday(datetime(2017-01-01 10:10:17))", "datetime(2017-01-01 23:59:59.9999999)"),
            ("endofday(datetime(2017-01-01), 1)", "datetime(2017-01-02 23:59:59.9999999)"),
        ],
    ),
    Function::scalar(
        "endofweek",
        "The last instant of the date's week, on a Saturday, moved by whole weeks.",
        SHIFTED,
        |_, args| end(Period::Week, args).into(),
        &[
            ("endofweek(datetime(2017-01-01 10:10:17))", "datetime(2017-01-07 23:59:59.9999999)"),
            ("endofweek(datetime(2017-01-01), -1)", "datetime(2016-12-31 23:59:59.9999999)"),
        ],
    ),
    Function::scalar(
        "endofmonth",
        "The last instant of the date's month, moved by whole months.",
        SHIFTED,
        |_, args| end(Period::Month, args).into(),
        &[
            ("endofmonth(datetime(2016-02-01 10:10:17))", "datetime(2016-02-29 23:59:59.9999999)"),
            ("endofmonth(datetime(2016-12-31), 1)", "datetime(2017-01-31 23:59:59.9999999)"),
        ],
    ),
    Function::scalar(
        "endofyear",
        "The last instant of the date's year, moved by whole years.",
        SHIFTED,
        |_, args| end(Period::Year, args).into(),
        &[
            ("endofyear(datetime(2017-05-01 10:10:17))", "datetime(2017-12-31 23:59:59.9999999)"),
            ("endofyear(datetime(9999-05-01))", "datetime(9999-12-31 23:59:59.9999999)"),
        ],
    ),
    Function::scalar(
        "dayofweek",
        "Days since the Sunday before, as a timespan: 0 on Sundays.",
        &[Signature::new(&[Param::one("date", DATETIME)], Type::Timespan)],
        |_, args| datetime(&args[0]).map(|date| Timespan::days(days_since_sunday(date))).into(),
        &[
            ("dayofweek(datetime(1947-11-30 10:00:05))", "0s"),
            ("dayofweek(datetime(1970-05-11))", "1d"),
            ("dayofweek(datetime(null))", "timespan(null)"),
        ],
    ),
    Function::scalar(
        "dayofmonth",
        "The day within the month, from 1.",
        NUMBER_OF_DATE,
        |_, args| field(&args[0], |civil| civil.day),
        &[("dayofmonth(datetime(2015-12-14))", "int(14)"), ("dayofmonth(datetime(null))", "int(null)")],
    ),
    Function::scalar(
        "dayofyear",
        "The day within the year, from 1.",
        NUMBER_OF_DATE,
        |_, args| datetime(&args[0]).map(day_of_year).into(),
        &[("dayofyear(datetime(2015-12-14))", "int(348)"), ("dayofyear(datetime(2016-12-31))", "int(366)")],
    ),
    Function::scalar(
        "week_of_year",
        "The week's number by ISO 8601: weeks begin on Monday, the first holds the year's first Thursday.",
        NUMBER_OF_DATE,
        |_, args| datetime(&args[0]).map(week_of_year).into(),
        &[
            ("week_of_year(datetime(2020-12-31))", "int(53)"),
            ("week_of_year(datetime(1970-01-01))", "int(1)"),
            ("week_of_year(datetime(2000-01-01))", "int(52)"),
        ],
    )
    .also(&["weekofyear"]),
    Function::scalar(
        "monthofyear",
        "The month within the year, 1 to 12.",
        NUMBER_OF_DATE,
        |_, args| field(&args[0], |civil| civil.month),
        &[("monthofyear(datetime(2015-12-14))", "int(12)"), ("getmonth(datetime(2015-10-12))", "int(10)")],
    )
    .also(&["getmonth"]),
    Function::scalar(
        "getyear",
        "The year.",
        NUMBER_OF_DATE,
        |_, args| field(&args[0], |civil| civil.year as u32),
        &[("getyear(datetime(2015-10-12))", "int(2015)"), ("getyear(datetime(null))", "int(null)")],
    ),
    Function::scalar(
        "hourofday",
        "The hour within the day, 0 to 23.",
        NUMBER_OF_DATE,
        |_, args| field(&args[0], |civil| civil.hour),
        &[
            ("hourofday(datetime(2015-12-14 18:54:00))", "int(18)"),
            ("hourofday(datetime(2015-12-14))", "int(0)"),
        ],
    ),
    Function::scalar(
        "make_datetime",
        "The instant of a calendar date and time of day; null if a field is out of range.",
        &[
            Signature::new(
                &[
                    Param::one("year", LONG),
                    Param::one("month", LONG),
                    Param::one("day", LONG),
                    Param::optional("hour", LONG),
                    Param::optional("minute", LONG),
                    Param::optional("second", Accepts::Type(Type::Real)),
                ],
                Type::DateTime,
            ),
            Signature::new(&[Param::one("value", Accepts::Any)], Type::DateTime),
        ],
        |_, args| match args {
            [value] => convert(value, Type::DateTime),
            fields => make_datetime(fields).into(),
        },
        &[
            ("make_datetime(2017, 10, 1)", "datetime(2017-10-01)"),
            ("make_datetime(2017, 10, 1, 12, 11, 0.1234567)", "datetime(2017-10-01 12:11:00.1234567)"),
            ("make_datetime(2017, 2, 29)", "datetime(null)"),
        ],
    ),
    Function::scalar(
        "make_timespan",
        "The span of hours and minutes, of hours, minutes and seconds, or of days and those three.",
        &[Signature::new(
            &[
                Param::one("day_or_hour", LONG),
                Param::one("hour_or_minute", Accepts::Type(Type::Real)),
                Param::optional("minute_or_second", Accepts::Type(Type::Real)),
                Param::optional("second", Accepts::Type(Type::Real)),
            ],
            Type::Timespan,
        )],
        |_, args| make_timespan(args).into(),
        &[
            ("make_timespan(1, 12, 30, 55.123)", "time(1.12:30:55.123)"),
            ("make_timespan(1, 12)", "time(01:12:00)"),
            ("make_timespan(1, 60)", "timespan(null)"),
        ],
    ),
    Function::scalar(
        "unixtime_seconds_todatetime",
        "The instant a number of seconds after the Unix epoch.",
        COUNT,
        |_, args| from_unix(&args[0], TICKS_PER_SECOND, 1),
        &[
            ("unixtime_seconds_todatetime(1546300800)", "datetime(2019-01-01)"),
            ("unixtime_seconds_todatetime(0.5)", "datetime(1970-01-01 00:00:00.5)"),
        ],
    ),
    Function::scalar(
        "unixtime_milliseconds_todatetime",
        "The instant a number of milliseconds after the Unix epoch.",
        COUNT,
        |_, args| from_unix(&args[0], TICKS_PER_SECOND / 1000, 1),
        &[("unixtime_milliseconds_todatetime(1546300800000)", "datetime(2019-01-01)")],
    ),
    Function::scalar(
        "unixtime_microseconds_todatetime",
        "The instant a number of microseconds after the Unix epoch.",
        COUNT,
        |_, args| from_unix(&args[0], TICKS_PER_SECOND / 1_000_000, 1),
        &[("unixtime_microseconds_todatetime(1546300800000000)", "datetime(2019-01-01)")],
    ),
    Function::scalar(
        "unixtime_nanoseconds_todatetime",
        "The instant a number of nanoseconds after the Unix epoch, in whole ticks of 100.",
        COUNT,
        |_, args| from_unix(&args[0], 1, 100),
        &[("unixtime_nanoseconds_todatetime(1546300800000000000)", "datetime(2019-01-01)")],
    ),
];

/// A long is taken before a real, which would lose the last digits of nanoseconds.
const COUNT: &[Signature] = &[
    Signature::new(&[Param::one("count", LONG)], Type::DateTime),
    Signature::new(&[Param::one("count", Accepts::Type(Type::Real))], Type::DateTime),
];

/// A span of the calendar.
#[derive(Clone, Copy)]
enum Period {
    Day,
    Week,
    Month,
    Year,
}

/// The start of the period that holds the date in `args[0]`, moved by the offset in `args[1]` and `further` periods.
fn start(period: Period, args: &[Value], further: i64) -> Option<DateTime> {
    let date = datetime(&args[0])?;
    let offset = args.get(1).map_or(Some(0), long)?.checked_add(further)?;
    let day = date.0.div_euclid(TICKS_PER_DAY);
    let ticks = match period {
        Period::Day => (day.checked_add(offset)?).checked_mul(TICKS_PER_DAY)?,
        Period::Week => {
            let sunday = day - days_since_sunday(date);
            sunday.checked_add(offset.checked_mul(7)?)?.checked_mul(TICKS_PER_DAY)?
        }
        Period::Month => return month_start(date, offset),
        Period::Year => {
            return month_start(DateTime(date.0 - ticks_into_year(date)), offset.checked_mul(12)?);
        }
    };
    DateTime(0).checked_add(Timespan(ticks))
}

/// The last tick before the next period; the end of time where no period follows.
fn end(period: Period, args: &[Value]) -> Option<DateTime> {
    start(period, args, 0)?;
    Some(start(period, args, 1).map_or(DateTime::MAX, |next| DateTime(next.0 - 1)))
}

/// Midnight of the first day of the month `offset` months after that of `date`.
pub(crate) fn month_start(date: DateTime, offset: i64) -> Option<DateTime> {
    let civil = date.civil();
    let month = (i64::from(civil.year) * 12 + i64::from(civil.month) - 1).checked_add(offset)?;
    DateTime::from_civil(Civil {
        year: i32::try_from(month.div_euclid(12)).ok()?,
        month: month.rem_euclid(12) as u32 + 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
        tick: 0,
    })
}

/// 0 on Sundays, 6 on Saturdays. 0001-01-01 was a Monday.
pub(crate) fn days_since_sunday(date: DateTime) -> i64 {
    (date.0.div_euclid(TICKS_PER_DAY) + 1).rem_euclid(7)
}

fn ticks_into_year(date: DateTime) -> i64 {
    let first = Civil { month: 1, day: 1, hour: 0, minute: 0, second: 0, tick: 0, ..date.civil() };
    DateTime::from_civil(first).map_or(0, |first| date.0 - first.0)
}

/// The day within the year, from 1.
pub(crate) fn day_of_year(date: DateTime) -> i32 {
    (ticks_into_year(date) / TICKS_PER_DAY) as i32 + 1
}

/// ISO 8601's number of the week: that of the week's Thursday in its own year.
pub(crate) fn week_of_year(date: DateTime) -> i32 {
    let from_monday = (days_since_sunday(date) + 6) % 7;
    let thursday = DateTime(date.0 + (3 - from_monday) * TICKS_PER_DAY);
    (day_of_year(thursday) - 1) / 7 + 1
}

fn field(date: &Value, of: fn(Civil) -> u32) -> Value {
    datetime(date).map(|date| of(date.civil()) as i32).into()
}

fn make_datetime(args: &[Value]) -> Option<DateTime> {
    let whole = |i: usize| args.get(i).map_or(Some(0), long).and_then(|n| u32::try_from(n).ok());
    let seconds = args.get(5).map_or(Some(0.0), real).filter(|s| (0.0..60.0).contains(s))?;
    let (second, tick) = seconds_and_ticks(seconds);
    DateTime::from_civil(Civil {
        year: i32::try_from(whole(0)?).ok()?,
        month: whole(1)?,
        day: whole(2)?,
        hour: whole(3)?,
        minute: whole(4)?,
        second,
        tick,
    })
}

fn make_timespan(args: &[Value]) -> Option<Timespan> {
    let numbers = args.iter().map(real).collect::<Option<Vec<_>>>()?;
    let (days, hours, minutes, seconds) = match numbers[..] {
        [h, m] => (0.0, h, m, 0.0),
        [h, m, s] => (0.0, h, m, s),
        [d, h, m, s] => (d, h, m, s),
        _ => return None,
    };
    let below = |n: f64, limit: f64| (0.0..limit).contains(&n);
    let valid =
        below(days, 10_675_199.0) && below(hours, 24.0) && below(minutes, 60.0) && below(seconds, 60.0);
    valid.then(|| {
        let (second, tick) = seconds_and_ticks(seconds);
        let whole =
            ((days.trunc() as i64 * 24 + hours as i64) * 60 + minutes as i64) * 60 + i64::from(second);
        Timespan(whole * TICKS_PER_SECOND + i64::from(tick))
    })
}

/// Rounded to the tick, because most decimal fractions of a second are not exact in binary.
fn seconds_and_ticks(seconds: f64) -> (u32, u32) {
    let ticks = ((seconds * TICKS_PER_SECOND as f64).round() as u32).min(60 * TICKS_PER_SECOND as u32 - 1);
    (ticks / TICKS_PER_SECOND as u32, ticks % TICKS_PER_SECOND as u32)
}

/// The instant `count` units after the Unix epoch, a unit being `ticks` / `divisor` ticks.
fn from_unix(count: &Value, ticks: i64, divisor: i64) -> Value {
    let ticks = match count {
        Value::Real(count) => Some((count * ticks as f64 / divisor as f64).round() as i64),
        _ => long(count).and_then(|count| count.checked_mul(ticks)).map(|ticks| ticks.div_euclid(divisor)),
    };
    ticks.and_then(DateTime::from_unix_ticks).into()
}
