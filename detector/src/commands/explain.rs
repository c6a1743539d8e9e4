//! `detector explain`: everything about a rule.

use crate::explanation::{Explained, json as described, text};
use crate::failure::Failure;
use crate::{selection, terminal};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use rule_eval::json;
use rule_runtime::Ruleset;
use std::io::{Write, stdout};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  detector explain Intune.NewDeviceManagementScript
      What it detects, which events it looks at, what it looks for, what its alerts hold.
  detector explain --format json Intune.NewDeviceManagementScript
      The same as an object.

`detector rules` lists the ids. Exit status: 0 done, 2 no such rule.";

/// The arguments and help.
pub(crate) fn parser() -> Command {
    Command::new("explain")
        .about("Show everything about a rule")
        .after_help(EXAMPLES)
        .arg(Arg::new("rule").value_name("RULE").required(true).help("The rule's id"))
        .arg(
            Arg::new("format")
                .long("format")
                .value_parser(PossibleValuesParser::new(["text", "json"]))
                .default_value("text")
                .help("How it is written"),
        )
}

/// Explains the rule that was named.
pub(crate) fn run(ruleset: &'static Ruleset, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let id = matches.get_one::<String>("rule").map(String::as_str).unwrap_or_default();
    let explained = Explained { rule: selection::find(ruleset, id)?, ruleset };
    let written = if matches.get_one::<String>("format").is_some_and(|format| format == "json") {
        json::write(&described::whole(explained)) + "\n"
    } else {
        text::write(explained, terminal::style())
    };
    stdout().write_all(written.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
