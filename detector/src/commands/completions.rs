//! `detector completions`: what a shell needs to complete the command line.

use crate::failure::Failure;
use crate::program;
use clap::builder::EnumValueParser;
use clap::{Arg, ArgMatches, Command};
use clap_complete::Shell;
use rule_runtime::Ruleset;
use std::io::{Write, stdout};
use std::process::ExitCode;

/// The arguments and help.
pub(crate) fn parser() -> Command {
    let name = program::name();
    let examples = format!(
        "Examples:\n  \
         {name} completions bash > ~/.local/share/bash-completion/completions/{name}\n  \
         {name} completions zsh > \"${{fpath[1]}}/_{name}\"\n  \
         {name} completions fish > ~/.config/fish/completions/{name}.fish"
    );
    Command::new("completions").about("Print completions for a shell").after_help(examples).arg(
        Arg::new("shell")
            .value_name("SHELL")
            .required(true)
            .value_parser(EnumValueParser::<Shell>::new())
            .help("The shell"),
    )
}

/// Prints the completions.
pub(crate) fn run(_rules: &'static Ruleset, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let Some(shell) = matches.get_one::<Shell>("shell") else {
        return Err(Failure::Usage("name a shell, as in: detector completions bash".to_owned()));
    };
    let mut parser = super::parser();
    let name = parser.get_name().to_owned();
    // Into memory first: the generator panics where it cannot write, as into a closed pipe.
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut parser, name, &mut script);
    stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
