//! Fuzz targets: functions over any bytes that panic where something is wrong.
//!
//! ```text
//! guided (libFuzzer, by coverage) ─┐
//! blind (a loop over mutations) ───┴─ bytes ──> target ──> nothing, or a panic
//! ```
//!
//! `docs/reliability.md` says how they are run.
#![forbid(unsafe_code)]
#![allow(clippy::missing_panics_doc, reason = "a target panics where something is wrong")]

pub mod dice;
pub mod records;
pub mod reference;
pub mod rules;
pub mod streams;
pub mod targets;
pub mod tokens;

use dice::Dice;

/// A function that is to be fuzzed.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// Panics where something is wrong; gives how many cases it looked at, which most count as one.
    pub run: fn(&[u8]) -> u64,
    /// Inputs to begin with.
    pub seeds: &'static [&'static str],
}

impl Target {
    /// The target of this name.
    pub fn named(name: &str) -> Option<Target> {
        targets::ALL.iter().copied().find(|target| target.name == name)
    }

    /// Runs one input made of the seeds and of chance; gives how many cases that were.
    pub fn run_blind(&self, dice: &mut Dice) -> u64 {
        let mut bytes = match self.seeds.get(dice.throw(self.seeds.len() + 1)) {
            Some(seed) => seed.as_bytes().to_vec(),
            None => (0..dice.throw(200)).map(|_| dice.byte()).collect(),
        };
        for _ in 0..dice.throw(6) {
            dice.mutate(&mut bytes, self.seeds);
        }
        (self.run)(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_holds_on_a_few_inputs() {
        for target in targets::ALL {
            for seed in target.seeds {
                (target.run)(seed.as_bytes());
            }
            let mut dice = Dice::new(1);
            assert!((0..50).map(|_| target.run_blind(&mut dice)).sum::<u64>() > 0, "{}", target.name);
        }
    }
}
