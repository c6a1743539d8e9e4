//! `detector run`: rules over files, alerts out.

use crate::bounds;
use crate::failure::Failure;
use crate::geo_database;
use crate::inputs;
use crate::outputs;
use crate::progress::Bar;
use crate::reading::{self, Reading};
use crate::signals::Signals;
use crate::state;
use crate::{selection, static_tables, terminal};
use clap::builder::{PossibleValuesParser, RangedU64ValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command};
use rule_eval::json;
use rule_model::DateTime;
use rule_runtime::Ruleset;
use rule_runtime::checkpoint::Checkpoint;
use rule_runtime::clock;
use rule_runtime::dead_letter::DeadLetters;
use rule_runtime::disk::StandardOutput;
use rule_runtime::dispatch::MemoryLimits;
use rule_runtime::engine::{Engine, Settings, Validate};
use rule_runtime::parse::DEFAULT_MAX_DEPTH;
use rule_runtime::pipeline::{self, Control, Input, Options, Output};
use rule_runtime::sink::table::Style;
use rule_runtime::sink::{Destination, Direct, FileDestination, NdjsonSink, Outbox, Sink, TableSink};
use rule_runtime::source::Origin;
use rule_runtime::summary::Summary;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write, stdout};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::ExitCode;

/// Exit status of `--strict` when records were rejected.
const REJECTED: u8 = 1;

const EXAMPLES: &str = "\
Examples:
  detector run audit.ndjson.gz
      Alerts as a table on the terminal, counts at the end.
  detector run --format ndjson --out alerts.ndjson --dead-letter rejected.ndjson logs/*.zst
      Alerts to one file, records that could not be read to another.
  detector run --follow --format ndjson 'UnifiedAuditLog=/var/log/m365/*.json'
      Files that grow and are rotated, until the run is stopped.
  kafkacat … | detector run --rules 'Intune.*' --min-severity high IntuneAuditLogs=-
      Some rules over a stream whose table is known.
  detector run --state /var/lib/detector --out alerts.ndjson logs/*.ndjson.gz
      Killed, stopped or out of disk, the same command goes on: no alert is lost, none comes twice.

Rules that look at one event at a time alert at once. Rules across events, and those whose trigger, threshold or
grouping needs several rows, are evaluated on the ticks of their schedule in event time: at tick T over the events in
(T - over, T], as soon as every input is later than T by the lateness; when the input ends, up to the first tick at or
after the last event. Inputs are then read side by side, the one furthest behind in event time first, so that their
order does not matter. A rule without a schedule is evaluated once, at the end. A table without a time column is read
first, whole: TABLE=FILE, or NAME=FILE for what a rule calls _GetWatchlist('NAME') or takes with externaldata (lines
or an array of JSON objects, or FILE.csv whose first line names the columns).

Exit status: 0 done (rejected records are counted, not fatal), 1 with --strict if records were rejected,
2 wrong usage, input that cannot be read, output or state that cannot be written, 130 or 143 stopped by SIGINT or
SIGTERM before the end of the input.";

/// The arguments and help.
pub(crate) fn parser() -> Command {
    let file = |name: &'static str| Arg::new(name).long(name).value_name("FILE");
    Command::new("run")
        .about("Run rules over files or a stream, and report alerts")
        .after_help(EXAMPLES)
        .arg(inputs::argument())
        .arg(inputs::follow_argument())
        .arg(
            Arg::new("format")
                .long("format")
                .value_parser(PossibleValuesParser::new(["table", "ndjson"]))
                .help("How alerts are written [default: table on a terminal, else ndjson]"),
        )
        .arg(file("out").help("Write alerts here instead of to standard output"))
        .arg(file("dead-letter").help("Write rejected records and odd event times here, each with source, offset and reason"))
        .arg(file("stats").help("Write the counts here as JSON"))
        .arg(
            Arg::new("threads")
                .long("threads")
                .value_name("N")
                .value_parser(RangedU64ValueParser::<usize>::new().range(1..=1024))
                .help(
                    "Threads that match records; the output is the same for any number [default: all cores]",
                ),
        )
        .args(selection::arguments())
        .arg(
            Arg::new("strict")
                .long("strict")
                .action(ArgAction::SetTrue)
                .help("Exit 1 if records were rejected"),
        )
        .arg(
            Arg::new("validate")
                .long("validate")
                .value_parser(PossibleValuesParser::new(["structure", "full"]))
                .default_value("structure")
                .help("How closely to look at records that no rule asks for")
                .long_help(
                    "How closely to look at records that no rule asks for, by their operation. With structure they must be \
                     one object in UTF-8 with brackets that match, strings that close and no raw control characters in \
                     them, not too long and not nested too deep; with full they must be JSON. Records that a rule may \
                     ask for, and those whose operation cannot be read, must be JSON either way, and the alerts are \
                     the same. With structure most records are not parsed, which is several times faster.",
                ),
        )
        .args(reading::arguments())
        .arg(inputs::history_argument())
        .args(state::arguments())
        .args(bounds::arguments())
        .arg(geo_database::argument())
        .arg(
            Arg::new("max-depth")
                .long("max-depth")
                .value_name("LEVELS")
                .value_parser(RangedU64ValueParser::<usize>::new().range(1..=1024))
                .help(format!("Reject records that nest deeper [default: {DEFAULT_MAX_DEPTH}]")),
        )
}

/// Runs rules over the inputs.
pub(crate) fn run(ruleset: &'static Ruleset, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let mut state = state::open(matches)?;
    let engine = engine(ruleset, matches, state.as_ref().and_then(Checkpoint::earliest_now))?;
    let mut inputs = inputs::history(ruleset, &engine, matches)?;
    inputs.extend(inputs::inputs(ruleset, &engine, matches)?);
    outputs::check(&inputs, matches)?;
    let signals = Signals::watch()?;
    let summary = process(&engine, &inputs, matches, &signals.control, state.as_mut())?;
    eprint!("{summary}");
    if let Some(path) = matches.get_one::<String>("stats") {
        writeln!(create(path)?, "{}", json::write(&summary.to_value()))?;
    }
    Ok(signals.status().unwrap_or_else(|| status(&summary, matches.get_flag("strict"))))
}

/// The selected rules, ready to run. `now()` is what the clock says, but not before `earliest`.
pub(super) fn engine(
    ruleset: &'static Ruleset,
    matches: &ArgMatches,
    earliest: Option<DateTime>,
) -> Result<Engine, Failure> {
    let arguments = matches.get_many::<String>("input").into_iter().flatten().map(String::as_str);
    let given = static_tables::load(ruleset, selection::select(ruleset, matches)?, arguments)?;
    let geography = geo_database::open(matches)?;
    if geography.is_none() {
        geo_database::note_rules(&given.rules);
    }
    let engine = Engine::new(ruleset, &given.rules, settings(matches, earliest));
    Ok(engine.with_static_tables(given.tables).with_geography(geography))
}

/// Reads the inputs and writes alerts.
pub(super) fn process(
    engine: &Engine,
    inputs: &[Input],
    matches: &ArgMatches,
    control: &Control,
    state: Option<&mut Checkpoint>,
) -> Result<Summary, Failure> {
    let out = matches.get_one::<String>("out");
    let mut sink = sink(matches.get_one::<String>("format"), out, state.as_deref())?;
    let mut dead_letters = dead_letters(matches.get_one("dead-letter"), state.is_some())?;
    // On a terminal that shows alerts, a bar would be drawn between them.
    let total = if out.is_some() || !stdout().is_terminal() { total_size(inputs) } else { 0 };
    let bar = Bar::start(&control.progress, total);
    let output = Output { sink: sink.as_mut(), dead_letters: dead_letters.as_mut() };
    let options = options(matches);
    let summary = match state {
        Some(state) => pipeline::run_with_state(engine, inputs, &options, control, output, state),
        None => pipeline::run(engine, inputs, &options, control, output),
    };
    drop(bar);
    Ok(summary?)
}

fn settings(matches: &ArgMatches, earliest: Option<DateTime>) -> Settings {
    Settings {
        max_depth: matches.get_one("max-depth").copied().unwrap_or(DEFAULT_MAX_DEPTH),
        validate: match matches.get_one::<String>("validate").map(String::as_str) {
            Some("full") => Validate::Full,
            _ => Validate::Structure,
        },
        memory: MemoryLimits::default(),
        now: clock::now().max(earliest.unwrap_or(DateTime::MIN)),
    }
}

fn options(matches: &ArgMatches) -> Options {
    let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let threads = matches.get_one::<usize>("threads").and_then(|n| NonZeroUsize::new(*n));
    let Reading { framing, limits, expansion } = Reading::of(matches);
    Options {
        threads: threads.unwrap_or_else(cores),
        framing,
        limits,
        expansion,
        bounds: bounds::bounds(matches),
        idle: bounds::idle(matches),
    }
}

fn sink(
    format: Option<&String>,
    out: Option<&String>,
    state: Option<&Checkpoint>,
) -> Result<Box<dyn Sink>, Failure> {
    let on_terminal = out.is_none() && stdout().is_terminal();
    let as_table = format.map_or(on_terminal, |format| format == "table");
    let destination: Box<dyn Destination> = match (out, state) {
        (Some(path), _) => Box::new(file(path, state.is_some())?),
        (None, Some(state)) => Box::new(Outbox::new(StandardOutput::default(), state.path())),
        (None, None) => Box::new(Direct::default()),
    };
    let style = if out.is_some() { Style { width: None, colour: false } } else { terminal::style() };
    Ok(if as_table {
        Box::new(TableSink::new(destination, style))
    } else {
        Box::new(NdjsonSink::new(destination))
    })
}

fn dead_letters(
    path: Option<&String>,
    goes_on: bool,
) -> Result<Option<DeadLetters<Box<dyn Destination>>>, Failure> {
    let file = path.map(|path| file(path, goes_on)).transpose()?;
    Ok(file.map(|file| DeadLetters::new(Box::new(file) as Box<dyn Destination>)))
}

/// A file that is overwritten, or with `--state` brought back to its last commit before it is written to.
fn file(path: &String, goes_on: bool) -> io::Result<FileDestination> {
    if goes_on { FileDestination::open(path.as_ref()) } else { FileDestination::create(path.as_ref()) }
}

fn create(path: impl AsRef<Path>) -> Result<BufWriter<File>, Failure> {
    let path = path.as_ref();
    File::create(path).map(BufWriter::new).map_err(|error| Failure::write(path.display(), &error))
}

/// Bytes of all inputs as stored; 0 where one has no size.
fn total_size(inputs: &[Input]) -> u64 {
    inputs.iter().map(|input: &Input| Origin::size(&input.origin)).sum::<Option<u64>>().unwrap_or(0)
}

fn status(summary: &Summary, strict: bool) -> ExitCode {
    if !summary.errors.is_empty() {
        ExitCode::from(crate::failure::USAGE)
    } else if strict && summary.rejected() > 0 {
        ExitCode::from(REJECTED)
    } else {
        ExitCode::SUCCESS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_back_does_not_go_behind_an_earlier_run() {
        let matches = parser().try_get_matches_from(["run"]).unwrap();
        let [past, future] = ["2001-01-01", "2999-01-01"].map(|time| DateTime::parse_iso(time).unwrap());
        assert_eq!(settings(&matches, Some(future)).now, future);
        assert!(settings(&matches, Some(past)).now > past);
        assert!(settings(&matches, None).now > past);
    }
}
