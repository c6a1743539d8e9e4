//! Brackets one after the other: whether they match, and how deep they nest.
//!
//! Open brackets are bits of a word below a leading one, so that no bracket is a branch.

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
}

impl Default for Nesting {
    fn default() -> Nesting {
        Nesting { open: 1, seen: 0, ends: 0, wrong: 0 }
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

    /// How many brackets are open; anything where more closed than opened.
    #[inline(always)]
    pub(super) fn depth(&self) -> u32 {
        (u64::BITS - 1).wrapping_sub(self.open.leading_zeros())
    }

    /// How deep the brackets nest that are of one value and match. May say nothing of such that nest deep.
    pub(super) fn depth_of_object(&self) -> Option<usize> {
        // Where a level was lost at the top of the word, its bit was seen there; where more closed than was open, nothing
        // was open before: the first bracket opens.
        let holds = (self.open, self.ends, self.wrong) == (1, 1, 0) && self.seen >> LEVELS <= 1;
        holds.then(|| self.seen.ilog2() as usize)
    }
}
