//! Spans of time as rules write them: `5m`, `1h`, `1.5d`.

use crate::{Diagnostic, Span};
use rule_model::Timespan;
use rule_model::time::TICKS_PER_SECOND;

/// The span that `text` writes: a number and one of KQL's units. `None` for anything else.
pub(super) fn parse(text: &str) -> Option<Timespan> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let ticks_per_unit = match unit {
        "d" | "day" | "days" => 86_400 * TICKS_PER_SECOND,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600 * TICKS_PER_SECOND,
        "m" | "min" | "minute" | "minutes" => 60 * TICKS_PER_SECOND,
        "s" | "sec" | "second" | "seconds" => TICKS_PER_SECOND,
        "ms" | "milli" | "millisecond" | "milliseconds" => TICKS_PER_SECOND / 1_000,
        _ => return None,
    };
    match number.parse::<i64>() {
        Ok(number) => number.checked_mul(ticks_per_unit).map(Timespan),
        Err(_) => number.parse::<f64>().ok().map(|number| Timespan((number * ticks_per_unit as f64) as i64)),
    }
}

/// How KQL writes the span that was meant by `text`, which it does not take: `1 hour`, `"1h"`, `1H`, `PT1H`, `2w`.
pub(crate) fn meant(text: &str) -> Option<String> {
    let lower = text.trim_matches(['"', '\'', ' ']).to_ascii_lowercase();
    let iso = lower.strip_prefix("pt").or_else(|| lower.strip_prefix('p'));
    let text = iso.unwrap_or(&lower);
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = (&text[..unit_at], text[unit_at..].trim());
    let weeks = number.parse::<i64>().ok().filter(|_| matches!(unit, "w" | "week" | "weeks"));
    if let Some(days) = weeks.and_then(|weeks| weeks.checked_mul(7)) {
        return Some(format!("{days}d"));
    }
    let short = match unit {
        "d" | "day" | "days" => "d",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        _ => return None,
    };
    let written = format!("{number}{short}");
    parse(&written).map(|_| written)
}

/// A span of time that is written otherwise, as it stands at `span` of `text`.
pub(super) fn fault(span: Span, text: &str) -> Diagnostic {
    let written = span.text(text).lines().next().unwrap_or_default();
    if let Some(meant) = meant(written) {
        let fault = Diagnostic::error(span, format!("`{written}` is no span of time"));
        return fault
            .note("a span of time is a number and a unit in one word")
            .help(format!("write `{meant}`"));
    }
    let fault = Diagnostic::error(
        span,
        format!("expected a span of time such as `5m`, `1h` or `1d`, found `{written}`"),
    );
    let is_number = !written.is_empty() && written.bytes().all(|b| b.is_ascii_digit());
    fault.help(if is_number {
        format!("write `{written}m` for minutes, `{written}h` for hours, `{written}d` for days")
    } else {
        "write a span of time such as `5m`, `1h` or `1d`".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_are_a_span_of_time() {
        for (text, span) in [
            ("1d", Some(Timespan::days(1))),
            ("60m", Some(Timespan::hours(1))),
            ("1.5h", Some(Timespan::minutes(90))),
            ("0s", Some(Timespan(0))),
            ("5", None),
            ("m", None),
            ("5 m", None),
            ("9999999999999d", None),
        ] {
            assert_eq!(parse(text), span, "{text}");
        }
    }

    #[test]
    fn what_others_write_for_a_span_of_time_is_understood() {
        for (text, expected) in [
            ("1 hour", Some("1h")),
            ("60 minutes", Some("60m")),
            ("\"1h\"", Some("1h")),
            ("1H", Some("1h")),
            ("PT15M", Some("15m")),
            ("P1D", Some("1d")),
            ("2 weeks", Some("14d")),
            ("1.5 days", Some("1.5d")),
            ("5", None),
            ("now", None),
            ("9999999999999 d", None),
        ] {
            assert_eq!(meant(text).as_deref(), expected, "{text}");
        }
    }
}
