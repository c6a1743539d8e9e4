//! The command line over any rule set.
//!
//! A crate of rules makes its own detector with this as its `main.rs`:
//!
//! ```no_run
//! # mod my_rules { pub static RULES: rule_runtime::Ruleset = rule_runtime::Ruleset { rules: &[], schemas: &[] }; }
//! fn main() -> std::process::ExitCode {
//!     detector::main(&my_rules::RULES)
//! }
//! ```
//!
//! ```text
//! arguments ─commands──> a command: one file each, with its arguments, help and what it does
//!                        └─ selection: which rules; inputs: which files; terminal: how to write
//! ```
#![forbid(unsafe_code)]

mod bounds;
mod commands;
mod csv;
#[cfg(feature = "queries")]
mod diagnostics;
mod explanation;
mod failure;
#[cfg(feature = "queries")]
mod file_tables;
mod inputs;
#[cfg(feature = "queries")]
mod known_tables;
mod layout;
mod nearest;
mod progress;
#[cfg(feature = "queries")]
mod result_table;
mod selection;
mod static_tables;
mod table_file;
mod terminal;
#[cfg(feature = "queries")]
mod verdicts;

use rule_runtime::Ruleset;
use std::process::ExitCode;

/// Runs the command that the process's arguments name, over these rules.
pub fn main(rules: &'static Ruleset) -> ExitCode {
    let outcome = match commands::parser().try_get_matches() {
        Ok(matches) => commands::run(rules, &matches),
        Err(error) => {
            // Nothing is left to do when even the message cannot be written.
            let _unwritable = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(failure::USAGE));
        }
    };
    outcome.unwrap_or_else(|failure| failure.report())
}
