//! Few keys, asked for by many rows.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// Keys with a bit for what some of them end in: that tells most others without a look into the set, which costs many times
/// as much where a tick sees millions of rows of which it needs a few.
#[derive(Debug)]
pub(super) struct Sieve<'k, S = RandomState> {
    keys: &'k HashSet<u64, S>,
    bits: Vec<u64>,
    /// The bits of a key that count.
    mask: u64,
}

/// Bits for each key.
const SPARE: usize = 16;

impl<'k, S: BuildHasher> Sieve<'k, S> {
    pub(super) fn of(keys: &'k HashSet<u64, S>) -> Sieve<'k, S> {
        let bits = (keys.len() * SPARE).next_power_of_two().max(64);
        let mut sieve = Sieve { keys, bits: vec![0; bits / 64], mask: bits as u64 - 1 };
        for key in keys {
            let (word, bit) = sieve.place(*key);
            sieve.bits.get_mut(word).into_iter().for_each(|word| *word |= bit);
        }
        sieve
    }

    /// Whether a key is one of them.
    #[inline]
    pub(super) fn holds(&self, key: u64) -> bool {
        let (word, bit) = self.place(key);
        self.bits.get(word).is_some_and(|word| word & bit != 0) && self.keys.contains(&key)
    }

    #[inline]
    fn place(&self, key: u64) -> (usize, u64) {
        let at = key & self.mask;
        ((at / 64) as usize, 1 << (at % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_its_keys_and_no_others() {
        for count in [0, 1, 5, 1000] {
            let keys: HashSet<u64> =
                (0..count).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 10_007).collect();
            let sieve = Sieve::of(&keys);
            (0..20_000).for_each(|key| assert_eq!(sieve.holds(key), keys.contains(&key), "{key} of {count}"));
        }
    }
}
