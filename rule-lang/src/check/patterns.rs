//! Regular expressions among the arguments of functions: whether they are any, and have the groups that are asked for.

use super::{Checker, types};
use crate::Diagnostic;
use regex_syntax::ast::ErrorKind;
use regex_syntax::hir::{Hir, HirKind};
use rule_model::Value;
use rule_model::plan::Expr;

/// Arguments that are regular expressions: function and position.
const PATTERNS: &[(&str, usize)] = &[
    ("matches regex", 1),
    ("extract", 0),
    ("extract_all", 0),
    ("indexof_regex", 1),
    ("replace", 0),
    ("replace_regex", 1),
    ("trim", 0),
    ("trim_start", 0),
    ("trim_end", 0),
];

impl Checker<'_> {
    /// Whether the pattern of a function that takes one is valid, where it is constant; reports it otherwise. A group
    /// that it does not have is reported, and leaves the call as it is: it gives nothing.
    pub(super) fn patterns_are_valid(&mut self, function: &str, args: &[Expr]) -> bool {
        let is_regex = |kind: &Expr| types::literal_text(kind) == Some("regex");
        let position = match function {
            "countof" => args.get(2).is_some_and(is_regex).then_some(1),
            _ => PATTERNS.iter().find(|(name, _)| *name == function).map(|(_, at)| *at),
        };
        let Some(pattern) = position.and_then(|at| args.get(at)) else { return true };
        if !self.pattern_is_valid(pattern) {
            return false;
        }
        match (function, args) {
            ("extract", [_, group, ..]) => self.group_is_there(pattern, group, types::literal(group)),
            ("extract_all", [_, groups, _]) => {
                let asked = types::literal(groups).and_then(Value::as_array).unwrap_or_default().to_vec();
                asked.iter().for_each(|group| self.group_is_there(pattern, groups, Some(group)));
            }
            ("replace_regex", [_, _, rewrite]) | ("replace", [_, rewrite, _]) => {
                let asked = types::literal_text(rewrite).map(rewritten_groups).unwrap_or_default();
                asked.iter().for_each(|group| self.group_is_there(pattern, rewrite, Some(group)));
            }
            _ => {}
        }
        true
    }

    /// Reports that a constant pattern does not have the group that the argument `at` asks for.
    fn group_is_there(&mut self, pattern: &Expr, at: &Expr, group: Option<&Value>) {
        let (Some(text), Some(group)) = (types::literal_text(pattern), group) else { return };
        let Ok(parsed) = regex_syntax::parse(&rule_eval::pattern::translated(text)) else { return };
        let mut names = Vec::new();
        group_names(&parsed, &mut names);
        let (shown, is_there) = match (group.as_i64(), group.as_str()) {
            (Some(number), _) => (number.to_string(), (0..=names.len() as i64).contains(&number)),
            (None, Some(name)) => (name.to_owned(), names.contains(&Some(name))),
            (None, None) => return,
        };
        if is_there {
            return;
        }
        let fault = Diagnostic::warning(at.span, format!("the pattern has no group {shown}"));
        let (note, help) = match names.len() {
            0 => (
                "it has none; group 0 is the whole match",
                "put what is to be taken in `(…)`, or ask for group 0",
            ),
            1 => (
                "it has one group; group 0 is the whole match",
                "ask for group 1, or put another part in `(…)`",
            ),
            count => {
                let fault = fault.note(format!("it has {count} groups; group 0 is the whole match"));
                self.report(fault.help(format!("ask for one from 1 to {count}")));
                return;
            }
        };
        self.report(fault.note(note).help(help));
    }

    /// Whether a constant pattern is a regular expression; reports it otherwise.
    pub(super) fn pattern_is_valid(&mut self, pattern: &Expr) -> bool {
        let Some(text) = types::literal_text(pattern) else { return true };
        let translated = rule_eval::pattern::translated(text);
        let Err(error) = regex_syntax::parse(&translated) else { return true };
        let (what, at) = match &error {
            regex_syntax::Error::Parse(e) => (e.kind().to_string(), Some(e.span().start.offset)),
            regex_syntax::Error::Translate(e) => (e.kind().to_string(), Some(e.span().start.offset)),
            _ => (error.to_string(), None),
        };
        let mut diagnostic =
            Diagnostic::error(pattern.span, format!("this is no regular expression: {what}"));
        if let Some(before) = at.filter(|_| translated == text).and_then(|at| text.get(..at)) {
            let position = before.chars().count() + 1;
            diagnostic = diagnostic.note(format!("the fault is at character {position} of `{text}`"));
        }
        self.report(match &error {
            regex_syntax::Error::Parse(e) if *e.kind() == ErrorKind::UnsupportedLookAround => diagnostic
                .note("KQL's regular expressions, which are those of RE2, have no look-around")
                .help("write what must not be there as a condition of its own: `and not(… matches regex …)`"),
            regex_syntax::Error::Parse(e) if *e.kind() == ErrorKind::UnsupportedBackreference => diagnostic
                .note("KQL's regular expressions, which are those of RE2, have no backreferences")
                .help("take the parts with `extract(…)` and compare them"),
            _ => diagnostic.help("mend it; a character that stands for itself is written behind a backslash"),
        });
        false
    }
}

/// The groups that a rewrite names: `\1` and its like, where the backslash is not escaped itself.
fn rewritten_groups(rewrite: &str) -> Vec<Value> {
    let mut groups = Vec::new();
    let mut rest = rewrite.chars();
    while let Some(c) = rest.next() {
        let escaped = if c == '\\' { rest.next() } else { None };
        groups.extend(escaped.and_then(|digit| digit.to_digit(10)).map(|group| Value::Long(group.into())));
    }
    groups
}

/// The groups of a pattern in their order, with the names of those that have one.
fn group_names<'p>(pattern: &'p Hir, names: &mut Vec<Option<&'p str>>) {
    match pattern.kind() {
        HirKind::Capture(group) => {
            names.push(group.name.as_deref());
            group_names(&group.sub, names);
        }
        HirKind::Repetition(repetition) => group_names(&repetition.sub, names),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().for_each(|part| group_names(part, names));
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::Tables;
    use crate::compile_query;

    #[test]
    fn a_group_that_a_pattern_does_not_have_is_told_with_those_it_has() {
        let one = "it has one group; group 0 is the whole match";
        for (query, expected) in [
            ("print extract('(a)', 2, 'a')", Some(("2", "the pattern has no group 2", one))),
            ("print extract('(a)', -1, 'a')", Some(("-1", "the pattern has no group -1", one))),
            (
                "print extract('a', 1, 'a', typeof(long))",
                Some(("1", "the pattern has no group 1", "it has none; group 0 is the whole match")),
            ),
            (
                "print extract_all('(?P<x>a)|(b)', dynamic(['x', 'y']), 'a')",
                Some((
                    "dynamic(['x', 'y'])",
                    "the pattern has no group y",
                    "it has 2 groups; group 0 is the whole match",
                )),
            ),
            (
                "print replace_regex('a', '(a)', @'\\1 \\2')",
                Some(("@'\\1 \\2'", "the pattern has no group 2", one)),
            ),
            ("print extract('(a)(?:b)', 1, 'a')", None),
            ("print extract('a', 0, 'a')", None),
            ("print extract_all('(?P<x>a)', dynamic(['x', 1]), 'a')", None),
            ("print replace_regex('a', 'a', @'\\\\1 \\0 $1')", None),
        ] {
            let warnings = compile_query(query, &Tables::default()).unwrap().warnings;
            let told: Vec<_> = warnings
                .iter()
                .map(|it| (it.span.text(query), it.message.as_str(), it.notes[0].as_str()))
                .collect();
            assert_eq!(told, expected.into_iter().collect::<Vec<_>>(), "{query}");
        }
    }
}
