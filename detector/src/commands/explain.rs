//! `detector explain`: everything about a rule, or what events come to under it.

use crate::explanation::{Explained, json as described, text};
use crate::failure::Failure;
use crate::geo_database;
#[cfg(feature = "queries")]
use crate::reading::Reading;
#[cfg(feature = "queries")]
use crate::verdicts;
use crate::{reading, selection, terminal};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use rule_eval::json;
use rule_runtime::{Rule, Ruleset};
use std::io::{Write, stdout};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  detector explain Intune.NewDeviceManagementScript
      What it detects, which events it looks at, what it looks for, what its alerts hold.
  detector explain --format json Intune.NewDeviceManagementScript
      The same as an object.
  detector explain Intune.NewDeviceManagementScript event.json
      Why the event alerts or does not: each condition with its values, and the first that decided.
  grep 4f0c audit.ndjson | detector explain Intune.NewDeviceManagementScript IntuneAuditLogs=-
      The same of events from standard input whose table is known.

An event is a JSON object; a file may hold one, one a line, an array or an envelope of them (--framing). Of a rule across events it is shown
which inputs keep each event, and what the query gives over all of them together.

`detector rules` lists the ids. Exit status: 0 done, 2 no such rule, or an event that cannot be read.";

/// The arguments and help.
pub(crate) fn parser() -> Command {
    Command::new("explain")
        .about("Show everything about a rule, or why events alert or do not")
        .after_help(EXAMPLES)
        .arg(Arg::new("rule").value_name("RULE").required(true).help("The rule's id"))
        .arg(
            Arg::new("event")
                .value_name("EVENT.json|TABLE=FILE|-")
                .action(ArgAction::Append)
                .help("Events to judge; - is standard input; TABLE= says of which table they are"),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_parser(PossibleValuesParser::new(["text", "json"]))
                .default_value("text")
                .help("How it is written"),
        )
        .args(reading::arguments())
        .arg(geo_database::argument())
}

/// Explains the rule that was named.
pub(crate) fn run(ruleset: &'static Ruleset, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let id = matches.get_one::<String>("rule").map(String::as_str).unwrap_or_default();
    let rule = selection::find(ruleset, id)?;
    let events: Vec<&str> =
        matches.get_many::<String>("event").into_iter().flatten().map(String::as_str).collect();
    let as_json = matches.get_one::<String>("format").is_some_and(|format| format == "json");
    if !events.is_empty() {
        return judge(ruleset, rule, &events, matches, as_json);
    }
    let explained = Explained { rule, ruleset };
    let written = if as_json {
        json::write(&described::whole(explained)) + "\n"
    } else {
        text::write(explained, terminal::style())
    };
    stdout().write_all(written.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Says what the events come to.
#[cfg(feature = "queries")]
fn judge(
    ruleset: &'static Ruleset,
    rule: &'static Rule,
    events: &[&str],
    matches: &ArgMatches,
    as_json: bool,
) -> Result<ExitCode, Failure> {
    let geography = geo_database::open(matches)?;
    if geography.is_none() {
        geo_database::note_rules(&[rule]);
    }
    let judged = verdicts::judge(ruleset, rule, events, Reading::of(matches), geography)?;
    let written = if as_json {
        json::write(&verdicts::json::whole(&judged)) + "\n"
    } else {
        verdicts::text::write(&judged, terminal::style())
    };
    stdout().write_all(written.as_bytes())?;
    Ok(if judged.has_unreadable() { ExitCode::from(crate::failure::USAGE) } else { ExitCode::SUCCESS })
}

/// What events come to is told by the plan of the query, which only the language can give.
#[cfg(not(feature = "queries"))]
fn judge(
    _: &'static Ruleset,
    _: &'static Rule,
    _: &[&str],
    _: &ArgMatches,
    _: bool,
) -> Result<ExitCode, Failure> {
    let message = "this binary cannot judge events: it was built without the feature `queries` of `detector`";
    Err(Failure::Usage(message.to_owned()))
}
