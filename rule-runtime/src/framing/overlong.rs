//! What is longer than a record may be: passed over as it comes, with its beginning kept to show it.

use super::Frame;

/// Bytes that are kept to show it.
const BEGINNING: usize = 1024;

/// Bytes over the limit whose end has not been seen.
#[derive(Debug)]
pub(super) struct Overlong {
    offset: u64,
    length: u64,
    last: u8,
    beginning: Vec<u8>,
}

impl Overlong {
    /// Begins with `bytes` at this offset of the source.
    pub(super) fn new(offset: u64, bytes: &[u8]) -> Overlong {
        let mut overlong = Overlong { offset, length: 0, last: 0, beginning: Vec::new() };
        overlong.append(bytes);
        overlong
    }

    /// Where it begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Goes on with `more`.
    pub(super) fn append(&mut self, more: &[u8]) {
        let room = BEGINNING.saturating_sub(self.beginning.len()).min(more.len());
        self.beginning.extend_from_slice(&more[..room]);
        self.length += more.len() as u64;
        self.last = more.last().copied().unwrap_or(self.last);
    }

    /// The frame, once the end is seen. A carriage return at the end belongs to the line ending.
    pub(super) fn frame(self) -> Frame {
        let length = self.length - u64::from(self.last == b'\r');
        Frame::TooLong { offset: self.offset, length, beginning: self.beginning }
    }
}
