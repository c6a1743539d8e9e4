//! The check, made while a rule set is compiled, that no two rules have one id.
//!
//! Ids are sorted by a hash, so that the cost stays in proportion to the number of rules: a constant evaluation that
//! compared each id with each would be stopped by the compiler from a thousand rules on.

use crate::Rule;

/// Longest message; longer names are cut off.
const MESSAGE_BYTES: usize = 512;

/// What to do about it, at the end of the message.
const HELP: &str = "; give one of the two another id";

/// Fails the constant evaluation that it is called in if two of `rules` have one id.
///
/// # Panics
/// With a message that names the id and the modules of both rules: that is the compiler's error.
pub const fn assert_unique_ids<const N: usize>(rules: &[&Rule; N]) {
    let mut order = [(0_u64, 0_usize); N];
    let mut i = 0;
    while i < N {
        order[i] = (hash(rules[i].id), i);
        i += 1;
    }
    sort(&mut order);
    let mut i = 1;
    while i < N {
        // Equal hashes stand side by side, and so few of them are equal that only neighbours need to be compared.
        let mut j = i;
        while j > 0 && order[j - 1].0 == order[i].0 {
            let (first, second) = (rules[order[j - 1].1], rules[order[i].1]);
            // Only the stubs of rules that do not compile have none, and of those enough is said.
            if !first.id.is_empty() && is_equal(first.id, second.id) {
                fail(first, second);
            }
            j -= 1;
        }
        i += 1;
    }
}

/// FNV-1a.
const fn hash(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    hash
}

/// Heap sort by hash: constant evaluation has no sort of its own.
const fn sort(items: &mut [(u64, usize)]) {
    let mut start = items.len() / 2;
    let mut end = items.len();
    while end > 1 {
        if start > 0 {
            start -= 1;
        } else {
            end -= 1;
            let last = items[end];
            items[end] = items[0];
            items[0] = last;
        }
        sift_down(items, start, end);
    }
}

const fn sift_down(items: &mut [(u64, usize)], start: usize, end: usize) {
    let mut root = start;
    while 2 * root + 1 < end {
        let mut child = 2 * root + 1;
        if child + 1 < end && items[child].0 < items[child + 1].0 {
            child += 1;
        }
        if items[root].0 >= items[child].0 {
            return;
        }
        let item = items[root];
        items[root] = items[child];
        items[child] = item;
        root = child;
    }
}

const fn is_equal(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut i = 0;
    while i < left.len() {
        if left[i] != right[i] {
            return false;
        }
        i += 1;
    }
    true
}

const fn fail(first: &Rule, second: &Rule) -> ! {
    let parts = ["two rules have the id \"", first.id, "\": ", first.module, " and ", second.module, HELP];
    let mut message = [0_u8; MESSAGE_BYTES];
    let mut length = 0;
    let mut part = 0;
    while part < parts.len() {
        let bytes = parts[part].as_bytes();
        let mut i = 0;
        while i < bytes.len() && length < MESSAGE_BYTES {
            message[length] = bytes[i];
            length += 1;
            i += 1;
        }
        part += 1;
    }
    match std::str::from_utf8(message.split_at(length).0) {
        Ok(message) => panic!("{}", message),
        Err(_) => panic!("two rules have one id"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_sorted_by_their_hash() {
        let mut items: Vec<(u64, usize)> = (0..100).map(|i| (hash(&i.to_string()), i)).collect();
        sort(&mut items);
        assert!(items.is_sorted_by_key(|item| item.0));
    }

    #[test]
    fn texts_are_equal_if_all_their_bytes_are() {
        for (left, right, equal) in
            [("", "", true), ("ab", "ab", true), ("ab", "ac", false), ("a", "ab", false)]
        {
            assert_eq!(is_equal(left, right), equal, "{left} {right}");
        }
    }
}
