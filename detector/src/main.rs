//! The shipped binary: the command line over the project's own rules.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    detector::program!().main(&rules::RULES)
}
