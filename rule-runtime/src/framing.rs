//! Bytes to records, in chunks that are read into buffers used again.
//!
//! ```text
//! bytes ──read──> Batch { bytes, frames }      the unfinished record at its end goes to the front of the next batch
//! ```
//!
//! Offsets are of the decompressed bytes. How the bytes are cut into chunks never shows: a record is too long by its own
//! length alone.

mod ndjson;
mod overlong;

use ndjson::Lines;
use std::io::{self, Read};
use std::ops::Range;

/// How much is read at a time, and how long a record may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a chunk.
    pub chunk: usize,
    /// Bytes of a record, its line ending not counted.
    pub record: usize,
}

/// Some records of a source in their order.
#[derive(Debug, Default)]
pub struct Batch {
    /// The bytes that `frames` point into.
    pub bytes: Vec<u8>,
    /// Offset in the source of the first of `bytes`.
    pub offset: u64,
    /// The records.
    pub frames: Vec<Frame>,
    /// Bytes of the source that this batch took, line endings and empty lines included.
    pub taken: u64,
    /// Bytes that the last read gave.
    pub last_read: usize,
}

/// A record, or bytes that are too long to be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The bytes of a record, without what separates it from the next.
    Record(Range<usize>),
    /// A record over the limit.
    TooLong {
        /// Its offset in the source.
        offset: u64,
        /// Its length in bytes.
        length: u64,
        /// Its first bytes.
        beginning: Vec<u8>,
    },
}

/// Cuts a source into batches.
pub struct Framer<R> {
    reader: R,
    limits: Limits,
    lines: Lines,
    /// Offset in the source of the first of `rest`.
    offset: u64,
    /// The unfinished record that the last batch ended with.
    rest: Vec<u8>,
    at_end: bool,
    is_idle: bool,
}

const BOM: &[u8] = b"\xef\xbb\xbf";
/// A read that gives less than this means that the source is slower than those who work on its records.
const TRICKLE: usize = 8 * 1024;

impl Default for Limits {
    fn default() -> Limits {
        Limits { chunk: 256 * 1024, record: 16 * 1024 * 1024 }
    }
}

impl Batch {
    /// The bytes of a record.
    pub fn record(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    /// Whether the source is slower than those who work on its records: then what is under way is reported before more
    /// is read, so that alerts on a live stream do not wait for the next record.
    pub fn trickles(&self) -> bool {
        self.last_read < TRICKLE
    }

    /// Forgets the content, keeps the memory.
    fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
        self.taken = 0;
        self.last_read = 0;
    }
}

/// What a read came to.
enum Chunk {
    /// This many bytes.
    Bytes(usize),
    /// Nothing now, perhaps later.
    Nothing,
    /// A signal came.
    Interrupted,
    End,
}

impl<R: Read> Framer<R> {
    /// Cuts what `reader` gives.
    pub fn new(reader: R, limits: Limits) -> Framer<R> {
        Framer::at(0, reader, limits)
    }

    /// Cuts what `reader` gives, which begins at this offset of the source: at the beginning of a record.
    pub fn at(offset: u64, reader: R, limits: Limits) -> Framer<R> {
        let lines = Lines::default();
        Framer { reader, limits, lines, offset, rest: Vec::new(), at_end: false, is_idle: false }
    }

    /// Reads the next records into `batch`; false when there are no more. With an error comes what was left of the
    /// unfinished record, and nothing after it. The batch is empty when the source has nothing now but may have later
    /// ([`Framer::is_idle`]), and when a signal interrupted the reading.
    pub fn fill(&mut self, batch: &mut Batch) -> io::Result<bool> {
        batch.clear();
        self.is_idle = false;
        if self.at_end {
            return Ok(false);
        }
        batch.offset = self.offset;
        std::mem::swap(&mut batch.bytes, &mut self.rest);
        let (kept, outcome) = self.fill_until_record(batch);
        self.offset = batch.offset + kept as u64;
        self.rest.clear();
        self.rest.extend_from_slice(batch.bytes.get(kept..).unwrap_or_default());
        outcome.map(|()| true)
    }

    /// Whether the last [`Framer::fill`] found nothing new in a source that may still grow.
    pub fn is_idle(&self) -> bool {
        self.is_idle
    }

    /// Reads until there is a record or nothing more to be had; where the unfinished record begins. A chunk more is read
    /// only when the last one finished no record: a live stream's records do not wait for a full buffer.
    fn fill_until_record(&mut self, batch: &mut Batch) -> (usize, io::Result<()>) {
        loop {
            let chunk = self.read_chunk(&mut batch.bytes);
            self.at_end = matches!(chunk, Ok(Chunk::End) | Err(_));
            self.is_idle = matches!(chunk, Ok(Chunk::Nothing));
            let read = if let Ok(Chunk::Bytes(read)) = chunk { read } else { 0 };
            batch.taken += read as u64;
            batch.last_read = read;
            let kept = match self.start(batch) {
                Some(start) => self.lines.cut(batch, start, self.limits.record, self.at_end),
                None => 0,
            };
            if read == 0 || !batch.frames.is_empty() {
                return (kept, chunk.map(|_| ()));
            }
            batch.bytes.drain(..kept);
            batch.offset += kept as u64;
        }
    }

    /// Where the text begins: after a byte order mark. `None` as long as there may yet be one.
    fn start(&self, batch: &Batch) -> Option<usize> {
        if batch.offset > 0 || !batch.bytes.starts_with(BOM) {
            let may_be = batch.offset == 0 && !self.at_end && BOM.starts_with(&batch.bytes);
            return (!may_be).then_some(0);
        }
        Some(BOM.len())
    }

    /// Appends what one read gives, at most a chunk.
    fn read_chunk(&mut self, bytes: &mut Vec<u8>) -> io::Result<Chunk> {
        let before = bytes.len();
        bytes.resize(before + self.limits.chunk.max(1), 0);
        let outcome = self.reader.read(&mut bytes[before..]);
        bytes.truncate(before + outcome.as_ref().map_or(0, |read| *read));
        match outcome {
            Ok(0) => Ok(Chunk::End),
            Ok(read) => Ok(Chunk::Bytes(read)),
            Err(error) => match error.kind() {
                io::ErrorKind::Interrupted => Ok(Chunk::Interrupted),
                io::ErrorKind::WouldBlock => Ok(Chunk::Nothing),
                _ => Err(error),
            },
        }
    }
}

impl<R> std::fmt::Debug for Framer<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Framer")
            .field("offset", &self.offset)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Offset and text of each record; of a line that is too long, its length.
    fn frames(bytes: &[u8], limits: Limits) -> Vec<(u64, String)> {
        let mut framer = Framer::new(bytes, limits);
        let (mut batch, mut all, mut taken) = (Batch::default(), Vec::new(), 0);
        while framer.fill(&mut batch).unwrap() {
            taken += batch.taken;
            for frame in &batch.frames {
                all.push(match frame {
                    Frame::Record(range) => {
                        let text = String::from_utf8_lossy(batch.record(range)).into_owned();
                        (batch.offset + range.start as u64, text)
                    }
                    Frame::TooLong { offset, length, .. } => (*offset, format!("too long: {length}")),
                });
            }
        }
        assert_eq!(taken, bytes.len() as u64);
        all
    }

    const CHUNKS: [usize; 5] = [1, 2, 3, 7, 1 << 20];

    #[test]
    fn lines_are_records_however_they_end() {
        for chunk in CHUNKS {
            for (bytes, expected) in [
                (&b"a\nb\n"[..], vec![(0, "a"), (2, "b")]),
                (b"a\nb", vec![(0, "a"), (2, "b")]),
                (b"a\r\nb\r\n", vec![(0, "a"), (3, "b")]),
                (b"\xef\xbb\xbfa\nb", vec![(3, "a"), (5, "b")]),
                (b"\n\r\n  \t\na\n\n", vec![(7, "a")]),
                (b"", vec![]),
                (b"\xef\xbb\xbf", vec![]),
                (b"a\r", vec![(0, "a")]),
            ] {
                let expected: Vec<_> = expected.into_iter().map(|(o, t)| (o, t.to_owned())).collect();
                assert_eq!(frames(bytes, Limits { chunk, record: 100 }), expected, "{chunk}: {bytes:?}");
            }
        }
    }

    #[test]
    fn a_line_over_the_limit_is_passed_and_counted() {
        for chunk in CHUNKS {
            let limits = Limits { chunk, record: 3 };
            let found = frames(b"abc\r\nabcd\r\nab\nabcdefghij\nabc\nabcd", limits);
            let expected = [
                (0, "abc"),
                (5, "too long: 4"),
                (11, "ab"),
                (14, "too long: 10"),
                (25, "abc"),
                (29, "too long: 4"),
            ];
            assert_eq!(found, expected.map(|(o, t)| (o, t.to_owned())), "{chunk}");
        }
    }

    #[test]
    fn a_long_line_is_not_held_in_memory() {
        let line = vec![b'x'; 1 << 20];
        let mut framer = Framer::new(&line[..], Limits { chunk: 4096, record: 1000 });
        let mut batch = Batch::default();
        while framer.fill(&mut batch).unwrap() {
            assert!(batch.bytes.len() <= 4096 + 1001);
        }
    }

    /// Fails after some bytes.
    struct Failing<'a>(&'a [u8]);

    impl Read for Failing<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() { Err(io::Error::other("gone")) } else { self.0.read(buffer) }
        }
    }

    #[test]
    fn what_was_read_before_a_failure_is_given() {
        let mut framer = Framer::new(Failing(b"a\nb"), Limits { chunk: 100, record: 100 });
        let (mut first, mut last) = (Batch::default(), Batch::default());
        assert!(framer.fill(&mut first).unwrap());
        assert_eq!((first.record(&(0..1)), first.frames.len()), (&b"a"[..], 1));
        assert!(framer.fill(&mut last).is_err());
        assert_eq!((last.record(&(0..1)), last.frames.len()), (&b"b"[..], 1));
        assert!(!framer.fill(&mut last).unwrap());
    }

    proptest! {
        #[test]
        fn chunks_do_not_show(bytes in prop::collection::vec(prop::sample::select(b"ab\n\r \xef\xbb\xbf".to_vec()), 0..60), chunk in 1_usize..9) {
            let whole = frames(&bytes, Limits { chunk: 1 << 20, record: 5 });
            prop_assert_eq!(frames(&bytes, Limits { chunk, record: 5 }), whole);
        }
    }
}
