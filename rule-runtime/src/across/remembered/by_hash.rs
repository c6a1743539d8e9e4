//! Sets and maps of keys that are hashes already.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher, RandomState};

/// By hash.
pub(in crate::across) type ByHash<T> = HashMap<u64, T, Seeded>;

/// Hashes.
pub(in crate::across) type Hashes = HashSet<u64, Seeded>;

/// Mixes a random number in, so that nobody can choose keys that come to lie together; a product is enough for that, where the
/// standard library's hash would take longer than what is done with the key.
#[derive(Clone, Debug)]
pub(in crate::across) struct Seeded(u64);

/// A hash in the making.
#[derive(Debug)]
pub(in crate::across) struct Mixed(u64);

impl Default for Seeded {
    fn default() -> Seeded {
        Seeded(RandomState::new().hash_one(0_u8))
    }
}

impl BuildHasher for Seeded {
    type Hasher = Mixed;

    fn build_hasher(&self) -> Mixed {
        Mixed(self.0)
    }
}

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        let product = u128::from(self.0 ^ number) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}
