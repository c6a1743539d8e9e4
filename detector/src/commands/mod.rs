//! The commands. Each is a file with its arguments, its help and what it does, and a line in [`COMMANDS`].

#[cfg(feature = "queries")]
mod check;
mod completions;
mod demo;
mod explain;
#[cfg(feature = "queries")]
mod query;
mod rules;
mod run;

use crate::failure::Failure;
use clap::{ArgMatches, Command as Parser};
use rule_runtime::Ruleset;
use std::process::ExitCode;

/// A command of the command line.
struct Command {
    /// Its arguments and help; its name is what it is called by.
    parser: fn() -> Parser,
    /// What it does.
    run: fn(&'static Ruleset, &ArgMatches) -> Result<ExitCode, Failure>,
}

/// All commands, in the order of the help.
const COMMANDS: &[Command] = &[
    Command { parser: demo::parser, run: demo::run },
    Command { parser: run::parser, run: run::run },
    Command { parser: rules::parser, run: rules::run },
    Command { parser: explain::parser, run: explain::run },
    #[cfg(feature = "queries")]
    Command { parser: query::parser, run: query::run },
    #[cfg(feature = "queries")]
    Command { parser: check::parser, run: check::run },
    Command { parser: completions::parser, run: completions::run },
];

const EXAMPLES: &str = "\
Examples:
  detector demo
      The rules over sample events: the place to begin.
  detector run audit.ndjson.gz
      The rules over a file.
  detector explain Intune.NewDeviceManagementScript
      What a rule does.

`detector COMMAND --help` has examples for each command.";

/// The whole command line.
pub(crate) fn parser() -> Parser {
    Parser::new("detector")
        .about("Finds what compiled-in detection rules look for in JSON audit logs")
        .after_help(EXAMPLES)
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(COMMANDS.iter().map(|command| (command.parser)()))
}

/// Runs the command that was asked for.
pub(crate) fn run(rules: &'static Ruleset, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let Some((name, arguments)) = matches.subcommand() else {
        return Err(Failure::Usage("no command; --help lists them".to_owned()));
    };
    match COMMANDS.iter().find(|command| (command.parser)().get_name() == name) {
        Some(command) => (command.run)(rules, arguments),
        None => Err(Failure::Usage(format!("no command is called {name}; --help lists them"))),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::parser().debug_assert();
    }
}
