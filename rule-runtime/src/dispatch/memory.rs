//! What a worker remembers of names: open addressing over one array of small slots, names and candidates in two more.
//!
//! At the bound everything is forgotten, which costs less than keeping an order of use and lets hostile names push out
//! no more than one filling. The hash begins with a random number, so that nobody can choose names that collide; a
//! slot tells most other names by 32 bits of it, and the name itself decides.

use super::{Candidate, DispatchTable};
use rule_eval::Context;
use std::hash::{BuildHasher, RandomState};

/// How many names a worker remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimits {
    /// Distinct names of all tables.
    pub names: usize,
    /// Bytes of these names and their candidates.
    pub bytes: usize,
}

/// The candidates of names seen before. Each worker has its own, so that none waits for another.
#[derive(Debug)]
pub struct NameMemory {
    limits: MemoryLimits,
    seed: u64,
    /// A power of two of them, at most half in use; none at first.
    slots: Vec<Slot>,
    used: usize,
    names: Vec<u8>,
    candidates: Vec<Candidate>,
    /// The candidates of the last name that was new.
    passing: Box<[Candidate]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Upper half of the hash.
    check: u32,
    table: u16,
    /// Length of the name and one; 0 marks a free slot.
    length: u16,
    /// Where the name begins.
    name: u32,
    /// Where the candidates begin, and how many they are.
    candidates: u32,
    count: u32,
}

/// Slots to begin with.
const SLOTS: usize = 1024;

impl Default for MemoryLimits {
    fn default() -> MemoryLimits {
        MemoryLimits { names: 1 << 17, bytes: 16 << 20 }
    }
}

impl NameMemory {
    /// A memory within these limits.
    pub fn new(limits: MemoryLimits) -> NameMemory {
        NameMemory {
            limits,
            seed: RandomState::new().hash_one(0_u8),
            slots: Vec::new(),
            used: 0,
            names: Vec::new(),
            candidates: Vec::new(),
            passing: Box::default(),
        }
    }

    /// The inputs that take events of this name; none where it is not UTF-8.
    #[inline]
    pub fn candidates(
        &mut self,
        dispatch: &DispatchTable,
        table: usize,
        name: &[u8],
        context: &mut Context,
    ) -> &[Candidate] {
        let hash = hash(self.seed ^ table as u64, name);
        let mut slot = self.find(hash, table, name);
        if slot.is_none() {
            let text = std::str::from_utf8(name);
            let found = text.map_or_else(|_| Box::default(), |text| dispatch.resolve(table, text, context));
            slot = self.remember(hash, table, name, &found);
            self.passing = found;
        }
        let Some(slot) = slot else { return &self.passing };
        let start = slot.candidates as usize;
        self.candidates.get(start..start + slot.count as usize).unwrap_or_default()
    }

    /// Number of names remembered.
    pub fn len(&self) -> usize {
        self.used
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Bytes of the names and their candidates.
    pub fn bytes(&self) -> usize {
        self.names.len() + size_of_val(&*self.candidates) + self.used * size_of::<Slot>()
    }

    #[inline]
    fn find(&self, hash: u64, table: usize, name: &[u8]) -> Option<Slot> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut place = hash as usize & mask;
        loop {
            let slot = self.slots.get(place).copied().filter(|slot| slot.length != 0)?;
            if slot.check == (hash >> 32) as u32
                && usize::from(slot.table) == table
                && self.name(slot) == name
            {
                return Some(slot);
            }
            place = (place + 1) & mask;
        }
    }

    #[inline]
    fn name(&self, slot: Slot) -> &[u8] {
        let start = slot.name as usize;
        self.names.get(start..start + usize::from(slot.length) - 1).unwrap_or_default()
    }

    /// Keeps the candidates of a name; `None` when it alone is over the limit.
    #[cold]
    fn remember(&mut self, hash: u64, table: usize, name: &[u8], found: &[Candidate]) -> Option<Slot> {
        let bytes = name.len() + size_of_val(found) + size_of::<Slot>();
        if self.limits.names == 0 || bytes > self.limits.bytes / 16 {
            return None;
        }
        let (table, length) = (u16::try_from(table).ok()?, u16::try_from(name.len() + 1).ok()?);
        if self.used >= self.limits.names || self.bytes() + bytes > self.limits.bytes {
            self.used = 0;
            self.names.clear();
            self.candidates.clear();
            self.slots.fill(Slot::default());
        }
        if self.used * 2 >= self.slots.len() {
            self.grow();
        }
        let slot = Slot {
            check: (hash >> 32) as u32,
            table,
            length,
            name: u32::try_from(self.names.len()).ok()?,
            candidates: u32::try_from(self.candidates.len()).ok()?,
            count: u32::try_from(found.len()).ok()?,
        };
        self.names.extend_from_slice(name);
        self.candidates.extend_from_slice(found);
        self.place(hash, slot);
        self.used += 1;
        Some(slot)
    }

    fn grow(&mut self) {
        let slots = vec![Slot::default(); (self.slots.len() * 2).max(SLOTS)];
        for slot in std::mem::replace(&mut self.slots, slots) {
            if slot.length != 0 {
                self.place(hash(self.seed ^ u64::from(slot.table), self.name(slot)), slot);
            }
        }
    }

    /// Puts a slot at the first free place for its hash: at least half of them are free.
    fn place(&mut self, hash: u64, slot: Slot) {
        let Some(mask) = self.slots.len().checked_sub(1) else { return };
        let mut place = hash as usize & mask;
        while let Some(other) = self.slots.get_mut(place) {
            if other.length == 0 {
                *other = slot;
                return;
            }
            place = (place + 1) & mask;
        }
    }
}

/// A hash of a name, by products of 64 bits folded into one: names are short, and this takes a few instructions for
/// eight bytes of them.
#[inline]
fn hash(seed: u64, name: &[u8]) -> u64 {
    const FACTORS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03];
    let fold = |word: u64, factor: u64| {
        let product = u128::from(word) * u128::from(factor);
        (product >> 64) as u64 ^ product as u64
    };
    let (words, rest) = name.as_chunks::<8>();
    let mut hash = seed ^ (name.len() as u64).wrapping_mul(FACTORS[1]);
    for word in words {
        hash = fold(hash ^ u64::from_le_bytes(*word), FACTORS[0]).rotate_left(5);
    }
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    fold(hash ^ u64::from_le_bytes(last), FACTORS[1])
}

#[cfg(test)]
mod tests {
    use super::super::tests::table;
    use super::*;
    use rule_model::DateTime;

    #[test]
    fn what_is_remembered_is_bounded_and_equal_to_what_is_resolved() {
        let dispatch = table();
        let mut context = Context::at(DateTime::UNIX_EPOCH);
        let mut memory = NameMemory::new(MemoryLimits { names: 3, bytes: 4096 });
        let long = "a".repeat(10_000);
        for name in ["Add", "b", "Add", "c", "d", "e", "Add", &long, "add", "f", "Add"] {
            let expected = dispatch.resolve(0, name, &mut context);
            assert_eq!(memory.candidates(&dispatch, 0, name.as_bytes(), &mut context), &*expected, "{name}");
            assert!(memory.len() <= 3 && memory.bytes() <= 4096);
        }
        assert!(!memory.is_empty());
    }

    #[test]
    fn many_names_are_all_found_again() {
        let dispatch = table();
        let mut context = Context::at(DateTime::UNIX_EPOCH);
        let mut memory = NameMemory::new(MemoryLimits::default());
        for _ in 0..2 {
            for number in 0..5_000 {
                let name = format!("{}dd {number}", if number % 2 == 0 { "a" } else { "o" });
                let expected = dispatch.resolve(0, &name, &mut context);
                assert_eq!(
                    memory.candidates(&dispatch, 0, name.as_bytes(), &mut context),
                    &*expected,
                    "{name}"
                );
            }
            assert_eq!(memory.len(), 5_000);
        }
    }
}
