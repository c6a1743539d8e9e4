//! Brackets one after the other: whether they match, how deep they nest, and on which level what follows lies.
//!
//! Levels count from the record itself, 1. Open brackets are bits of a word below a leading one, so that no bracket is a
//! branch.

use super::walk::is_space;

/// Levels that the word can follow; deeper records are walked.
const LEVELS: u32 = 62;

/// What the brackets of a record, so far, come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nesting {
    /// A one for each level, and below it the kinds of the open brackets, the innermost as the lowest bit.
    open: u64,
    /// All values that `open` has had, put together: how deep it went.
    seen: u64,
    /// How often nothing was open any more.
    ends: u32,
    /// Not 0 once a bracket closed one of another kind.
    wrong: u64,
    /// Where the last bracket is.
    pub(super) last: usize,
}

impl Default for Nesting {
    fn default() -> Nesting {
        Nesting { open: 1, seen: 0, ends: 0, wrong: 0, last: 0 }
    }
}

impl Nesting {
    /// The next bracket.
    #[inline(always)]
    pub(super) fn bracket(&mut self, bracket: u8) {
        // `{` and `[` have this bit clear before `}` and `]`: 0x7b and 0x7d, 0x5b and 0x5d.
        let close = u64::from(bracket >> 2 & 1);
        let kind = u64::from(bracket >> 5 & 1);
        self.wrong |= (self.open ^ kind) & close;
        let (opened, closed) = (self.open << 1 | kind, self.open >> 1);
        self.open = if close == 1 { closed } else { opened };
        self.seen |= self.open;
        self.ends += u32::from(self.open <= 1);
    }

    /// Whether what comes now lies on this level.
    #[inline(always)]
    pub(super) fn is_on(&self, level: usize) -> bool {
        self.open >> level == 1
    }

    /// Whether what comes after so many more brackets at the most lies deeper than this level in any case.
    #[inline(always)]
    pub(super) fn stays_below(&self, level: u32, brackets: u32) -> bool {
        self.open.leading_zeros() + level + brackets < 63
    }

    /// Whether a record is one object of at most `max_depth` levels whose brackets match, with nothing but white space
    /// after it. May say no to one that is, but nests deep.
    #[inline(always)]
    pub(super) fn is_one_object(&self, record: &[u8], max_depth: usize) -> bool {
        let rest = record.get(self.last + 1..).unwrap_or_default();
        let limit = LEVELS.min(u32::try_from(max_depth).unwrap_or(LEVELS));
        // Where a level was lost at the top of the word, its bit was seen there; where more closed than was open, nothing
        // was open before: the first bracket opens.
        record.first() == Some(&b'{')
            && (self.open, self.ends, self.wrong) == (1, 1, 0)
            && self.seen >> limit <= 1
            && (rest.is_empty() || rest.iter().all(|byte| is_space(*byte)))
    }
}
