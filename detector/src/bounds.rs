//! What rules evaluated on ticks are allowed: how late and how far ahead events may be, and how much
//! is kept of them.

use clap::{Arg, ArgMatches};
use rule_eval::time_text::parse_timespan;
use rule_model::Timespan;
use rule_runtime::across::Bounds;
use std::time::Duration;

/// The arguments.
pub(crate) fn arguments() -> [Arg; 6] {
    let span = |name: &'static str| Arg::new(name).long(name).value_name("SPAN").value_parser(timespan);
    [
        span("lateness").help("How much the events of an input may be out of order [default: 5m]"),
        span("idle").help(
            "An input that may still grow (a followed file, a pipe beside other inputs) and is silent for so long \
             no longer holds back the ticks that wait for it [default: 1m]",
        ),
        span("max-skew").help(
            "Events further than this after the wall clock are not seen by rules across events, and counted \
             [default: 1d]",
        ),
        Arg::new("max-state").long("max-state").value_name("BYTES").value_parser(size).help(
            "Memory for the rows that rules across events keep, the alerts they made, what a tick takes to be evaluated, and dedup \
             windows, all together; past it they are spilled to disk, and ticks evaluated in parts where their rows have a key in common \
             [default: 256MiB]",
        ),
        Arg::new("max-state-disk").long("max-state-disk").value_name("BYTES").value_parser(size).help(
            "Disk space for what is spilled; past it rows are dropped, which is reported [default: 64GiB]",
        ),
        Arg::new("max-state-rows")
            .long("max-state-rows")
            .value_name("N")
            .value_parser(clap::value_parser!(u64).range(1..))
            .help("Rows that one rule may keep; past it rows are dropped, which is reported [default: 100000000]"),
    ]
}

/// What the arguments say.
pub(crate) fn bounds(matches: &ArgMatches) -> Bounds {
    let default = Bounds::default();
    let bytes =
        |name: &str, default: u64| matches.get_one::<usize>(name).map_or(default, |bytes| *bytes as u64);
    Bounds {
        lateness: matches.get_one("lateness").copied().unwrap_or(default.lateness),
        skew: matches.get_one("max-skew").copied().unwrap_or(default.skew),
        state: bytes("max-state", default.state),
        rows: matches.get_one("max-state-rows").copied().unwrap_or(default.rows),
        disk: bytes("max-state-disk", default.disk),
    }
}

/// How long an input must be silent to no longer hold back ticks.
pub(crate) fn idle(matches: &ArgMatches) -> Duration {
    let nanoseconds =
        |span: &Timespan| Duration::from_nanos(u64::try_from(span.0).unwrap_or(0).saturating_mul(100));
    matches.get_one("idle").map_or(Duration::from_mins(1), nanoseconds)
}

/// A number of bytes: `1000`, `64KiB`, `16MiB`, `1GiB`.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match &text[digits.len()..] {
        "" | "B" => 0,
        "KiB" | "K" => 10,
        "MiB" | "M" => 20,
        "GiB" | "G" => 30,
        unit => return Err(format!("\"{unit}\" is no unit; write KiB, MiB or GiB")),
    };
    let number: usize = digits.trim().parse().map_err(|_| "write a number, as in 16MiB".to_owned())?;
    number
        .checked_mul(1 << shift)
        .filter(|bytes| (1..=1 << 40).contains(bytes))
        .ok_or_else(|| "write 1 to 1024GiB".to_owned())
}

/// A span of time that is not negative, as KQL writes it.
fn timespan(text: &str) -> Result<Timespan, String> {
    parse_timespan(text)
        .filter(|span| span.0 >= 0)
        .ok_or_else(|| "write a span of time such as 5m, 1h or 00:05:00".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_as_in_queries() {
        for (text, span) in [
            ("5m", Some(Timespan::minutes(5))),
            ("1d", Some(Timespan::days(1))),
            ("00:05:00", Some(Timespan::minutes(5))),
            ("-5m", None),
            ("soon", None),
        ] {
            assert_eq!(timespan(text).ok(), span, "{text}");
        }
    }

    #[test]
    fn sizes_take_binary_units() {
        for (text, bytes) in [
            ("1", Some(1)),
            ("64KiB", Some(65536)),
            ("16MiB", Some(16 << 20)),
            ("0", None),
            ("x", None),
            ("5GiB", Some(5 << 30)),
            ("2000GiB", None),
            ("1TB", None),
        ] {
            assert_eq!(size(text).ok(), bytes, "{text}");
        }
    }
}
