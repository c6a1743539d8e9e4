//! Local time: dates moved between UTC and the time zones of the IANA database, which is built in.
//!
//! A local time that the clock passes over, or shows twice, is read with the offset after the change; the first is
//! what Kusto's documentation shows, the second follows it.
//! Source: Kusto documentation, `datetime_local_to_utc()`, `datetime_utc_to_local()`, "Timezones".

use super::arguments::datetime;
use crate::Context;
use crate::function::{Accepts, Function, Param, Signature};
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use rule_model::time::TICKS_PER_SECOND;
use rule_model::{DateTime, Timespan, Type, Value};

const PARAMS: &[Signature] = &[Signature::new(
    &[Param::one("date", Accepts::Type(Type::DateTime)), Param::one("zone", Accepts::Type(Type::String))],
    Type::DateTime,
)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "datetime_local_to_utc",
        "The instant at which clocks in the time zone show the date.",
        PARAMS,
        |context, args| with_zone(context, args, |date, zone| moved(date, offset_of_local(date, zone)?, -1)),
        &[
            (
                "datetime_local_to_utc(datetime(2020-02-02 20:02:20), 'Europe/Paris')",
                "datetime(2020-02-02 19:02:20)",
            ),
            (
                "datetime_local_to_utc(datetime(2022-03-27 02:00), 'Europe/Brussels')",
                "datetime(2022-03-27 00:00)",
            ),
        ],
    ),
    Function::scalar(
        "datetime_utc_to_local",
        "What clocks in the time zone show at the instant.",
        PARAMS,
        |context, args| with_zone(context, args, |date, zone| moved(date, offset_of_utc(date, zone)?, 1)),
        &[(
            "datetime_utc_to_local(datetime(2020-02-03 04:02:20), 'US/Pacific')",
            "datetime(2020-02-02 20:02:20)",
        )],
    ),
    Function::scalar(
        "datetime_list_timezones",
        "The names of all time zones.",
        &[Signature::new(&[], Type::Dynamic)],
        |_, _| Value::array(jiff::tz::db().available().map(|zone| Value::string(zone.as_str()))),
        &[("set_has_element(datetime_list_timezones(), 'Europe/Paris')", "true")],
    ),
];

fn with_zone(
    context: &mut Context,
    args: &[Value],
    with: fn(DateTime, &TimeZone) -> Option<DateTime>,
) -> Value {
    let name = args[1].as_str().unwrap_or_default();
    match TimeZone::get(name) {
        Ok(zone) => datetime(&args[0]).and_then(|date| with(date, &zone)).into(),
        Err(_) => context.fail(format!("'{name}' is not a time zone; write a name such as 'Europe/Paris'")),
    }
}

fn moved(date: DateTime, offset: Offset, direction: i64) -> Option<DateTime> {
    date.checked_add(Timespan(i64::from(offset.seconds()) * direction * TICKS_PER_SECOND))
}

fn offset_of_utc(date: DateTime, zone: &TimeZone) -> Option<Offset> {
    let second = date.unix_ticks().div_euclid(TICKS_PER_SECOND);
    Some(zone.to_offset(Timestamp::from_second(second).ok()?))
}

fn offset_of_local(date: DateTime, zone: &TimeZone) -> Option<Offset> {
    let second = date.unix_ticks().div_euclid(TICKS_PER_SECOND);
    let local = Offset::UTC.to_datetime(Timestamp::from_second(second).ok()?);
    Some(match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { after, .. } | AmbiguousOffset::Fold { after, .. } => after,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_follows_the_zone_and_its_changes() {
        let mut context = Context::at(DateTime::UNIX_EPOCH);
        for (local, zone, utc) in [
            ("2020-02-02T20:02:20", "US/Pacific", "2020-02-03T04:02:20"),
            ("2020-02-02T20:02:20", "America/Chicago", "2020-02-03T02:02:20"),
            ("2022-03-27T02:00:00", "Europe/Brussels", "2022-03-27T00:00:00"),
            ("2022-03-27T03:00:00", "Europe/Brussels", "2022-03-27T01:00:00"),
        ] {
            let date = |text| Value::from(DateTime::parse_iso(text).unwrap());
            let to_utc: fn(DateTime, &TimeZone) -> Option<DateTime> =
                |date, zone| moved(date, offset_of_local(date, zone)?, -1);
            assert_eq!(
                with_zone(&mut context, &[date(local), zone.into()], to_utc),
                date(utc),
                "{local} {zone}"
            );
        }
        assert!(context.take_failure().is_none());
    }
}
