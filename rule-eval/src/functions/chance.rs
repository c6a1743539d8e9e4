//! `rand` and `new_guid`: values that differ from call to call.
//!
//! Neither is meant to be a secret: the generator is seeded once for the process from what the standard library
//! randomises its hash tables with.
//! Source: Kusto documentation, the pages of the two functions.

use super::arguments::real;
use crate::function::{Accepts, Function, Param, Signature, Stability};
use rule_model::{Guid, Type};
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::scalar(
        "rand",
        "A random real from 0 up to 1, or a random whole number from 0 up to the given one.",
        &[Signature::new(&[Param::optional("limit", Accepts::Type(Type::Real))], Type::Real)],
        |_, args| {
            let fraction = (random() >> 11) as f64 / (1u64 << 53) as f64;
            match args.first() {
                None => fraction.into(),
                Some(limit) => real(limit).map(|limit| (fraction * limit.trunc()).floor()).into(),
            }
        },
        &[("rand() < 1", "true"), ("rand(1)", "0.0")],
    )
    .stability(Stability::Volatile),
    Function::scalar(
        "new_guid",
        "A random GUID.",
        &[Signature::new(&[], Type::Guid)],
        |_, _| new_guid().into(),
        &[("new_guid() == new_guid()", "false")],
    )
    .stability(Stability::Volatile),
];

/// Version 4: 122 random bits.
fn new_guid() -> Guid {
    let bits = u128::from(random()) << 64 | u128::from(random());
    Guid(bits & !(0xf << 76) & !(0b11 << 62) | 0x4 << 76 | 0b10 << 62)
}

/// `SplitMix64`: a counter, mixed.
fn random() -> u64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    static STATE: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one(0)));
    let state = STATE.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_are_of_version_4_and_differ() {
        let (one, other) = (new_guid().to_string(), new_guid().to_string());
        assert_ne!(one, other);
        assert_eq!(&one[14..15], "4");
        assert!("89ab".contains(&one[19..20]));
    }
}
