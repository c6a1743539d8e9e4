//! Which files are read: the arguments `FILE`, `TABLE=FILE` and `-`.

use crate::failure::Failure;
use crate::nearest::suggestion;
use clap::{Arg, ArgAction, ArgMatches};
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
pub(crate) fn inputs(engine: &Engine, matches: &ArgMatches) -> Result<Vec<Input>, Failure> {
    let named: Vec<&String> = matches.get_many("input").into_iter().flatten().collect();
    if named.is_empty() {
        if io::stdin().is_terminal() {
            let message = "nothing to read; name a file, or - for standard input";
            return Err(Failure::Usage(message.to_owned()));
        }
        return Ok(vec![Input { origin: Origin::Stdin, table: None }]);
    }
    named.into_iter().map(|argument| input(engine, argument)).collect()
}

fn input(engine: &Engine, argument: &str) -> Result<Input, Failure> {
    let input = match table_and_file(argument) {
        None => Input { origin: Origin::of(argument), table: None },
        Some((table, file)) => {
            let position = engine.table(table).ok_or_else(|| unknown_table(engine, table))?;
            Input { origin: Origin::of(file), table: Some(position) }
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
fn table_and_file(argument: &str) -> Option<(&str, &str)> {
    let (table, file) = argument.split_once('=')?;
    let is_name = !table.is_empty() && table.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && !Path::new(argument).exists()).then_some((table, file))
}

fn unknown_table(engine: &Engine, table: &str) -> Failure {
    let hint = suggestion(table, engine.tables().iter().map(|schema| schema.name.as_ref()));
    let tables: Vec<&str> = engine.tables().iter().map(|schema| schema.name.as_ref()).collect();
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
