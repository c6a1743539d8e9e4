//! `detector check`: parses and checks queries, and says what is wrong with them.

use crate::diagnostics::Shown;
use crate::failure::Failure;
use crate::geo_database;
use crate::known_tables::KnownTables;
use clap::{Arg, ArgAction, ArgMatches, Command};
use rule_eval::json;
use rule_lang::catalog::{AnyTable, Catalog};
use rule_lang::diagnostic::Position;
use rule_lang::{Diagnostic, compile_query};
use rule_model::Value;
use rule_runtime::Ruleset;
use std::fs;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write, stdin, stdout};
use std::process::ExitCode;

/// Exit status when a query has an error.
const FAULTY: u8 = 1;

const EXAMPLES: &str = "\
Examples:
  detector check hunting/*.kql
      Every error with its line, and what to type instead.
  detector check --any-table published.kql
      Tables that are not built in are taken to have any column.
  detector check --any-table --ndjson queries.ndjson
      {\"id\",\"query\"} lines in, {\"id\",\"ok\",\"errors\":[{\"message\",\"line\",\"column\"}]} lines out.

Exit status: 0 when every query can be run, 1 when one has an error, 2 wrong usage or input that cannot be read.";

/// The arguments and help.
pub(crate) fn parser() -> Command {
    Command::new("check")
        .about("Check queries without running them")
        .after_help(EXAMPLES)
        .arg(
            Arg::new("file")
                .value_name("FILE.kql|-")
                .action(ArgAction::Append)
                .conflicts_with("ndjson")
                .help("Files of one query each; - is standard input"),
        )
        .arg(
            Arg::new("ndjson")
                .long("ndjson")
                .value_name("FILE|-")
                .help("A file of one JSON object a line, with the properties id and query"),
        )
        .arg(
            Arg::new("any-table")
                .long("any-table")
                .action(ArgAction::SetTrue)
                .help("Take unknown tables as open: whatever column is asked of them they have, as dynamic"),
        )
}

/// Checks what the arguments name.
pub(crate) fn run(ruleset: &'static Ruleset, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let known = KnownTables::of(ruleset);
    let catalog: Box<dyn Catalog> =
        if matches.get_flag("any-table") { Box::new(AnyTable(known)) } else { Box::new(known) };
    let all_fine = match matches.get_one::<String>("ndjson") {
        Some(file) => check_lines(file, catalog.as_ref())?,
        None => check_files(matches, catalog.as_ref())?,
    };
    Ok(if all_fine { ExitCode::SUCCESS } else { ExitCode::from(FAULTY) })
}

fn check_files(matches: &ArgMatches, catalog: &dyn Catalog) -> Result<bool, Failure> {
    let mut files: Vec<&str> =
        matches.get_many::<String>("file").into_iter().flatten().map(String::as_str).collect();
    if files.is_empty() {
        if stdin().is_terminal() {
            return Err(Failure::Usage("nothing to check; name a file, or - for standard input".to_owned()));
        }
        files.push("-");
    }
    let (mut faulty, mut asks_for_places) = (0, false);
    for file in &files {
        let text = read(file)?;
        let origin = if *file == "-" { "standard input" } else { file };
        faulty += usize::from(!report(origin, &text, catalog)?);
        asks_for_places |= geo_database::is_asked_by(&text);
    }
    if asks_for_places {
        geo_database::note("in what was checked");
    }
    let (total, plural) = (files.len(), if files.len() == 1 { "query" } else { "queries" });
    writeln!(stdout(), "{total} {plural} checked, {faulty} with errors")?;
    Ok(faulty == 0)
}

/// Writes what is wrong with a query; whether it can be run.
fn report(origin: &str, text: &str, catalog: &dyn Catalog) -> Result<bool, Failure> {
    let (fine, diagnostics) = match compile_query(text, catalog) {
        Ok(compiled) => (true, compiled.warnings),
        Err(errors) => (false, errors),
    };
    for diagnostic in &diagnostics {
        writeln!(stdout(), "{}", Shown { diagnostic, origin, text })?;
    }
    Ok(fine)
}

/// Checks a file of `{"id","query"}` lines; whether all queries can be run.
fn check_lines(file: &str, catalog: &dyn Catalog) -> Result<bool, Failure> {
    let lines: Box<dyn BufRead> = if file == "-" {
        Box::new(stdin().lock())
    } else {
        Box::new(BufReader::new(fs::File::open(file).map_err(|error| Failure::open(file, &error))?))
    };
    let mut out = io::BufWriter::new(stdout().lock());
    let (mut all_fine, mut asks_for_places) = (true, false);
    for (number, line) in lines.lines().enumerate() {
        let line = line.map_err(|error| Failure::open(file, &error))?;
        if line.trim().is_empty() {
            continue;
        }
        let (id, query) = id_and_query(&line)
            .map_err(|fault| Failure::Usage(format!("{file}, line {}: {fault}", number + 1)))?;
        let errors = compile_query(&query, catalog).err().unwrap_or_default();
        all_fine &= errors.is_empty();
        asks_for_places |= geo_database::is_asked_by(&query);
        writeln!(out, "{}", json::write(&verdict(id, &query, &errors)))?;
    }
    out.flush()?;
    if asks_for_places {
        geo_database::note("in what was checked");
    }
    Ok(all_fine)
}

fn id_and_query(line: &str) -> Result<(Value, String), String> {
    let record = json::parse(line).map_err(|error| error.to_string())?;
    let bag = record.as_bag().ok_or("a line must be a JSON object with id and query")?;
    let query = bag.get("query").and_then(Value::as_str).ok_or("the object has no text called query")?;
    Ok((bag.get("id").cloned().unwrap_or_default(), query.to_owned()))
}

fn verdict(id: Value, query: &str, errors: &[Diagnostic]) -> Value {
    let errors = errors.iter().map(|error| {
        let Position { line, column } = error.position(query);
        Value::bag([
            ("message", Value::from(error.message.as_str())),
            ("line", Value::Long(line as i64)),
            ("column", Value::Long(column as i64)),
        ])
    });
    let errors = Value::array(errors);
    let ok = errors.as_array().is_some_and(<[Value]>::is_empty);
    Value::bag([("id", id), ("ok", Value::Bool(ok)), ("errors", errors)])
}

fn read(file: &str) -> Result<String, Failure> {
    let mut text = String::new();
    if file == "-" {
        stdin().read_to_string(&mut text).map_err(|error| Failure::open("standard input", &error))?;
    } else {
        text = fs::read_to_string(file).map_err(|error| Failure::open(file, &error))?;
    }
    Ok(text)
}
