//! Lines: a newline always ends a record, so that a broken one costs exactly its own line.

use super::overlong::Overlong;
use super::{Batch, Frame, record_of};
use memchr::{memchr, memrchr};
use std::ops::Range;

/// Cuts lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Bytes of the unfinished line that are known to hold no newline.
    searched: usize,
    /// A line over the limit whose end has not been seen.
    overlong: Option<Overlong>,
}

impl Lines {
    /// Adds the lines of `batch.bytes[start..]` to the frames; where the unfinished one begins.
    pub(super) fn cut(&mut self, batch: &mut Batch, mut start: usize, limit: usize, at_end: bool) -> usize {
        let mut from = start + std::mem::take(&mut self.searched);
        while let Some(length) = batch.bytes.get(from..).and_then(|rest| memchr(b'\n', rest)) {
            self.line(batch, start..from + length, limit);
            start = from + length + 1;
            from = start;
        }
        let end = batch.bytes.len();
        if at_end {
            self.line(batch, start..end, limit);
            return end;
        }
        self.unfinished(batch, start..end, limit)
    }

    /// The same, but finished lines are left to be cut where none of them can be over the limit.
    pub(super) fn leave(&mut self, batch: &mut Batch, start: usize, limit: usize, at_end: bool) -> usize {
        let bytes = batch.bytes.get(start..).unwrap_or_default();
        if self.overlong.is_some() || bytes.len() > limit {
            return self.cut(batch, start, limit, at_end);
        }
        let searched = std::mem::take(&mut self.searched);
        let finished = match bytes.get(searched..).and_then(|new| memrchr(b'\n', new)) {
            _ if at_end => bytes.len(),
            Some(newline) => searched + newline + 1,
            None => 0,
        };
        batch.lines = start..start + finished;
        self.searched = bytes.len() - finished;
        start + finished
    }

    /// Offset of a line over the limit whose end has not been seen.
    pub(super) fn overlong_since(&self) -> Option<u64> {
        self.overlong.as_ref().map(Overlong::offset)
    }

    /// A finished line, its newline not included.
    fn line(&mut self, batch: &mut Batch, range: Range<usize>, limit: usize) {
        let offset = batch.offset + range.start as u64;
        if let Some(mut overlong) = self.overlong.take() {
            overlong.append(batch.record(&range));
            batch.frames.push(overlong.frame());
            return;
        }
        let line = batch.record(&range);
        // Of a blank line, too, only so much is looked at: what is over the limit is not kept to be told from a record.
        if line.strip_suffix(b"\r").unwrap_or(line).len() > limit {
            let frame = Overlong::new(offset, line).frame();
            batch.frames.push(frame);
        } else if let Some(record) = record_of(line) {
            batch.frames.push(Frame::Record(range.start..range.start + record.len()));
        }
    }

    /// The beginning of a line: where what is to be kept of it begins, which is nowhere if it is over the limit.
    fn unfinished(&mut self, batch: &Batch, range: Range<usize>, limit: usize) -> usize {
        let line = batch.record(&range);
        match &mut self.overlong {
            Some(overlong) => overlong.append(line),
            // One byte more than the limit may still be the carriage return of a line ending.
            None if line.len() > limit.saturating_add(1) => {
                self.overlong = Some(Overlong::new(batch.offset + range.start as u64, line));
            }
            None => {
                self.searched = line.len();
                return range.start;
            }
        }
        range.end
    }
}
