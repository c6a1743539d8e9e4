//! Rules found by a part of the operation name: one automaton for all parts, so that a name costs the same whether there are
//! five or five thousand.

use super::Candidate;
use aho_corasick::AhoCorasick;
use std::collections::BTreeMap;

/// The inputs that take names with certain parts.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Finds the parts in a name. `None` where there are none.
    automaton: Option<AhoCorasick>,
    by_part: BTreeMap<String, Vec<Candidate>>,
    /// The inputs of each part, as the automaton numbers them.
    candidates: Vec<Vec<Candidate>>,
    /// The inputs of all parts, where no automaton could be made.
    all: Vec<Candidate>,
}

impl Parts {
    /// Adds an input that takes names with this part, which is in the same form as the names.
    pub(super) fn add(&mut self, candidate: Candidate, part: String) {
        self.by_part.entry(part).or_default().push(candidate);
    }

    /// Makes the automaton, once all are added.
    pub(super) fn finish(&mut self) {
        let by_part = std::mem::take(&mut self.by_part);
        if by_part.is_empty() {
            return;
        }
        self.automaton = AhoCorasick::new(by_part.keys()).ok();
        self.candidates = by_part.into_values().collect();
        if self.automaton.is_none() {
            self.all = std::mem::take(&mut self.candidates).into_iter().flatten().collect();
        }
    }

    /// The inputs that take names with a part of this one.
    pub(super) fn of<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p Candidate> {
        let found = self.automaton.iter().flat_map(move |automaton| automaton.find_overlapping_iter(name));
        let candidates = found.filter_map(|found| self.candidates.get(found.pattern().as_usize()));
        candidates.flatten().chain(&self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_name_is_found() {
        let mut parts = Parts::default();
        for (rule, part) in ["ADD", "MEMBER", "DD M", "ROLE", "ADD"].into_iter().enumerate() {
            parts.add(Candidate { rule, input: 0 }, part.to_owned());
        }
        parts.finish();
        for (name, rules) in [
            ("ADD MEMBER", &[0, 1, 2, 4][..]),
            ("ADDED", &[0, 4]),
            ("A ROLE", &[3]),
            ("", &[]),
            ("DELETE", &[]),
        ] {
            let mut found: Vec<_> = parts.of(name).map(|it| it.rule).collect();
            found.sort_unstable();
            assert_eq!(found, rules, "{name}");
        }
    }

    #[test]
    fn without_parts_nothing_is_found() {
        let mut parts = Parts::default();
        parts.finish();
        assert_eq!(parts.of("anything").count(), 0);
    }
}
