//! `detector rules`: the compiled-in rules as a list.

use crate::explanation::{json as described, tables};
use crate::failure::Failure;
use crate::layout::column_widths;
use crate::{selection, terminal};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Command};
use rule_eval::json;
use rule_runtime::{Rule, Ruleset};
use std::io::{BufWriter, Write, stdout};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  detector rules
      Every rule: id, severity, table, techniques, title.
  detector rules --min-severity high --exclude 'entra-*'
      What `detector run` would run with the same options.
  detector rules --format json
      The same as one array of objects.";

/// The arguments and help.
pub(crate) fn parser() -> Command {
    Command::new("rules")
        .about("List the rules")
        .after_help(EXAMPLES)
        .arg(
            Arg::new("format")
                .long("format")
                .value_parser(PossibleValuesParser::new(["table", "json"]))
                .default_value("table")
                .help("How the list is written"),
        )
        .args(selection::arguments())
}

/// Lists the selected rules.
pub(crate) fn run(ruleset: &'static Ruleset, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let rules = selection::listed(ruleset, matches)?;
    let mut out = BufWriter::new(stdout().lock());
    if matches.get_one::<String>("format").is_some_and(|format| format == "json") {
        let lines: Vec<String> = rules.iter().map(|rule| json::write(&described::summary(rule))).collect();
        writeln!(out, "[{}]", lines.join(",\n "))?;
    } else {
        write!(out, "{}", list(&rules, terminal::style().width))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// A line a rule, or two where the terminal is too narrow for one: ids are there to be copied and are never cut.
fn list(rules: &[&Rule], width: Option<usize>) -> String {
    let rows: Vec<[String; 5]> = rules.iter().map(|rule| row(rule)).collect();
    let widths = column_widths(&rows);
    let [id_width, fact_widths @ .., _] = widths;
    let line_width = widths.iter().sum::<usize>() + 2 * (widths.len() - 1);
    let mut text = String::new();
    for row in &rows {
        let [id, facts @ .., title] = row;
        let facts: Vec<String> =
            facts.iter().zip(fact_widths).map(|(fact, width)| format!("{fact:<width$}")).collect();
        let line = match width {
            Some(width) if width < line_width => format!("{id}\n  {}\n  {title}", facts.join("  ")),
            _ => format!("{id:<id_width$}  {}  {title}", facts.join("  ")),
        };
        text.push_str(&line);
        text.push('\n');
    }
    let count = rules.len();
    text + &format!("{count} {}\n", if count == 1 { "rule" } else { "rules" })
}

fn row(rule: &Rule) -> [String; 5] {
    let metadata = &rule.metadata;
    let mut techniques: Vec<&str> = metadata.attack.iter().map(|technique| technique.id.as_ref()).collect();
    // A technique that serves two tactics stands there twice.
    techniques.sort_unstable();
    techniques.dedup();
    let off = if metadata.enabled { "" } else { " (off unless named)" };
    [
        metadata.id.to_string(),
        metadata.severity.name().to_owned(),
        tables(rule).join(", "),
        techniques.join(" "),
        format!("{}{off}", metadata.title),
    ]
}
