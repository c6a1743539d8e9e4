//! Where rows are that a state names and does not hold itself.

use super::segments::Segments;
use crate::source::Records;
use rule_eval::geography::Geography;
use std::collections::HashMap;
use std::fmt::Debug;
use std::io;
use std::sync::Arc;

/// What [`step`](super::step::step) reads besides the state. It is part of the state in another place: the same state with
/// the same segments, sources and geography gives the same alerts.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere<'a> {
    /// Blocks that were spilled.
    pub segments: &'a Segments,
    /// Records of which only the key is kept.
    pub sources: &'a dyn Reread,
    /// Nested levels that a record may have.
    pub max_depth: usize,
    /// Where addresses are; `None` without a database.
    pub geography: Option<&'a Geography>,
    /// Bytes of memory that an evaluation may take. It does not show in alerts.
    pub room: u64,
    /// Bytes of memory that all states and an evaluation may take.
    pub bound: u64,
}

/// Sources whose records can be read again.
pub trait Reread: Debug + Send + Sync {
    /// Whether records of this source can be.
    fn can_reread(&self, source: &str) -> bool;

    /// The bytes of a record.
    fn record(&self, source: &str, offset: u64, length: u64) -> io::Result<Vec<u8>>;
}

/// Plain files by the names that reports call them.
pub type Files = HashMap<Arc<str>, Records>;

impl Reread for Files {
    fn can_reread(&self, source: &str) -> bool {
        self.contains_key(source)
    }

    fn record(&self, source: &str, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let records = self.get(source).ok_or(io::ErrorKind::NotFound)?;
        records.at(offset, usize::try_from(length).map_err(io::Error::other)?)
    }
}

/// No source at all: of a state whose rows are all kept.
impl Reread for () {
    fn can_reread(&self, _: &str) -> bool {
        false
    }

    fn record(&self, _: &str, _: u64, _: u64) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}
