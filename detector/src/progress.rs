//! A progress bar on standard error, for inputs that take a while.

use rule_runtime::source::Progress;
use std::io::{IsTerminal, Write, stderr};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A bar that is drawn until it is dropped.
#[derive(Debug)]
pub(crate) struct Bar {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Shorter runs show no bar.
const PATIENCE: Duration = Duration::from_secs(1);
const INTERVAL: Duration = Duration::from_millis(200);
const WIDTH: u64 = 30;

impl Bar {
    /// Draws `progress` towards `total` bytes, if standard error is a terminal.
    pub(crate) fn start(progress: &Progress, total: u64) -> Bar {
        if !stderr().is_terminal() || total == 0 {
            return Bar { stop: None, thread: None };
        }
        let (stop, stopped) = channel();
        let progress = progress.clone();
        let started = Instant::now();
        let thread = std::thread::spawn(move || {
            let mut wait = PATIENCE;
            let mut drawn = false;
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                draw(&line(progress.bytes(), total, started.elapsed()));
                (wait, drawn) = (INTERVAL, true);
            }
            if drawn {
                draw("");
            }
        });
        Bar { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A bar that panicked is no reason to fail a run.
            let _panicked = thread.join();
        }
    }
}

/// Replaces the line that the cursor stands on.
fn draw(text: &str) {
    // A bar that cannot be written is left out.
    let _unwritable = write!(stderr().lock(), "\r\x1b[K{text}");
}

fn line(bytes: u64, total: u64, elapsed: Duration) -> String {
    let done = bytes.min(total);
    let filled = (done * WIDTH / total.max(1)) as usize;
    let percent = done * 100 / total.max(1);
    let rate = bytes as f64 / 1e6 / elapsed.as_secs_f64().max(0.001);
    format!("[{:<width$}] {percent:>3} %  {rate:.0} MB/s", "=".repeat(filled), width = WIDTH as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_fills_as_bytes_are_read() {
        let second = Duration::from_secs(1);
        assert_eq!(line(0, 10, second), "[                              ]   0 %  0 MB/s");
        assert_eq!(line(5_000_000, 10_000_000, second), "[===============               ]  50 %  5 MB/s");
        assert!(line(11, 10, second).contains("100 %"));
    }
}
