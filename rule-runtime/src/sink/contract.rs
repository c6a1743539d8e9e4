//! Tests of the [contract](super) that any sink can run: a sink of another crate calls [`check`] in a test of its own.

use super::Sink;
use crate::alert::Alert;
use std::io::{self, Write};

/// A sink on the bench.
#[derive(Clone, Copy)]
pub struct Bench<'a> {
    /// Opens the sink over what is there of its output, as a process does that was started again.
    pub open: &'a dyn Fn() -> io::Result<Box<dyn Sink>>,
    /// What a reader of the output sees at this moment.
    pub output: &'a dyn Fn() -> Vec<u8>,
    /// Makes the output empty.
    pub clear: &'a dyn Fn(),
}

/// A writer that makes trouble: it takes little at a time, is interrupted, and fails for good after some bytes.
#[derive(Clone, Debug)]
pub struct Troubled<W> {
    /// Where the bytes go.
    pub inner: W,
    /// Bytes taken at the most in one write.
    pub most: usize,
    /// Bytes after which every write fails; `None` never.
    pub room: Option<usize>,
    /// What it then fails with.
    pub error: io::ErrorKind,
    interrupted: bool,
}

impl<W: Write> Troubled<W> {
    /// Takes at most `most` bytes in a write, interrupts every other one, and fails with `error` once `room` is full.
    pub fn new(inner: W, most: usize, room: Option<usize>, error: io::ErrorKind) -> Troubled<W> {
        Troubled { inner, most, room, error, interrupted: false }
    }
}

impl<W: Write> Write for Troubled<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = bytes.len().min(self.most).min(self.room.unwrap_or(usize::MAX));
        if most == 0 && !bytes.is_empty() {
            return Err(self.error.into());
        }
        let written = self.inner.write(bytes.get(..most).unwrap_or(bytes))?;
        self.room = self.room.map(|room| room - written);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Runs the contract over a sink; `alerts` are at least three that are told apart. The error says which point fails.
pub fn check(bench: Bench<'_>, alerts: &[Alert]) -> Result<(), String> {
    let undisturbed = run(bench, alerts).map_err(|error| format!("an undisturbed run fails: {error}"))?;
    for crash in 0..=alerts.len() {
        for commit in 0..=crash {
            for is_committed in [false, true] {
                let found = restarted(bench, alerts, commit, crash, is_committed);
                let found = found.map_err(|error| format!("a restart fails: {error}"))?;
                if found != undisturbed {
                    return Err(format!(
                        "with a commit after {commit} alerts and a crash after {crash} (committed() called: \
                         {is_committed}) the output is\n{}instead of\n{}",
                        String::from_utf8_lossy(&found),
                        String::from_utf8_lossy(&undisturbed)
                    ));
                }
            }
        }
    }
    Ok(())
}

/// What all alerts give, committed once at the end.
fn run(bench: Bench<'_>, alerts: &[Alert]) -> io::Result<Vec<u8>> {
    (bench.clear)();
    let mut sink = (bench.open)()?;
    alerts.iter().try_for_each(|alert| sink.alert(alert))?;
    sink.prepare()?;
    sink.committed()?;
    Ok((bench.output)())
}

/// The same with a commit and a later crash, after which a sink that is opened anew is given what came since the commit.
fn restarted(
    bench: Bench<'_>,
    alerts: &[Alert],
    commit: usize,
    crash: usize,
    is_committed: bool,
) -> io::Result<Vec<u8>> {
    (bench.clear)();
    let mut sink = (bench.open)()?;
    alerts.iter().take(commit).try_for_each(|alert| sink.alert(alert))?;
    let mark = sink.prepare()?;
    // A crash between the commit and this call: there is nothing later to take back then.
    if is_committed {
        sink.committed()?;
        alerts.iter().take(crash).skip(commit).try_for_each(|alert| sink.alert(alert))?;
        sink.flush()?;
    }
    drop(sink);
    let mut sink = (bench.open)()?;
    sink.restore(&mark)?;
    alerts.iter().skip(commit).try_for_each(|alert| sink.alert(alert))?;
    sink.prepare()?;
    sink.committed()?;
    Ok((bench.output)())
}

impl std::fmt::Debug for Bench<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bench").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::Style;
    use super::super::{Destination, Direct, FileDestination, NdjsonSink, Outbox, TableSink};
    use super::*;
    use crate::alert::{Evidence, Position};
    use crate::samples::{anything, metadata};
    use rule_model::Value;
    use std::fs;
    use std::path::PathBuf;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn alerts() -> Vec<Alert> {
        let rule = anything(metadata("R"));
        let alert = |offset: u64| {
            let row = vec![Value::Null, Value::EMPTY, Value::from(format!("operation {offset}"))];
            let position = Position { source: "f".into(), offset };
            Alert::new(rule, row, 0, None, "AuditLogs", Evidence::of(position))
        };
        (0..4).map(alert).collect()
    }

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("contract-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn sinks(destination: Box<dyn Destination>, as_table: bool) -> Box<dyn Sink> {
        let style = Style { width: None, colour: false };
        if as_table {
            Box::new(TableSink::new(destination, style))
        } else {
            Box::new(NdjsonSink::new(destination))
        }
    }

    #[test]
    fn a_file_keeps_the_contract() {
        let path = directory("file").join("out");
        for as_table in [false, true] {
            let open = || Ok(sinks(Box::new(FileDestination::open(&path)?), as_table));
            let bench = Bench {
                open: &open,
                output: &|| fs::read(&path).unwrap(),
                clear: &|| fs::write(&path, "").unwrap(),
            };
            assert_eq!(check(bench, &alerts()), Ok(()));
        }
    }

    #[test]
    fn standard_output_keeps_the_contract() {
        let state = directory("outbox");
        let out = Shared::default();
        // However little it takes at a time.
        let open = || {
            let slow = Troubled::new(out.clone(), 3, None, io::ErrorKind::Other);
            Ok(sinks(Box::new(Outbox::new(slow, &state)), false))
        };
        let bench = Bench {
            open: &open,
            output: &|| out.0.lock().unwrap().clone(),
            clear: &|| {
                out.0.lock().unwrap().clear();
                let _absent = fs::remove_file(state.join("delivered"));
            },
        };
        assert_eq!(check(bench, &alerts()), Ok(()));
    }

    #[test]
    fn a_sink_that_forgets_or_repeats_does_not_pass() {
        let out = Shared::default();
        let open = || Ok(sinks(Box::new(Direct::new(out.clone())), false));
        let bench = Bench {
            open: &open,
            output: &|| out.0.lock().unwrap().clone(),
            clear: &|| out.0.lock().unwrap().clear(),
        };
        assert!(check(bench, &alerts()).is_err());
    }

    #[test]
    fn wherever_a_write_fails_the_error_comes_out_and_what_is_written_is_a_prefix() {
        let alerts = alerts();
        let written = |room: Option<usize>, most: usize| {
            let out = Shared::default();
            let troubled = Troubled::new(out.clone(), most, room, io::ErrorKind::StorageFull);
            let mut sink = NdjsonSink::new(Direct::new(troubled));
            let taken = alerts.iter().try_for_each(|alert| sink.alert(alert));
            let outcome = taken.and_then(|()| sink.prepare().map(drop));
            drop(sink);
            let written = out.0.lock().unwrap().clone();
            (outcome.map_err(|error| error.kind()), written)
        };
        let (outcome, whole) = written(None, usize::MAX);
        assert_eq!(outcome, Ok(()));
        for most in [1, 7, usize::MAX] {
            assert_eq!(written(None, most), (Ok(()), whole.clone()));
            for room in 0..whole.len() {
                let (outcome, written) = written(Some(room), most);
                assert_eq!(outcome, Err(io::ErrorKind::StorageFull), "after {room} bytes");
                assert_eq!(written, whole[..room]);
            }
        }
    }
}
