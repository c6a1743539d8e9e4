//! The commands. Each is a file with its arguments, its help and what it does, and a line in [`COMMANDS`].

#[cfg(feature = "queries")]
mod check;
mod completions;
#[cfg(feature = "shipped")]
mod demo;
mod explain;
mod new;
#[cfg(feature = "queries")]
mod query;
mod rules;
mod run;
mod test;

use crate::failure::{self, Failure};
use crate::program;
use clap::builder::StyledStr;
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
    #[cfg(feature = "shipped")]
    Command { parser: demo::parser, run: demo::run },
    Command { parser: run::parser, run: run::run },
    Command { parser: rules::parser, run: rules::run },
    Command { parser: explain::parser, run: explain::run },
    Command { parser: test::parser, run: test::run },
    Command { parser: new::parser, run: new::run },
    #[cfg(feature = "queries")]
    Command { parser: query::parser, run: query::run },
    #[cfg(feature = "queries")]
    Command { parser: check::parser, run: check::run },
    Command { parser: completions::parser, run: completions::run },
];

const EXAMPLES: &str = "\
Examples:
  detector run audit.ndjson.gz
      The rules over a file.
  detector explain Intune.NewDeviceManagementScript
      What a rule does.
  detector explain Intune.NewDeviceManagementScript event.json
      Why an event alerts or does not.

`detector COMMAND --help` has examples for each command.";

/// What only the shipped rules have a sample for.
const SHIPPED_EXAMPLES: &str = "\
Examples:
  detector demo
      The rules over sample events: the place to begin.
";

/// Reads the process's arguments and runs the command that they name.
pub(crate) fn main(rules: &'static Ruleset) -> ExitCode {
    let outcome = match parser().try_get_matches() {
        Ok(matches) => run(rules, &matches),
        Err(error) => {
            // Nothing is left to do when even the message cannot be written.
            let _unwritable = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(failure::USAGE));
        }
    };
    outcome.unwrap_or_else(|failure| failure.report())
}

/// The names of all commands.
pub(crate) fn names() -> Vec<String> {
    COMMANDS.iter().map(|command| (command.parser)().get_name().to_owned()).collect()
}

/// The whole command line, as the running program is called.
pub(crate) fn parser() -> Parser {
    let examples = if cfg!(feature = "shipped") {
        EXAMPLES.replacen("Examples:\n", SHIPPED_EXAMPLES, 1)
    } else {
        EXAMPLES.to_owned()
    };
    Parser::new(program::name())
        .about("Finds what compiled-in detection rules look for in JSON audit logs")
        .after_help(program::named(&examples))
        .version(program::version())
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(COMMANDS.iter().map(|command| named((command.parser)())))
}

/// A command whose help calls the program by its name.
fn named(parser: Parser) -> Parser {
    let own = |text: &StyledStr| StyledStr::from(program::named(&text.to_string()));
    let examples = parser.get_after_help().map(own);
    let parser = parser.mut_args(|arg| {
        let (short, long) = (arg.get_help().map(own), arg.get_long_help().map(own));
        let arg = if let Some(help) = short { arg.help(help) } else { arg };
        if let Some(help) = long { arg.long_help(help) } else { arg }
    });
    parser.after_help(examples.unwrap_or_default())
}

/// Runs the command that was asked for.
fn run(rules: &'static Ruleset, matches: &ArgMatches) -> Result<ExitCode, Failure> {
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
