//! Which files are read: the arguments `FILE`, `TABLE=FILE` and `-`.

use crate::failure::Failure;
use crate::nearest::suggestion;
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
    Arg::new("input").value_name("FILE|TABLE=FILE|-").action(ArgAction::Append).help(
        "Files of newline-delimited JSON, plain, gzip or zstd; - is standard input; TABLE= says which table \
         the records are of, else each record is recognised",
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
    named.into_iter().map(|argument| input(ruleset, engine, argument)).collect()
}

/// The argument `--history`.
pub(crate) fn history_argument() -> Arg {
    Arg::new("history")
        .long("history")
        .value_name("FILE|TABLE=FILE")
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

/// The files of `--history`.
pub(crate) fn history(
    ruleset: &Ruleset,
    engine: &Engine,
    matches: &ArgMatches,
) -> Result<Vec<Input>, Failure> {
    let arguments = matches.get_many::<String>("history").into_iter().flatten();
    let of_history = |argument: &String| {
        let input = input(ruleset, engine, argument)?;
        if input.origin == Origin::Stdin {
            return Err(Failure::Usage("--history reads files; standard input is read after it".to_owned()));
        }
        Ok(Input { is_history: true, ..input })
    };
    arguments.map(of_history).collect()
}

fn input(ruleset: &Ruleset, engine: &Engine, argument: &str) -> Result<Input, Failure> {
    let input = match table_and_file(argument) {
        None => Input { origin: Origin::of(argument), table: None, is_history: false },
        Some((table, file)) => {
            let position = engine.table(table).ok_or_else(|| unknown_table(ruleset, engine, table))?;
            Input { origin: Origin::of(file), table: Some(position), is_history: false }
        }
    };
    // Opened later, one after the other: a pipe could not be opened twice, and there may be many.
    if let Origin::File(path) = &input.origin {
        let metadata = path.metadata().map_err(|error| Failure::open(path.display(), &error))?;
        if metadata.is_dir() {
            let message = format!("{} is a directory; name the files in it", path.display());
            return Err(Failure::Usage(message));
        }
    }
    Ok(input)
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
