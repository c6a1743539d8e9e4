//! SIGINT and SIGTERM: the first has the run end where it stands, the second ends the process at once.

use rule_runtime::pipeline::Control;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Watches for signals.
#[derive(Debug)]
pub(crate) struct Signals {
    /// What the run looks at.
    pub(crate) control: Control,
    /// The signal that came; 0 is none.
    came: Arc<AtomicUsize>,
}

impl Signals {
    /// Watches from here on, for as long as the process lives.
    pub(crate) fn watch() -> io::Result<Signals> {
        let signals = Signals { control: Control::default(), came: Arc::default() };
        for signal in [SIGINT, SIGTERM] {
            // The order counts: at the first signal the flag that the first line looks at is not set yet.
            flag::register_conditional_shutdown(signal, code(signal).into(), signals.control.stop.flag())?;
            flag::register_usize(signal, Arc::clone(&signals.came), signal.unsigned_abs() as usize)?;
            flag::register(signal, signals.control.stop.flag())?;
        }
        Ok(signals)
    }

    /// The exit status of a run that a signal ended: what shells give a process that the signal kills.
    pub(crate) fn status(&self) -> Option<ExitCode> {
        let came = i32::try_from(self.came.load(Ordering::SeqCst)).ok().filter(|signal| *signal > 0)?;
        Some(ExitCode::from(code(came)))
    }
}

fn code(signal: i32) -> u8 {
    const KILLED: i32 = 128;
    (KILLED + signal) as u8
}
