//! `detector demo`: the rules over sample events that the binary carries.

use crate::failure::Failure;
use crate::layout::Page;
use crate::{program, terminal};
use clap::{ArgMatches, Command};
use rule_runtime::Ruleset;
use rule_runtime::pipeline::{Control, Input};
use rule_runtime::source::Origin;
use std::io::{Write, stdout};
use std::process::ExitCode;

const SAMPLE: &[u8] = include_bytes!("../../samples/demo.ndjson");

const BEFORE: &str = "The compiled-in rules over the audit events of one morning at an invented company, in which somebody takes over \
     an account, then the tenant, between everyday work. An alert has its time, severity and title, and below what \
     it is about.";

const AFTER: &str = "Next: `detector explain RULE` shows a rule, `detector rules` all of them, and `detector run FILE` runs them over \
     your own audit log: newline-delimited JSON, plain, gzip or zstd.";

/// The arguments and help.
pub(crate) fn parser() -> Command {
    Command::new("demo").about("Run the rules over sample events: the place to begin").after_help(
        "Example:\n  detector demo\n      Prints alerts and counts; reads and writes no file, needs no network.",
    )
}

/// Runs the rules as `run` does, with the sample for a file.
pub(crate) fn run(ruleset: &'static Ruleset, _matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let matches = super::run::parser().try_get_matches_from(["run", "--format", "table"]);
    let matches = matches.map_err(|error| Failure::Usage(error.to_string()))?;
    let engine = super::run::engine(ruleset, &matches, None)?;
    let sample =
        Input { origin: Origin::Embedded { name: "sample", bytes: SAMPLE }, table: None, is_history: false };
    writeln!(stdout(), "{}", wrapped(BEFORE))?;
    let summary = super::run::process(&engine, &[sample], &matches, &Control::default(), None)?;
    write!(stdout(), "\n{summary}\n{}", wrapped(&program::named(AFTER)))?;
    Ok(ExitCode::SUCCESS)
}

fn wrapped(words: &str) -> String {
    let mut page = Page::new(terminal::style());
    page.prose(words, 0);
    page.into_text()
}
