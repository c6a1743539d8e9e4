//! Why a command did not do its work, and the exit status that says so.

use crate::program;
use rule_runtime::checkpoint::directory::Unusable;
use rule_runtime::disk::said;
use std::fmt::Display;
use std::io;
use std::process::ExitCode;

/// Exit status of wrong usage and of input that cannot be read.
pub(crate) const USAGE: u8 = 2;

/// Why a command stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Arguments that mean nothing, or input that cannot be opened: a sentence without a full stop, and what to do.
    Usage(String),
    /// Output that cannot be written.
    Output(io::Error),
}

impl Failure {
    /// Input that cannot be opened.
    pub(crate) fn open(name: impl Display, error: &io::Error) -> Failure {
        Failure::Usage(format!("cannot open {name}: {}", said(error)))
    }

    /// A file that cannot be written.
    pub(crate) fn write(name: impl Display, error: &io::Error) -> Failure {
        Failure::Output(io::Error::new(error.kind(), format!("{name}: {}", said(error))))
    }

    /// Says what went wrong, and gives the exit status. Whoever closed the pipe has read enough and is told nothing.
    pub(crate) fn report(&self) -> ExitCode {
        match self {
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            // An error of the system that no file gave its name is that of standard output.
            Failure::Output(error) if error.raw_os_error().is_some() => {
                eprintln!("error: cannot write to standard output: {}", said(error));
            }
            Failure::Output(error) => eprintln!("error: cannot write: {error}"),
            Failure::Usage(message) => eprintln!("error: {}", program::named(message)),
        }
        ExitCode::from(USAGE)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.downcast::<Unusable>() {
            Ok(state) => Failure::Usage(state.to_string()),
            Err(error) => Failure::Output(error),
        }
    }
}
