//! Bytes to records, in chunks that are read into buffers used again.
//!
//! ```text
//! bytes ──read──> Batch { bytes, frames }      the unfinished record at its end goes to the front of the next batch
//! ```
//!
//! Offsets are of the decompressed bytes. How the bytes are cut into chunks never shows: a record is too long by its own
//! length alone.

mod buffer;
mod detect;
mod encoding;
mod envelope;
mod json;
mod ndjson;
mod overlong;
mod structure;

pub use buffer::Buffer;
use detect::Detector;
use json::Values;
use memchr::memrchr;
use ndjson::Lines;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};
use std::ops::Range;

/// How records follow each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Framing {
    /// Decided once, from the beginning of the input: [`Framing::Json`] if it begins with `[` or an envelope, or if its
    /// first line that is not empty is no complete value and the next does not begin an object; else
    /// [`Framing::Ndjson`].
    #[default]
    Auto,
    /// One a line: a newline always ends a record, so that a broken one costs exactly its own line.
    Ndjson,
    /// One after the other, in arrays and in envelopes (`{"records":[…]}`, `{"Records":[…]}`, `{"value":[…]}`), over any
    /// number of lines. After an error, reading goes on at the next line that begins with `{`.
    Json,
}

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
    pub bytes: Buffer,
    /// Offset in the source of the first of `bytes`.
    pub offset: u64,
    /// The records.
    pub frames: Vec<Frame>,
    /// Whole lines, none over the limit, whose records are in place of frames: where a [`Framer`] leaves lines to be cut by
    /// whoever looks at their bytes in any case. The last may be without its newline. Empty where there are none.
    pub lines: Range<usize>,
    /// Bytes of the source from where the last batch ended to `next`.
    pub taken: u64,
    /// Bytes that the last read gave.
    pub last_read: usize,
    /// Where reading goes on after these records.
    pub next: Resume,
    /// Where the last record begins if only the end of the source ended it: a source that grows may have more of it.
    pub unfinished: Option<Resume>,
}

/// Where the reading of a source goes on, in another run if need be: where a record begins, or between two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// Offset in the source.
    pub offset: u64,
    place: Place,
}

/// What is known of a source at an offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Place {
    /// That it is the beginning.
    #[default]
    Beginning,
    /// That nothing but blank lines lies before.
    Undecided,
    /// That a line begins.
    Line,
    /// What values lie in.
    Value(json::State),
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
    /// The end of the source, or of what can be read as JSON, within an array or envelope that is not closed.
    Unclosed {
        /// Its offset.
        offset: u64,
    },
}

/// Cuts a source into batches.
pub struct Framer<R> {
    reader: R,
    limits: Limits,
    cutter: Cutter,
    /// Offset in the source of the first of `rest`.
    offset: u64,
    /// The unfinished record that the last batch ended with.
    rest: Buffer,
    /// Offset of the first byte that is not a byte order mark.
    text_start: u64,
    at_end: bool,
    is_idle: bool,
    /// Whether lines are left to be cut.
    leaves_lines: bool,
}

/// Bytes without a record after which the caller gets its turn in any case: it may want to stop.
const PATIENCE: usize = 16 << 20;

/// What cuts bytes into records.
#[derive(Debug)]
enum Cutter {
    /// Nothing yet, as the encoding is not known.
    Unread(Framing),
    /// Nothing yet, as the framing is not known.
    Undecided(Detector),
    Lines(Lines),
    Values(Box<Values>),
}

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

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.lines.is_empty()
    }

    /// Whether the source is slower than those who work on its records: then what is under way is reported before more
    /// is read, so that alerts on a live stream do not wait for the next record.
    pub fn trickles(&self) -> bool {
        self.last_read < TRICKLE
    }

    /// The memory of records that are done with; what it says of the source stays.
    pub(crate) fn take_memory(&mut self) -> Batch {
        let (bytes, frames) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.frames));
        self.lines = 0..0;
        Batch { bytes, frames, ..Batch::default() }
    }

    /// Forgets the content, keeps the memory.
    fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
        self.lines = 0..0;
        self.taken = 0;
        self.last_read = 0;
        self.unfinished = None;
    }
}

/// The record in a line without its newline; `None` where there is none.
pub fn record_of(line: &[u8]) -> Option<&[u8]> {
    let is_blank = line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
    (!is_blank).then(|| line.strip_suffix(b"\r").unwrap_or(line))
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
    /// Cuts what `reader` gives, from the beginning of the source on.
    pub fn new(reader: R, framing: Framing, limits: Limits) -> Framer<R> {
        let cutter = Cutter::Unread(framing);
        Framer {
            reader,
            limits,
            cutter,
            offset: 0,
            rest: Buffer::default(),
            text_start: 0,
            at_end: false,
            is_idle: false,
            leaves_lines: false,
        }
    }

    /// Cuts what `reader` gives, which begins where an earlier reading of the same source, framed the same, left off.
    pub fn at(resume: Resume, reader: R, framing: Framing, limits: Limits) -> Framer<R> {
        let offset = resume.offset;
        let cutter = match resume.place {
            Place::Beginning => Cutter::Unread(framing),
            Place::Undecided => Cutter::of(framing, offset),
            Place::Line => Cutter::Lines(Lines::default()),
            Place::Value(state) => Cutter::Values(Box::new(Values::resumed(offset, state))),
        };
        Framer { cutter, offset, ..Framer::new(reader, framing, limits) }
    }

    /// The same, but lines are left to be cut: [`Batch::lines`].
    #[must_use]
    pub fn leaving_lines(self) -> Framer<R> {
        Framer { leaves_lines: true, ..self }
    }

    /// Where reading goes on after the records given so far: what is over the limit is read again from its beginning.
    pub fn resume(&self) -> Resume {
        let (offset, place) = match &self.cutter {
            Cutter::Unread(_) => (self.offset, Place::Beginning),
            Cutter::Undecided(_) => (self.offset, Place::Undecided),
            Cutter::Lines(lines) => (lines.overlong_since().unwrap_or(self.offset), Place::Line),
            Cutter::Values(values) => {
                let (offset, state) = values.resume();
                (offset, Place::Value(state))
            }
        };
        // Where nothing was read, not even a byte order mark, all may still come.
        if offset == 0 { Resume::default() } else { Resume { offset, place } }
    }

    /// How records follow each other; [`Framing::Auto`] as long as that is not decided.
    pub fn framing(&self) -> Framing {
        match &self.cutter {
            Cutter::Unread(framing) => *framing,
            Cutter::Undecided(_) => Framing::Auto,
            Cutter::Lines(_) => Framing::Ndjson,
            Cutter::Values(_) => Framing::Json,
        }
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
        let before = self.resume().offset;
        batch.offset = self.offset;
        // Copied, not exchanged: a batch keeps its memory, which stays in the cache of whoever fills and reads it.
        batch.bytes.extend_from_slice(&self.rest);
        let (kept, outcome) = self.fill_until_record(batch);
        self.offset = batch.offset + kept as u64;
        batch.next = self.resume();
        batch.taken = batch.next.offset - before;
        batch.unfinished = self.unfinished(batch);
        self.rest.clear();
        self.rest.extend_from_slice(batch.bytes.get(kept..).unwrap_or_default());
        outcome.map(|()| true)
    }

    /// What it reads.
    pub fn reader(&self) -> &R {
        &self.reader
    }

    /// What it reads, to be told something between two reads.
    pub fn reader_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// Whether the last [`Framer::fill`] found nothing new in a source that may still grow.
    pub fn is_idle(&self) -> bool {
        self.is_idle
    }

    /// Where reading goes on once the source has grown, if only its end ended the last record. Where that is the first,
    /// the framing is decided anew.
    fn unfinished(&self, batch: &Batch) -> Option<Resume> {
        let resume = match &self.cutter {
            Cutter::Values(values) => {
                let (offset, state) = values.cut_off()?;
                Resume { offset, place: Place::Value(state) }
            }
            _ if !self.at_end || batch.bytes.is_empty() || batch.bytes.ends_with(b"\n") => return None,
            _ => {
                let line = memrchr(b'\n', &batch.bytes).map_or(0, |newline| newline + 1);
                let line = batch.offset + line as u64;
                let offset = match batch.frames.last() {
                    Some(Frame::TooLong { offset, .. }) => line.min(*offset),
                    _ => line,
                };
                Resume { offset, place: Place::Line }
            }
        };
        Some(if resume.offset <= self.text_start { Resume::default() } else { resume })
    }

    /// Reads until there is a record or nothing more to be had; where the unfinished record begins. A chunk more is read
    /// only when the last one finished no record: a live stream's records do not wait for a full buffer.
    fn fill_until_record(&mut self, batch: &mut Batch) -> (usize, io::Result<()>) {
        let mut total = 0;
        loop {
            let chunk = self.read_chunk(&mut batch.bytes);
            self.at_end = matches!(chunk, Ok(Chunk::End) | Err(_));
            self.is_idle = matches!(chunk, Ok(Chunk::Nothing));
            let read = if let Ok(Chunk::Bytes(read)) = chunk { read } else { 0 };
            total += read;
            batch.last_read = read;
            let kept = match self.cut(batch) {
                Ok(kept) => kept,
                Err(error) => {
                    self.at_end = true;
                    return (batch.bytes.len(), Err(error));
                }
            };
            if read == 0 || !batch.is_empty() || total >= PATIENCE {
                return (kept, chunk.map(|_| ()));
            }
            batch.bytes.remove(kept);
            batch.offset += kept as u64;
        }
    }

    /// Adds the records in the bytes to the frames; where the unfinished one begins.
    fn cut(&mut self, batch: &mut Batch) -> io::Result<usize> {
        let mut start = 0;
        if let Cutter::Unread(framing) = self.cutter {
            if batch.bytes.len() < encoding::NEEDED && !self.at_end {
                return Ok(0);
            }
            start = encoding::text_start(&batch.bytes)?;
            self.text_start = start as u64;
            self.cutter = Cutter::of(framing, batch.offset + start as u64);
        }
        let limit = self.limits.record;
        if let Cutter::Undecided(detector) = &mut self.cutter {
            let text = batch.bytes.get(start..).unwrap_or_default();
            match detector.decide(text, limit, self.at_end) {
                Some(framing) => self.cutter = Cutter::of(framing, batch.offset + start as u64),
                None => return Ok(start + detector.forget_blank_lines(text)),
            }
        }
        Ok(match &mut self.cutter {
            Cutter::Unread(_) | Cutter::Undecided(_) => start,
            Cutter::Lines(lines) if self.leaves_lines => lines.leave(batch, start, limit, self.at_end),
            Cutter::Lines(lines) => lines.cut(batch, start, limit, self.at_end),
            Cutter::Values(values) => values.cut(batch, start, limit, self.at_end),
        })
    }

    /// Appends what one read gives, at most a chunk.
    fn read_chunk(&mut self, bytes: &mut Buffer) -> io::Result<Chunk> {
        match bytes.read_from(&mut self.reader, self.limits.chunk.max(1)) {
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

impl Cutter {
    /// What cuts so, from this offset on.
    fn of(framing: Framing, offset: u64) -> Cutter {
        match framing {
            Framing::Auto => Cutter::Undecided(Detector::default()),
            Framing::Ndjson => Cutter::Lines(Lines::default()),
            Framing::Json => Cutter::Values(Box::new(Values::new(offset))),
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
mod tests;
