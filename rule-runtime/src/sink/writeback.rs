//! Puts on the disk what a file was given, while more is written to it.
//!
//! The system keeps what is written in memory for many seconds: a run that then makes sure of all of it would stand still at
//! its end, or at a commit, for as long as the disk needs for it.

use std::fs::File;
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Bytes written after which the disk is given what there is.
const STRIDE: u64 = 1 << 20;

/// A thread that syncs a file now and then. It ends with this.
#[derive(Debug)]
pub(super) struct Writeback {
    asked: SyncSender<()>,
    /// Held while the file is synced. The system tells an error once, to whoever syncs first: it is kept for
    /// [`Writeback::finish`].
    outcome: Arc<Mutex<io::Result<()>>>,
    /// Length of the file at which the disk is next given what there is.
    next: u64,
}

impl Writeback {
    /// Of a file with this many bytes.
    pub(super) fn new(file: &File, length: u64) -> io::Result<Writeback> {
        let file = file.try_clone()?;
        let outcome = Arc::new(Mutex::new(Ok(())));
        let (asked, asks) = sync_channel(1);
        let kept = Arc::clone(&outcome);
        thread::Builder::new().spawn(move || {
            for () in asks {
                let mut outcome = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if outcome.is_ok() {
                    *outcome = file.sync_data();
                }
            }
        })?;
        Ok(Writeback { asked, outcome, next: length + STRIDE })
    }

    /// The file has grown to this length.
    pub(super) fn grown(&mut self, length: u64) {
        if length >= self.next {
            self.next = length + STRIDE;
            // One that waits already will sync this, too.
            let _ = self.asked.try_send(());
        }
    }

    /// Waits for what is under way; the error that came of it, if there was one.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut outcome, Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_is_synced_as_it_grows_and_an_error_is_told_once() {
        let path = std::env::temp_dir().join(format!("writeback-{}", std::process::id()));
        let mut file = File::create(&path).unwrap();
        let mut writeback = Writeback::new(&file, 0).unwrap();
        file.write_all(&vec![b'x'; 3 << 20]).unwrap();
        writeback.grown(3 << 20);
        writeback.finish().unwrap();
        *writeback.outcome.lock().unwrap() = Err(io::Error::other("the disk is gone"));
        writeback.grown(5 << 20);
        assert_eq!(writeback.finish().unwrap_err().to_string(), "the disk is gone");
        writeback.finish().unwrap();
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_cannot_be_synced_is_an_error() {
        let (_reader, writer) = io::pipe().unwrap();
        let mut writeback = Writeback::new(&File::from(std::os::fd::OwnedFd::from(writer)), 0).unwrap();
        writeback.asked.send(()).unwrap();
        // Taken only once the first was: its outcome is there, or about to be.
        writeback.asked.send(()).unwrap();
        writeback.asked.send(()).unwrap();
        assert_eq!(writeback.finish().unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
