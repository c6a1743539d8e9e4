//! From brackets to containers: whether they match, and where those of the second and third level lie.
//!
//! Levels count from the record itself, 1. One pass without branches: kinds of open brackets are bits of a word, edges
//! are written always and counted where their level is meant.

use super::marks::{Marks, Positions};

/// Levels that a word of bits can follow; deeper records are walked.
const LEVELS: u32 = 64;

/// The containers of a record that hold its own properties' values, and those within.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// Opening and closing brackets of the second level in turn.
    second: Positions,
    /// For each of them how many edges of the third level are before it.
    third_before: Positions,
    third: Positions,
}

/// A part of a record that lies directly in an object: from its bracket, or one that closes a container in it, to the
/// next bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) start: u16,
    pub(super) end: u16,
    /// Position among the edges of the level below of the bracket at `end`.
    pub(super) edge: usize,
}

impl Outline {
    /// Follows the brackets of a record, which begins with one: whether it is one object of at most `max_depth` levels
    /// whose brackets match, and nothing but white space after it. May say no to one that is, but nests deep.
    #[inline(always)]
    pub(super) fn follow(&mut self, record: &[u8], marks: &Marks, max_depth: usize) -> bool {
        for edges in [&mut self.second, &mut self.third_before, &mut self.third] {
            edges.clear();
        }
        let (mut depth, mut deepest, mut ends) = (0_u32, 0_u32, 0_u32);
        // The kinds of open brackets, the innermost as the lowest bit; not 0 once a closing one was of another kind.
        let (mut kinds, mut wrong) = (0_u64, 0_u64);
        for at in marks.brackets() {
            let byte = u64::from(record.get(usize::from(*at)).copied().unwrap_or_default());
            // `{` and `[` have this bit clear before `}` and `]`: 0x7b and 0x7d, 0x5b and 0x5d.
            let close = byte >> 2 & 1;
            let kind = byte >> 5 & 1;
            let level = depth.wrapping_add(1 - close as u32);
            self.third_before.push_if(self.third.len(), level == 2);
            self.second.push_if(*at, level == 2);
            self.third.push_if(*at, level == 3);
            wrong |= (kinds ^ kind) & close;
            kinds = if close == 1 { kinds >> 1 } else { kinds << 1 | kind };
            depth = depth.wrapping_add(1).wrapping_sub(2 * close as u32);
            deepest = deepest.max(depth);
            ends += u32::from(depth == 0);
        }
        let last = marks.brackets().last().map_or(0, |at| usize::from(*at));
        let rest = record.get(last + 1..).unwrap_or_default();
        let limit = LEVELS.min(u32::try_from(max_depth).unwrap_or(LEVELS));
        // Less than none open would have been none open before: the first bracket opens.
        record.first() == Some(&b'{')
            && (depth, ends, wrong) == (0, 1, 0)
            && deepest <= limit
            && (rest.is_empty() || rest.iter().all(|byte| super::walk::is_space(*byte)))
    }

    /// The stretches of the record itself, which ends at a position.
    #[inline(always)]
    pub(super) fn stretches(&self, end: u16) -> impl Iterator<Item = Stretch> {
        stretches(0, end, self.second.all(), 0)
    }

    /// The stretches of the second-level container that opens at this edge.
    #[inline(always)]
    pub(super) fn stretches_within(&self, edge: usize) -> Option<impl Iterator<Item = Stretch>> {
        let [start, end] = *self.second.all().get(edge..edge + 2)? else { return None };
        let [first, last] = *self.third_before.all().get(edge..edge + 2)? else { return None };
        let edges = self.third.all().get(usize::from(first)..usize::from(last))?;
        Some(stretches(start, end, edges, usize::from(first)))
    }
}

/// What lies between `start` and `end` and outside of the containers with these edges, the first at position `first`.
#[inline(always)]
fn stretches(start: u16, end: u16, edges: &[u16], first: usize) -> impl Iterator<Item = Stretch> {
    (0..=edges.len() / 2).map(move |pair| Stretch {
        start: if pair == 0 { start } else { edges.get(2 * pair - 1).copied().unwrap_or(end) },
        end: edges.get(2 * pair).copied().unwrap_or(end),
        edge: first + 2 * pair,
    })
}
