//! `--state DIR` and `--commit-every`: what lets a run that was stopped or killed go on.

use crate::failure::Failure;
use clap::{Arg, ArgMatches};
use rule_eval::time_text::parse_timespan;
use rule_runtime::checkpoint::Checkpoint;
use std::path::Path;
use std::time::Duration;

/// The arguments.
pub(crate) fn arguments() -> [Arg; 2] {
    [
        Arg::new("state")
            .long("state")
            .value_name("DIR")
            .help("Keep the state here, so that the same command goes on where this one stopped or was killed")
            .long_help(
                "Keep the state here: how far each input was read, what rules remember, and how much output was \
                 written. A run that was stopped, killed or ran out of disk goes on from there with the same command, \
                 and gives the alerts that an undisturbed one gives, none lost and none twice: --out and \
                 --dead-letter are cut back to the last commit and continued. On standard output an alert may come \
                 twice after a crash, with the same alert_id. After a run that came to its end, the same command reads \
                 what the files got since, and files that are new.",
            ),
        Arg::new("commit-every")
            .long("commit-every")
            .value_name("SPAN")
            .value_parser(span)
            .requires("state")
            .help("How often the state is written: what a crash has computed again at the most [default: 5s]"),
    ]
}

/// Takes hold of the state directory, if one is named.
pub(crate) fn open(matches: &ArgMatches) -> Result<Option<Checkpoint>, Failure> {
    let Some(path) = matches.get_one::<String>("state") else { return Ok(None) };
    check_inputs(matches)?;
    let every = matches.get_one::<Duration>("commit-every").copied().unwrap_or(Checkpoint::EVERY);
    let checkpoint = Checkpoint::open(Path::new(path), every, |notice| eprintln!("note: {notice}"));
    checkpoint.map(Some).map_err(|error| Failure::Usage(error.to_string()))
}

/// Refuses standard input, which could not be read again.
fn check_inputs(matches: &ArgMatches) -> Result<(), Failure> {
    let mut inputs = matches.get_many::<String>("input").into_iter().flatten().peekable();
    let is_stdin = |input: &String| input == "-" || input.ends_with("=-");
    if inputs.peek().is_some() && !inputs.any(is_stdin) {
        return Ok(());
    }
    let message = "standard input cannot be read again after a crash, so --state takes none; write it to a file and \
                   name that";
    Err(Failure::Usage(message.to_owned()))
}

fn span(text: &str) -> Result<Duration, String> {
    let ticks = parse_timespan(text).and_then(|span| u64::try_from(span.0).ok());
    ticks
        .map(|ticks| Duration::from_nanos(ticks.saturating_mul(100)))
        .ok_or_else(|| "write a span of time such as 5s or 1m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_as_in_queries() {
        for (text, expected) in
            [("5s", Some(5000)), ("0s", Some(0)), ("100ms", Some(100)), ("-1s", None), ("often", None)]
        {
            assert_eq!(span(text).ok(), expected.map(Duration::from_millis), "{text}");
        }
    }
}
