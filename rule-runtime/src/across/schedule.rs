//! Ticks: the multiples of `every` since 1970-01-01T00:00Z.

use rule_model::metadata::Schedule;
use rule_model::{DateTime, Timespan};

/// The last tick at or before `time`; `None` before the first one that a datetime can hold.
pub fn at_or_before(time: DateTime, every: Timespan) -> Option<DateTime> {
    let every = every.0.max(1);
    DateTime::from_unix_ticks(time.unix_ticks().div_euclid(every) * every)
}

/// The first tick at or after `time`; `None` after the last one that a datetime can hold.
pub fn at_or_after(time: DateTime, every: Timespan) -> Option<DateTime> {
    let every = every.0.max(1);
    let since = time.unix_ticks();
    DateTime::from_unix_ticks(
        since.div_euclid(every).saturating_add(i64::from(since.rem_euclid(every) != 0)) * every,
    )
}

/// The instant that an evaluation at `tick` no longer sees, and all before it.
pub fn reach(tick: DateTime, schedule: Schedule) -> DateTime {
    DateTime(tick.0.saturating_sub(schedule.over.0))
}

/// The instant before the first that is no longer than `span` before `tick`.
pub fn before(tick: DateTime, span: Timespan) -> DateTime {
    DateTime(tick.0.saturating_sub(span.0).saturating_sub(1))
}

/// The smallest instant after `time`.
pub fn just_after(time: DateTime) -> DateTime {
    DateTime(time.0.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_lie_at_multiples_since_1970() {
        let time = |text| DateTime::parse_iso(text).unwrap();
        for (at, every, before, after) in [
            ("2024-03-01T10:30:00Z", Timespan::hours(1), "2024-03-01T10:00:00Z", "2024-03-01T11:00:00Z"),
            ("2024-03-01T10:00:00Z", Timespan::hours(1), "2024-03-01T10:00:00Z", "2024-03-01T10:00:00Z"),
            ("1969-12-31T23:59:59Z", Timespan::days(1), "1969-12-31", "1970-01-01"),
            // 7 days from a Thursday, the first of 1970.
            ("2024-03-01", Timespan::days(7), "2024-02-29", "2024-03-07"),
        ] {
            assert_eq!(at_or_before(time(at), every), Some(time(before)), "{at}");
            assert_eq!(at_or_after(time(at), every), Some(time(after)), "{at}");
        }
        assert_eq!(at_or_after(DateTime::MAX, Timespan::days(1)), None);
    }
}
