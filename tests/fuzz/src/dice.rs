//! Chance that repeats itself, and what it does to bytes.

/// Numbers that look random, the same for the same seed (xorshift).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Begins with a seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `sides`; 0 where that is 0.
    pub fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % sides.max(1)
    }

    /// Any byte.
    pub fn byte(&mut self) -> u8 {
        self.throw(256) as u8
    }

    /// Changes one thing: bytes, their order or number, or puts in a part of a seed.
    pub fn mutate(&mut self, bytes: &mut Vec<u8>, seeds: &[&str]) {
        let (at, other) = (self.throw(bytes.len() + 1), self.throw(bytes.len() + 1));
        let (from, to) = (at.min(other), at.max(other));
        match self.throw(7) {
            0 => bytes.insert(at, self.byte()),
            1 => bytes.truncate(to),
            2 => drop(bytes.drain(from..to)),
            3 => {
                let part = bytes.get(from..to).unwrap_or_default().to_vec();
                bytes.splice(at..at, part);
            }
            4 => {
                let seed = seeds.get(self.throw(seeds.len())).copied().unwrap_or_default().as_bytes();
                let (a, b) = (self.throw(seed.len() + 1), self.throw(seed.len() + 1));
                bytes.splice(at..at, seed.get(a.min(b)..a.max(b)).unwrap_or_default().iter().copied());
            }
            _ => {
                if let Some(byte) = bytes.get_mut(from) {
                    *byte ^= 1 << self.throw(8);
                }
            }
        }
    }
}
