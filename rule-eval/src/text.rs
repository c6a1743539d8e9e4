//! The text predicates of KQL on `&str`: equality, substrings, terms, beginnings and ends.
//!
//! Function entries and generated matchers both call these, so that they cannot disagree.
//!
//! Decisions where Kusto's documentation leaves room:
//! - Ignoring case compares character by character by simple upper-case mapping, without culture and without
//!   expansion: `É` equals `é`, `ß` does not equal `SS`. A character outside of ASCII never equals one inside, so `ı`
//!   is not `I` and `ſ` is not `S`; that is also what lets an ASCII needle be searched for byte by byte.
//! - A term is a maximal run of alphanumeric characters in Unicode's sense, so `cafés` has no term `caf`.
//! - `has` asks for a boundary only at an end of the needle that is itself alphanumeric; a needle without alphanumeric
//!   ends is thus searched for as by `contains`, and the empty needle is in every text.
//!
//! Source: Kusto documentation, "String operators", section "What is a term?".

use memchr::{memchr2_iter, memmem};

/// `=~`
pub fn equals_ignore_case(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right) || {
        // A text with a character outside of ASCII never equals one without.
        !left.is_ascii() && !right.is_ascii() && left.chars().map(fold).eq(right.chars().map(fold))
    }
}

/// `contains`
pub fn contains(text: &str, needle: &str) -> bool {
    find_ignore_case(text, needle, 0).is_some()
}

/// `contains_cs`
pub fn contains_cs(text: &str, needle: &str) -> bool {
    memmem::find(text.as_bytes(), needle.as_bytes()).is_some()
}

/// `startswith`
pub fn startswith(text: &str, needle: &str) -> bool {
    prefix_len_ignore_case(text, needle).is_some()
}

/// `startswith_cs`
pub fn startswith_cs(text: &str, needle: &str) -> bool {
    text.starts_with(needle)
}

/// `endswith`
pub fn endswith(text: &str, needle: &str) -> bool {
    if needle.is_ascii() {
        let (text, needle) = (text.as_bytes(), needle.as_bytes());
        return text.len() >= needle.len() && text[text.len() - needle.len()..].eq_ignore_ascii_case(needle);
    }
    let mut text = text.chars().rev().map(fold);
    needle.chars().rev().map(fold).all(|c| text.next() == Some(c))
}

/// `endswith_cs`
pub fn endswith_cs(text: &str, needle: &str) -> bool {
    text.ends_with(needle)
}

/// `has`
pub fn has(text: &str, needle: &str) -> bool {
    occurs(text, needle, find_ignore_case, true, true)
}

/// `has_cs`
pub fn has_cs(text: &str, needle: &str) -> bool {
    occurs(text, needle, find_exact, true, true)
}

/// `hasprefix`
pub fn hasprefix(text: &str, needle: &str) -> bool {
    occurs(text, needle, find_ignore_case, true, false)
}

/// `hasprefix_cs`
pub fn hasprefix_cs(text: &str, needle: &str) -> bool {
    occurs(text, needle, find_exact, true, false)
}

/// `hassuffix`
pub fn hassuffix(text: &str, needle: &str) -> bool {
    occurs(text, needle, find_ignore_case, false, true)
}

/// `hassuffix_cs`
pub fn hassuffix_cs(text: &str, needle: &str) -> bool {
    occurs(text, needle, find_exact, false, true)
}

/// A character as it is compared when case is ignored.
pub fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_uppercase();
    }
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) if !one.is_ascii() => one,
        _ => c,
    }
}

/// Finds a needle at or after a byte offset of a text: the offsets of its first byte and after its last.
type Find = fn(&str, &str, usize) -> Option<(usize, usize)>;

/// Whether the needle occurs with a boundary of terms at its start and at its end, where asked for and alphanumeric.
fn occurs(text: &str, needle: &str, find: Find, at_start: bool, at_end: bool) -> bool {
    let at_start = at_start && needle.chars().next().is_some_and(char::is_alphanumeric);
    let at_end = at_end && needle.chars().next_back().is_some_and(char::is_alphanumeric);
    let mut from = 0;
    while let Some((start, end)) = find(text, needle, from) {
        if !(at_start && alphanumeric_before(text, start) || at_end && alphanumeric_after(text, end)) {
            return true;
        }
        // The next occurrence may overlap this one, so the search does not jump over it.
        from = start + 1;
    }
    false
}

fn alphanumeric_before(text: &str, at: usize) -> bool {
    match text.as_bytes()[..at].last() {
        Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric(),
        _ => text.get(..at).and_then(|t| t.chars().next_back()).is_some_and(char::is_alphanumeric),
    }
}

fn alphanumeric_after(text: &str, at: usize) -> bool {
    match text.as_bytes().get(at) {
        Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric(),
        _ => text.get(at..).and_then(|t| t.chars().next()).is_some_and(char::is_alphanumeric),
    }
}

/// UTF-8 keeps this right from any byte offset: no character's bytes begin inside another's.
fn find_exact(text: &str, needle: &str, from: usize) -> Option<(usize, usize)> {
    let start = from + memmem::find(text.as_bytes().get(from..)?, needle.as_bytes())?;
    Some((start, start + needle.len()))
}

fn find_ignore_case(text: &str, needle: &str, from: usize) -> Option<(usize, usize)> {
    if needle.is_ascii() {
        let start = from + find_ascii(text.as_bytes().get(from..)?, needle.as_bytes())?;
        return Some((start, start + needle.len()));
    }
    // Offsets inside a character are passed over.
    let from = (from..=text.len()).find(|&at| text.is_char_boundary(at))?;
    text[from..].char_indices().find_map(|(at, _)| {
        let start = from + at;
        prefix_len_ignore_case(&text[start..], needle).map(|len| (start, start + len))
    })
}

/// The bytes of the text that the needle covers when the text starts with it; folding may change a character's width.
fn prefix_len_ignore_case(text: &str, needle: &str) -> Option<usize> {
    if needle.is_ascii() {
        let matches = text.as_bytes().get(..needle.len())?.eq_ignore_ascii_case(needle.as_bytes());
        return matches.then_some(needle.len());
    }
    let mut rest = text.chars();
    needle
        .chars()
        .all(|c| rest.next().is_some_and(|t| t == c || fold(t) == fold(c)))
        .then(|| text.len() - rest.as_str().len())
}

/// Looks for the needle's rarest byte in both cases, then compares around it.
fn find_ascii(text: &[u8], needle: &[u8]) -> Option<usize> {
    let Some((anchor, &rarest)) = needle.iter().enumerate().min_by_key(|(_, byte)| commonness(**byte)) else {
        return Some(0);
    };
    memchr2_iter(rarest.to_ascii_lowercase(), rarest.to_ascii_uppercase(), text).find_map(|at| {
        let start = at.checked_sub(anchor)?;
        text.get(start..start + needle.len())?.eq_ignore_ascii_case(needle).then_some(start)
    })
}

/// How common a byte is in English text and identifiers: letters by their frequency, digits and punctuation below.
fn commonness(byte: u8) -> usize {
    const RAREST_FIRST: &[u8] = b"zqxjkvbywgpfmuclhdrsnioate";
    let lower = byte.to_ascii_lowercase();
    match RAREST_FIRST.iter().position(|&letter| letter == lower) {
        Some(rank) => 2 * rank + 1,
        None if byte == b' ' => 2 * RAREST_FIRST.len(),
        None if byte.is_ascii_digit() => 20,
        None => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_is_ignored_by_simple_mapping() {
        for (left, right, equal) in [
            ("abc", "ABC", true),
            ("", "", true),
            ("abc", "abd", false),
            ("abc", "ab", false),
            ("ÉCOLE", "école", true),
            ("STRASSE", "straße", false),
            ("I", "ı", false),
            ("s", "ſ", false),
            ("k", "\u{212a}", false),
            ("Σ", "ς", true),
            ("É", "E", false),
        ] {
            assert_eq!(equals_ignore_case(left, right), equal, "{left} =~ {right}");
            assert_eq!(equals_ignore_case(right, left), equal, "{right} =~ {left}");
        }
    }

    #[test]
    fn substrings_are_found_wherever_they_lie() {
        for (text, needle, found) in [
            ("FabriKam", "brik", true),
            ("FabriKam", "", true),
            ("", "a", false),
            ("", "", true),
            ("aab", "AB", true),
            ("a", "aa", false),
            ("École Émile", "é", true),
            ("xÉcole", "école", true),
            ("Ecole", "é", false),
            ("zzz-Z.", "Z.", true),
        ] {
            assert_eq!(contains(text, needle), found, "{text} contains {needle}");
        }
        assert!(contains_cs("FabriKam", "briK"));
        assert!(!contains_cs("FabriKam", "brik"));
    }

    #[test]
    fn beginnings_and_ends() {
        for (text, needle, starts, ends) in [
            ("Fabrikam", "FAB", true, false),
            ("Fabrikam", "KAM", false, true),
            ("Fabrikam", "fabrikam", true, true),
            ("Fabrikam", "xfabrikam", false, false),
            ("", "", true, true),
            ("élan vitalé", "É", true, true),
            ("é", "ab", false, false),
        ] {
            assert_eq!(startswith(text, needle), starts, "{text} startswith {needle}");
            assert_eq!(endswith(text, needle), ends, "{text} endswith {needle}");
        }
        assert!(startswith_cs("Fab", "Fa") && !startswith_cs("Fab", "fa"));
        assert!(endswith_cs("Fab", "ab") && !endswith_cs("Fab", "AB"));
    }

    #[test]
    fn a_term_ends_where_the_alphanumerics_end() {
        for (text, needle, found) in [
            ("North America", "america", true),
            ("North America", "amer", false),
            ("foo_bar", "foo", true),
            ("Added X to [P]\\Project Administrators2", "Project Administrators", false),
            ("pgustavo@simulandlabs.com", "@", true),
            ("KeyIdentifier=59ea", "KeyIdentifier=", true),
            ("KeyIdentifier=59ea", "=59", false),
            ("cafés", "caf", false),
            ("caf\u{301}", "caf", true),
            ("abc", "", true),
            ("xa a a", "a a", true),
            ("abc abcd", "abc", true),
            ("abcd abc", "abc", true),
            ("ÉCOLE-2", "école", true),
        ] {
            assert_eq!(has(text, needle), found, "{text} has {needle}");
        }
        assert!(has_cs("North America", "America") && !has_cs("North America", "america"));
    }

    #[test]
    fn prefixes_and_suffixes_of_terms() {
        assert!(hasprefix("North America", "ame") && !hasprefix("North America", "rica"));
        assert!(hassuffix("North America", "ica") && !hassuffix("North America", "ame"));
        assert!(hasprefix_cs("North America", "Ame") && !hasprefix_cs("North America", "ame"));
        assert!(hassuffix_cs("North America", "rth") && !hassuffix_cs("North America", "RTH"));
    }
}
