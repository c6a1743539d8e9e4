//! The known name that a mistyped one was meant for.

/// The candidate with the fewest edits to `name`, if a third of its letters or fewer are wrong.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let near = candidates.into_iter().map(|candidate| (edits(&wanted, &candidate.to_lowercase()), candidate));
    near.filter(|(edits, candidate)| edits * 3 <= candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

/// `; did you mean X?` where there is a nearest name, else nothing.
pub(crate) fn suggestion<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, candidates).map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}

/// Insertions, deletions and substitutions that turn one text into the other (Levenshtein).
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.iter().enumerate() {
            let substituted = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_the_name_and_another_word_does_not() {
        let known = ["AuditLogs", "SigninLogs", "OfficeActivity"];
        for (name, found) in [
            ("AuditLog", Some("AuditLogs")),
            ("auditlogs", Some("AuditLogs")),
            ("OficeActivty", Some("OfficeActivity")),
            ("Nothing", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known), found, "{name}");
        }
    }
}
