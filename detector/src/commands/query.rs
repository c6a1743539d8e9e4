//! `detector query`: a KQL query over files, or over no input at all.

use crate::diagnostics::Shown;
use crate::failure::Failure;
use crate::file_tables::FileTables;
use crate::geo_database;
use crate::known_tables::{GivenTables, KnownTables};
use crate::program;
use crate::reading::{self, Reading};
use crate::result_table::Grid;
use crate::terminal;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use rule_eval::time_text::parse_datetime;
use rule_eval::{Context, Table, evaluate, json};
use rule_lang::compile_query;
use rule_model::{DateTime, Value};
use rule_runtime::{Ruleset, clock};
use std::io::{self, BufWriter, IsTerminal, Write, stdout};
use std::process::ExitCode;

/// Exit status when the query has an error, or stops with one.
const FAULTY: u8 = 1;

const EXAMPLES: &str = "\
Examples:
  detector query 'print bin(4.5, 1), tolower(\"ABC\")'
      Without any input.
  detector query UnifiedAuditLog=audit.ndjson.gz 'UnifiedAuditLog | summarize count() by Operation | top 10 by count_'
      Over a file of a built-in table.
  detector query Vpn=vpn.ndjson Watched=people.ndjson 'Vpn | join kind=inner Watched on $left.user == $right.upn'
      Other tables take their columns from what the files hold; _GetWatchlist(\"Watched\") reads Watched, too.

Exit status: 0 done, 1 the query has an error, 2 wrong usage or input that cannot be read.";

/// The arguments and help.
pub(crate) fn parser() -> Command {
    Command::new("query")
        .about("Run a KQL query over files")
        .override_usage(format!("{} query [OPTIONS] [TABLE=FILE]... QUERY", program::name()))
        .after_help(EXAMPLES)
        .arg(
            Arg::new("arguments")
                .value_name("TABLE=FILE|QUERY")
                .required(true)
                .action(ArgAction::Append)
                .help("Files, directories or quoted patterns of JSON records (lines, arrays, envelopes), plain, gzip or zstd, each with its table; last the query, or - to read it from standard input"),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_parser(PossibleValuesParser::new(["table", "ndjson", "json"]))
                .help("How rows are written [default: table on a terminal, else ndjson]"),
        )
        .arg(Arg::new("now").long("now").value_name("TIME").help("What now() and ago() take for the time [default: the clock]"))
        .args(reading::arguments())
        .arg(geo_database::argument())
}

/// Runs the query.
pub(crate) fn run(ruleset: &'static Ruleset, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let mut arguments: Vec<&str> =
        matches.get_many::<String>("arguments").into_iter().flatten().map(String::as_str).collect();
    let query = match arguments.pop() {
        Some("-") => {
            io::read_to_string(io::stdin()).map_err(|error| Failure::open("standard input", &error))?
        }
        Some(query) => query.to_owned(),
        None => return Err(Failure::Usage("no query".to_owned())),
    };
    let mut context = Context::at(now(matches)?).with_geography(geo_database::open(matches)?);
    let known = KnownTables::of(ruleset);
    let tables = FileTables::load(&arguments, &known, Reading::of(matches))?;
    tables.report_rejected();
    let catalog = GivenTables { given: tables.catalog(&known), known };
    let compiled = match compile_query(&query, &catalog) {
        Ok(compiled) => compiled,
        Err(errors) => {
            for diagnostic in &errors {
                eprintln!("{}", Shown { diagnostic, origin: "query", text: &query });
            }
            return Ok(ExitCode::from(FAULTY));
        }
    };
    for diagnostic in &compiled.warnings {
        eprintln!("{}", Shown { diagnostic, origin: "query", text: &query });
    }
    if context.geography.is_none() && geo_database::is_asked_by(&query) {
        geo_database::note("in the query");
    }
    match evaluate(&compiled.plan, &tables, &mut context) {
        Ok(table) => write(&table, matches.get_one::<String>("format").map(String::as_str))?,
        Err(error) => {
            if let Some(table) = tables.missing() {
                let message = format!(
                    "no file was given for the table {table}; name it before the query, as in {table}=FILE"
                );
                return Err(Failure::Usage(message));
            }
            eprintln!("error: {error}");
            return Ok(ExitCode::from(FAULTY));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn now(matches: &ArgMatches) -> Result<DateTime, Failure> {
    if let Some(text) = matches.get_one::<String>("now") {
        let message = || format!("--now {text}: not a time; write it as 2024-03-01T12:00:00Z");
        return parse_datetime(text).ok_or_else(|| Failure::Usage(message()));
    }
    Ok(clock::now())
}

fn write(table: &Table, format: Option<&str>) -> Result<(), Failure> {
    let mut out = BufWriter::new(stdout().lock());
    match format.unwrap_or(if stdout().is_terminal() { "table" } else { "ndjson" }) {
        "table" => write!(out, "{}", Grid { table, width: terminal::style().width })?,
        "json" => writeln!(
            out,
            "{}",
            json::write(&Value::array((0..table.rows.len()).map(|row| object(table, row))))
        )?,
        _ => {
            for row in 0..table.rows.len() {
                writeln!(out, "{}", json::write(&object(table, row)))?;
            }
        }
    }
    out.flush()?;
    Ok(())
}

/// A row as an object with its columns in order.
fn object(table: &Table, row: usize) -> Value {
    let names = table.columns.iter().map(|column| column.name.clone());
    Value::bag(names.zip(table.rows[row].iter().cloned()))
}
