//! Which files are read: the arguments `PATH`, `TABLE=PATH` and `-`.

use crate::failure::Failure;
use crate::nearest::suggestion;
use crate::paths;
use crate::static_tables;
use clap::{Arg, ArgAction, ArgMatches};
use rule_runtime::Ruleset;
use rule_runtime::engine::Engine;
use rule_runtime::pipeline::Input;
use rule_runtime::source::Origin;
use std::io::{self, IsTerminal};
use std::path::Path;

/// The positional arguments, for every command that reads events.
pub(crate) fn argument() -> Arg {
    Arg::new("input")
        .value_name("PATH|TABLE=PATH|-")
        .action(ArgAction::Append)
        .help(
            "Files of JSON records, plain, gzip or zstd; directories, quoted patterns; - is standard input; TABLE= says \
             which table the records are of, else each record is recognised",
        )
        .long_help(
            "Files of JSON records, plain, gzip or zstd: lines, arrays, envelopes, pretty-printed (--framing). A directory \
             stands for the files in it and below, in the order of their names, that end in .json, .jsonl, .ndjson, .log or \
             .txt, with or without .gz or .zst or a number after it; hidden ones are left out. In a pattern, which may be \
             quoted, * and ? stand for any characters but /, ** for any directories. - is standard input. TABLE= before a \
             path says which table its records are of; else each record is recognised.",
        )
}

/// The inputs named, each of which can be opened as far as can be told without reading it.
pub(crate) fn inputs(
    ruleset: &Ruleset,
    engine: &Engine,
    matches: &ArgMatches,
) -> Result<Vec<Input>, Failure> {
    let arguments = matches.get_many::<String>("input").into_iter().flatten();
    let is_event = |argument: &&String| {
        let table = table_and_file(argument).map(|(table, _)| table);
        table.is_none_or(|table| engine.table(table).is_some() || !static_tables::is_one(ruleset, table))
    };
    let named: Vec<&String> = arguments.filter(is_event).collect();
    if named.is_empty() {
        if io::stdin().is_terminal() {
            let message = "nothing to read; name a file, or - for standard input";
            return Err(Failure::Usage(message.to_owned()));
        }
        return Ok(vec![Input { origin: Origin::Stdin, table: None, is_history: false }]);
    }
    let follows = matches.get_flag("follow");
    let mut inputs = Vec::new();
    for argument in named {
        inputs.extend(named_by(ruleset, engine, argument, follows)?);
    }
    if follows {
        inputs.iter_mut().for_each(|input| input.origin = followed(&input.origin));
    }
    Ok(inputs)
}

/// The argument `--history`.
pub(crate) fn history_argument() -> Arg {
    Arg::new("history")
        .long("history")
        .value_name("PATH|TABLE=PATH")
        .action(ArgAction::Append)
        .help("Past events, read first into what rules remember, without alerts; may be given several times")
        .long_help(
            "Past events, read before the others into what rules remember, so that a rule that looks back 14 days is \
             right from its first minute. They make no alerts; what they would have alerted is not alerted again, and \
             neither is what they alone give at the first tick after their last event. Ticks up to that event are over: \
             an event of an input that is not later is late for them. May be given several times; name each event in \
             one place only, in the history or in the input.",
        )
}

/// The inputs that `--history` names.
pub(crate) fn history(
    ruleset: &Ruleset,
    engine: &Engine,
    matches: &ArgMatches,
) -> Result<Vec<Input>, Failure> {
    let arguments = matches.get_many::<String>("history").into_iter().flatten();
    let mut history = Vec::new();
    for argument in arguments {
        for input in named_by(ruleset, engine, argument, false)? {
            if input.origin == Origin::Stdin {
                return Err(Failure::Usage(
                    "--history reads files; standard input is read after it".to_owned(),
                ));
            }
            history.push(Input { is_history: true, ..input });
        }
    }
    Ok(history)
}

/// The argument `--follow`.
pub(crate) fn follow_argument() -> Arg {
    Arg::new("follow")
        .long("follow")
        .action(ArgAction::SetTrue)
        .help("Wait for more at the end of files, and read on when they are rotated, as tail -F does")
        .long_help(
            "Wait for more at the end of files, as tail -F does: what is appended is read as it comes, a line once its \
             newline is there. When another file takes the name, or the file is truncated, what is left of the first is \
             read and then the new one from its beginning. A file that is not there yet is waited for. Directories and \
             patterns stand for what is there at the start; compressed files are read once. The run ends when it is \
             stopped (SIGINT, SIGTERM).",
        )
}

fn followed(origin: &Origin) -> Origin {
    match origin {
        Origin::File(path) => Origin::Followed(path.clone()),
        other => other.clone(),
    }
}

/// The inputs that an argument names; with `may_come`, files that are not there yet among them.
fn named_by(
    ruleset: &Ruleset,
    engine: &Engine,
    argument: &str,
    may_come: bool,
) -> Result<Vec<Input>, Failure> {
    let (table, path) = match table_and_file(argument) {
        None => (None, argument),
        Some((table, path)) => {
            let position = engine.table(table).ok_or_else(|| unknown_table(ruleset, engine, table))?;
            (Some(position), path)
        }
    };
    // Opened later, one after the other: a pipe could not be opened twice, and there may be many.
    let origins = paths::origins(path, may_come)?;
    Ok(origins.into_iter().map(|origin| Input { origin, table, is_history: false }).collect())
}

/// `TABLE=FILE` in its parts; a file that has such a name itself is a file.
pub(crate) fn table_and_file(argument: &str) -> Option<(&str, &str)> {
    let (table, file) = argument.split_once('=')?;
    let is_name = !table.is_empty() && table.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && !Path::new(argument).exists()).then_some((table, file))
}

fn unknown_table(ruleset: &Ruleset, engine: &Engine, table: &str) -> Failure {
    let mut tables: Vec<&str> = engine.tables().iter().map(|schema| schema.name.as_ref()).collect();
    tables.extend(static_tables::names(ruleset));
    let hint = suggestion(table, tables.iter().copied());
    Failure::Usage(format!("no table is called {table}{hint} (known: {})", tables.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_stands_before_an_equals_sign() {
        for (argument, parts) in [
            ("AuditLogs=x.json", Some(("AuditLogs", "x.json"))),
            ("AuditLogs=-", Some(("AuditLogs", "-"))),
            ("AuditLogs=a=b", Some(("AuditLogs", "a=b"))),
            ("x.json", None),
            ("./a=b", None),
            ("=b", None),
        ] {
            assert_eq!(table_and_file(argument), parts, "{argument}");
        }
    }
}
