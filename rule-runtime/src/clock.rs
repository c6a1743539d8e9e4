//! What time it is: the one place where the wall clock is asked, so that the fault tests can set it.

#[cfg(feature = "fail-points")]
use crate::faults;
use rule_model::DateTime;
use std::time::{SystemTime, UNIX_EPOCH};

/// What the wall clock says. One that stands before 1970 or after 9999 is taken to stand there.
pub fn now() -> DateTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let ticks = i64::try_from(since_epoch.as_nanos() / 100).unwrap_or(i64::MAX);
    #[cfg(feature = "fail-points")]
    let ticks = ticks.saturating_add(faults::clock_offset().0);
    DateTime::from_unix_ticks(ticks).unwrap_or(DateTime::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_later_than_when_this_was_written() {
        assert!(now() > DateTime::parse_iso("2024-01-01").unwrap());
    }
}
