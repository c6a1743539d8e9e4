//! Spans of time as rules write them: `5m`, `1h`, `1.5d`.

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
}
