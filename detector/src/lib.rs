//! The command line over any rule set.
//!
//! A crate of rules makes its own detector with this as its `main.rs`:
//!
//! ```no_run
//! # mod my_rules { pub static RULES: rule_runtime::Ruleset = rule_runtime::Ruleset { rules: &[], schemas: &[] }; }
//! fn main() -> std::process::ExitCode {
//!     detector::program!().main(&my_rules::RULES)
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
mod engine_source;
mod explanation;
mod failure;
#[cfg(feature = "queries")]
mod file_tables;
mod geo_database;
mod inputs;
mod junit;
#[cfg(feature = "queries")]
mod known_tables;
mod layout;
mod nearest;
mod new_crate;
mod outputs;
mod paths;
mod program;
mod progress;
mod reading;
#[cfg(feature = "queries")]
mod result_table;
mod selection;
mod signals;
mod state;
mod static_tables;
mod table_file;
mod terminal;
mod test_report;
#[cfg(feature = "queries")]
mod verdicts;

pub use program::Program;

use rule_runtime::Ruleset;
use std::process::ExitCode;

/// Runs the command that the process's arguments name, over these rules; the program is called as its file is.
pub fn main(rules: &'static Ruleset) -> ExitCode {
    Program::of_arguments().main(rules)
}
