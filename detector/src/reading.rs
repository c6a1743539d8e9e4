//! How inputs are read: `--framing`, `--max-record-bytes` and `--max-expansion`.

use crate::bounds;
use clap::builder::{PossibleValue, PossibleValuesParser, RangedU64ValueParser};
use clap::{Arg, ArgMatches};
use rule_runtime::framing::{Framing, Limits};
use rule_runtime::source::Expansion;

/// The arguments, for every command that reads records.
pub(crate) fn arguments() -> [Arg; 3] {
    [
        Arg::new("framing")
            .long("framing")
            .value_parser(PossibleValuesParser::new([
                PossibleValue::new("auto"),
                PossibleValue::new("ndjson"),
                PossibleValue::new("json"),
            ]))
            .default_value("auto")
            .help("How records follow each other in an input")
            .long_help(
                "How records follow each other in an input.\n\n\
                 ndjson: one a line. A newline always ends a record, so that a broken one costs exactly its own line.\n\
                 json: values one after the other over any number of lines, in arrays, and in the envelopes \
                 {\"records\":[…]}, {\"Records\":[…]} and {\"value\":[…]}; after an error, reading goes on at the next line that \
                 begins with {. An object is an envelope if its list holds objects and only scalars stand before it; what \
                 else it holds is passed over.\n\
                 auto: decided once for each input, from its beginning. It is json if it begins with [ or an envelope, or \
                 if its first line that is not empty is no complete value and the next does not begin an object; else \
                 ndjson.",
            ),
        Arg::new("max-record-bytes")
            .long("max-record-bytes")
            .value_name("BYTES")
            .value_parser(bounds::size)
            .help("Reject longer records; KiB, MiB and GiB may follow the number [default: 16MiB]"),
        Arg::new("max-expansion")
            .long("max-expansion")
            .value_name("TIMES")
            .value_parser(RangedU64ValueParser::<u64>::new().range(1..))
            .help(format!(
                "Stop reading a compressed input that expands to more than so many times its size, once that is more than \
                 {} MiB [default: {}]",
                Expansion::default().free >> 20,
                Expansion::default().ratio
            )),
    ]
}

/// How the inputs of a command are read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    /// How records follow each other.
    pub(crate) framing: Framing,
    /// How long a record may be.
    pub(crate) limits: Limits,
    /// How much a compressed input may expand.
    pub(crate) expansion: Expansion,
}

impl Reading {
    /// As the arguments say.
    pub(crate) fn of(matches: &ArgMatches) -> Reading {
        let Reading { limits, expansion, .. } = Reading::default();
        Reading {
            framing: match matches.get_one::<String>("framing").map(String::as_str) {
                Some("ndjson") => Framing::Ndjson,
                Some("json") => Framing::Json,
                _ => Framing::Auto,
            },
            limits: Limits {
                record: matches.get_one("max-record-bytes").copied().unwrap_or(limits.record),
                ..limits
            },
            expansion: Expansion {
                ratio: matches.get_one("max-expansion").copied().unwrap_or(expansion.ratio),
                ..expansion
            },
        }
    }
}
