//! `detector new`: a crate of rules that builds a detector of its own.
//!
//! ```text
//! NAME, --engine ──checked──> Crate ──templates, placeholders replaced──> files of a new folder
//! ```

use crate::engine_source::EngineSource;
use crate::failure::Failure;
use crate::{new_crate, program};
use clap::{Arg, ArgMatches, Command};
use new_crate::NewCrate;
use rule_runtime::Ruleset;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  detector new my-rules
      Within a checkout of the engine, or where the program was built in one: it is found.
  detector new my-rules --engine https://git.example.com/detector.git
      The engine from a git repository.
  detector new my-rules --path work/rules --engine ../detector
      In another folder, with the engine's checkout.

The crate has one rule with its tests, a table of its own, sample events, a CI file and a README. `cargo run -- run
events/sample.ndjson` in it shows an alert. The engine is on no registry, so it is a checkout or a git repository.

Exit status: 0 done; 2 the folder is not empty, the name is none for a crate, or the engine is not found.";

/// The arguments and help.
pub(crate) fn parser() -> Command {
    Command::new("new")
        .about("Write a crate of rules that builds a detector of its own")
        .after_help(EXAMPLES)
        .arg(Arg::new("name").value_name("NAME").required(true).help("The crate's name, and its program's"))
        .arg(Arg::new("path").long("path").value_name("FOLDER").help("Where to [default: the name]"))
        .arg(
            Arg::new("engine")
                .long("engine")
                .value_name("PATH|GIT-URL")
                .help("The engine: its checkout, or its git repository [default: the checkout around]"),
        )
}

/// Writes the crate.
pub(crate) fn run(_rules: &'static Ruleset, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let text = |name| matches.get_one::<String>(name).map(String::as_str);
    let name = text("name").unwrap_or_default();
    let folder = PathBuf::from(text("path").unwrap_or(name));
    let engine = match text("engine") {
        Some(argument) => EngineSource::named(argument)?,
        None => EngineSource::around()?,
    };
    let files = NewCrate::new(name, engine)?.write(&folder)?;
    let mut out = stdout().lock();
    for file in files {
        writeln!(out, "  {}", folder.join(file).display())?;
    }
    writeln!(
        out,
        "\nNext:\n  cd {}\n  cargo run -- run events/sample.ndjson   # one alert\n  cargo test                              # \
         the rule's tests\n\n`{} explain RULE event.json` says why an event alerts or does not.",
        folder.display(),
        program::name()
    )?;
    Ok(ExitCode::SUCCESS)
}
