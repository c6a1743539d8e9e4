//! Standard output as the destination: at once, or with `--state` held back until it is committed.

use super::{Destination, Mark};
use crate::checkpoint::commit_file::{Reader, Writer};
use crate::disk::{StandardOutput, remove};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes at once what `W` can take; nothing can be taken back.
#[derive(Debug)]
pub struct Direct<W: Write = StandardOutput>(BufWriter<W>);

/// Holds output back until the commit that remembers it is safe, then lets it out and notes that beside the commits.
///
/// A crash between letting out and noting has it let out again: at least once, and never what is not committed. A file
/// could be cut back instead; a pipe cannot.
#[derive(Debug)]
pub struct Outbox<W: Write = StandardOutput> {
    out: W,
    /// Where is noted how much was let out, ever.
    note: PathBuf,
    /// How much was let out before `held`.
    before: u64,
    held: Vec<u8>,
}

/// Held back at the most before a commit is asked for.
const MOST: usize = 1 << 20;

impl<W: Write> Direct<W> {
    /// Writes to `out` with a buffer.
    pub fn new(out: W) -> Direct<W> {
        Direct(BufWriter::new(out))
    }
}

impl Default for Direct {
    fn default() -> Direct {
        Direct::new(StandardOutput::default())
    }
}

impl<W: Write> Write for Direct<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<W: Write> Destination for Direct<W> {
    fn prepare(&mut self) -> io::Result<Mark> {
        self.flush().map(|()| Mark::default())
    }

    fn committed(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn restore(&mut self, _mark: &Mark) -> io::Result<Option<String>> {
        Ok(None)
    }
}

impl<W: Write> Outbox<W> {
    /// Lets out to `out`, and notes it in the state directory.
    pub fn new(out: W, state: &Path) -> Outbox<W> {
        Outbox { out, note: state.join("delivered"), before: 0, held: Vec::new() }
    }

    /// How much was let out, ever, as far as is noted.
    fn noted(&self) -> Option<u64> {
        Reader::open(&self.note).and_then(|mut reader| reader.take()).ok()
    }

    fn let_out(&mut self) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        self.out.write_all(&self.held)?;
        self.out.flush()?;
        self.before += self.held.len() as u64;
        self.held.clear();
        let mut note = Writer::new(&self.note)?;
        note.put(&self.before)?;
        note.finish()
    }
}

impl<W: Write> Write for Outbox<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Destination for Outbox<W> {
    fn prepare(&mut self) -> io::Result<Mark> {
        Mark::of(&(self.before, &self.held))
    }

    fn committed(&mut self) -> io::Result<()> {
        self.let_out()
    }

    fn restore(&mut self, mark: &Mark) -> io::Result<Option<String>> {
        if mark.is_beginning() {
            return remove(&self.note).map(|()| None);
        }
        let (before, held): (u64, Vec<u8>) = mark.read()?;
        let whole = before + held.len() as u64;
        if self.noted().is_some_and(|noted| noted >= whole) {
            self.before = whole;
            return Ok(None);
        }
        (self.before, self.held) = (before, held);
        let bytes = self.held.len();
        self.let_out()?;
        let notice = "bytes of alerts that were not known to be written are written now, perhaps again";
        Ok((bytes > 0).then(|| format!("{bytes} {notice}")))
    }

    fn wants_commit(&self, idle: bool) -> bool {
        self.held.len() >= if idle { 1 } else { MOST }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_let_out_that_is_not_committed() {
        let state = std::env::temp_dir().join(format!("outbox-{}", std::process::id()));
        std::fs::create_dir_all(&state).unwrap();
        let mut outbox = Outbox::new(Vec::new(), &state);
        outbox.write_all(b"one\n").unwrap();
        outbox.flush().unwrap();
        let mark = outbox.prepare().unwrap();
        assert_eq!((&outbox.out[..], outbox.wants_commit(true)), (&b""[..], true));

        // The crash comes before it is let out, then after.
        let mut again = Outbox::new(Vec::new(), &state);
        assert!(again.restore(&mark).unwrap().is_some());
        assert_eq!(again.out, b"one\n");
        let mut again = Outbox::new(Vec::new(), &state);
        assert_eq!(again.restore(&mark).unwrap(), None);
        again.write_all(b"two\n").unwrap();
        again.prepare().unwrap();
        again.committed().unwrap();
        assert_eq!(again.out, b"two\n");
        std::fs::remove_dir_all(state).unwrap();
    }
}
