//! Bytes to records: lines of newline-delimited JSON, in chunks that are read into buffers used again.
//!
//! ```text
//! bytes ──read──> Batch { bytes, frames }      the unfinished line at its end goes to the front of the next batch
//! ```
//!
//! Offsets are of the decompressed bytes. How the bytes are cut into chunks never shows: a line is too long by its own
//! length alone.

use memchr::memchr;
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
}

/// A record, or a line that is too long to be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The bytes of a line without its ending.
    Record(Range<usize>),
    /// A line over the limit.
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
    /// Offset in the source of the first of `rest`.
    offset: u64,
    /// The unfinished line that the last batch ended with.
    rest: Vec<u8>,
    /// A line over the limit whose end has not been seen.
    overlong: Option<Overlong>,
    at_end: bool,
}

/// Bytes of a line over the limit that are kept to show it.
const BEGINNING: usize = 1024;
const BOM: &[u8] = b"\xef\xbb\xbf";

#[derive(Debug)]
struct Overlong {
    offset: u64,
    length: u64,
    last: u8,
    beginning: Vec<u8>,
}

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

    /// Forgets the content, keeps the memory.
    fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
        self.taken = 0;
    }
}

impl<R: Read> Framer<R> {
    /// Cuts what `reader` gives.
    pub fn new(reader: R, limits: Limits) -> Framer<R> {
        Framer { reader, limits, offset: 0, rest: Vec::new(), overlong: None, at_end: false }
    }

    /// Reads the next records into `batch`; false when there are no more. With an error comes what was left of the
    /// unfinished line, and nothing after it.
    pub fn fill(&mut self, batch: &mut Batch) -> io::Result<bool> {
        batch.clear();
        if self.at_end {
            return Ok(false);
        }
        batch.offset = self.offset;
        std::mem::swap(&mut batch.bytes, &mut self.rest);
        self.rest.clear();
        let before = batch.bytes.len();
        let outcome = self.read_chunk(&mut batch.bytes);
        self.at_end = outcome.as_ref().map_or(true, |read| *read == 0);
        batch.taken = (batch.bytes.len() - before) as u64;
        self.frame(batch);
        outcome.map(|_| true)
    }

    /// Appends what one read gives, at most a chunk; how many bytes it is, 0 at the end of input. Not more than one
    /// read, because a live stream would have to fill the chunk before its records are looked at.
    fn read_chunk(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let before = bytes.len();
        bytes.resize(before + self.limits.chunk.max(1), 0);
        let outcome = loop {
            match self.reader.read(&mut bytes[before..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => break outcome,
            }
        };
        bytes.truncate(before + outcome.as_ref().map_or(0, |read| *read));
        outcome
    }

    fn frame(&mut self, batch: &mut Batch) {
        let mut start = if batch.offset == 0 && batch.bytes.starts_with(BOM) { BOM.len() } else { 0 };
        while let Some(length) = batch.bytes.get(start..).and_then(|rest| memchr(b'\n', rest)) {
            self.line(batch, start..start + length);
            start += length + 1;
        }
        let rest = start..batch.bytes.len();
        self.offset = batch.offset + start as u64;
        if self.at_end {
            self.line(batch, rest);
            self.offset = batch.offset + batch.bytes.len() as u64;
        } else {
            self.keep(&batch.bytes[rest]);
        }
    }

    /// A finished line, its newline not included.
    fn line(&mut self, batch: &mut Batch, range: Range<usize>) {
        let offset = batch.offset + range.start as u64;
        if let Some(mut overlong) = self.overlong.take() {
            overlong.append(batch.record(&range));
            batch.frames.push(overlong.frame());
            return;
        }
        let line = batch.record(&range);
        let end = range.end - usize::from(line.ends_with(b"\r"));
        let record = range.start..end;
        if record.len() > self.limits.record {
            let frame = Overlong::new(offset, line).frame();
            batch.frames.push(frame);
        } else if !line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')) {
            batch.frames.push(Frame::Record(record));
        }
    }

    /// Keeps the beginning of an unfinished line for the next batch; of one over the limit only what shows it.
    fn keep(&mut self, line: &[u8]) {
        match &mut self.overlong {
            Some(overlong) => overlong.append(line),
            // One byte more than the limit may still be the carriage return of a line ending.
            None if line.len() > self.limits.record.saturating_add(1) => {
                self.overlong = Some(Overlong::new(self.offset, line));
            }
            None => return self.rest.extend_from_slice(line),
        }
        self.offset += line.len() as u64;
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

impl Overlong {
    fn new(offset: u64, line: &[u8]) -> Overlong {
        let mut overlong = Overlong { offset, length: 0, last: 0, beginning: Vec::new() };
        overlong.append(line);
        overlong
    }

    fn append(&mut self, more: &[u8]) {
        let room = BEGINNING.saturating_sub(self.beginning.len()).min(more.len());
        self.beginning.extend_from_slice(&more[..room]);
        self.length += more.len() as u64;
        self.last = more.last().copied().unwrap_or(self.last);
    }

    fn frame(self) -> Frame {
        let length = self.length - u64::from(self.last == b'\r');
        Frame::TooLong { offset: self.offset, length, beginning: self.beginning }
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
