//! Bytes that are read into memory used before, which is not cleared in between: with a chunk at a time that would cost a
//! good part of what reading does.

use std::io::{self, Read};
use std::ops::Deref;

/// Bytes, and initialised room after them.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    /// How many of `bytes` count; never more than there are.
    filled: usize,
}

impl Buffer {
    /// Appends what one read gives, at most so many bytes; their number.
    pub fn read_from(&mut self, mut reader: impl Read, most: usize) -> io::Result<usize> {
        let until = self.filled + most;
        if self.bytes.len() < until {
            self.bytes.resize(until, 0);
        }
        let room = self.bytes.get_mut(self.filled..until).unwrap_or_default();
        let read = reader.read(room)?.min(room.len());
        self.filled += read;
        Ok(read)
    }

    /// Appends bytes.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        let until = self.filled + bytes.len();
        if self.bytes.len() < until {
            self.bytes.resize(until, 0);
        }
        if let Some(room) = self.bytes.get_mut(self.filled..until) {
            room.copy_from_slice(bytes);
        }
        self.filled = until;
    }

    /// Removes the first bytes, at most all.
    pub fn remove(&mut self, count: usize) {
        let count = count.min(self.filled);
        self.bytes.copy_within(count..self.filled, 0);
        self.filled -= count;
    }

    /// Bytes that it can hold without taking more memory.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Forgets the bytes, keeps the memory.
    pub fn clear(&mut self) {
        self.filled = 0;
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Buffer {
        Buffer { filled: bytes.len(), bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_does_not_show() {
        let mut buffer = Buffer::from(b"before".to_vec());
        buffer.remove(4);
        assert_eq!(&*buffer, b"re");
        buffer.clear();
        assert_eq!(buffer.read_from(&b"now and then"[..], 3).unwrap(), 3);
        buffer.extend_from_slice(b"!");
        assert_eq!(&*buffer, b"now!");
        assert_eq!(buffer.read_from(&b""[..], 100).unwrap(), 0);
        buffer.remove(100);
        assert!(buffer.is_empty());
    }
}
