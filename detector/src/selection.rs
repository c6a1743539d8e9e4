//! Which rules run: `--rules`, `--exclude` and `--min-severity`.

use crate::failure::Failure;
use crate::nearest::suggestion;
use clap::{Arg, ArgAction, ArgMatches};
use rule_model::metadata::Severity;
use rule_runtime::{Rule, Ruleset};

/// The arguments, for every command that selects rules.
pub(crate) fn arguments() -> [Arg; 3] {
    let list = |name: &'static str| {
        Arg::new(name).long(name).value_name("ID|GLOB,…").value_delimiter(',').action(ArgAction::Append)
    };
    [
        list("rules").help("Only these rules; a rule that is off by default runs when named by its id"),
        list("exclude").help("Not these rules"),
        Arg::new("min-severity")
            .long("min-severity")
            .value_name("SEVERITY")
            .value_parser(severity)
            .help("Only rules of this severity or worse: informational, low, medium, high, critical"),
    ]
}

/// The selected rules in the order of the rule set, without those that are off unless named.
pub(crate) fn select(ruleset: &Ruleset, matches: &ArgMatches) -> Result<Vec<&'static Rule>, Failure> {
    let named = patterns(matches, "rules");
    let mut selected = listed(ruleset, matches)?;
    selected.retain(|rule| rule.metadata.enabled || named.contains(&rule.metadata.id.as_ref()));
    Ok(selected)
}

/// The selected rules, those that are off among them.
pub(crate) fn listed(ruleset: &Ruleset, matches: &ArgMatches) -> Result<Vec<&'static Rule>, Failure> {
    let rules = patterns(matches, "rules");
    let exclude = patterns(matches, "exclude");
    for pattern in rules.iter().chain(&exclude) {
        known(ruleset, pattern)?;
    }
    let least = matches.get_one::<Severity>("min-severity").copied().unwrap_or(Severity::Informational);
    let selected = ruleset.rules.iter().copied().filter(|rule| {
        let id = rule.metadata.id.as_ref();
        let wanted = rules.is_empty() || rules.iter().any(|pattern| glob(pattern, id));
        wanted && !exclude.iter().any(|pattern| glob(pattern, id)) && rule.metadata.severity >= least
    });
    Ok(selected.collect())
}

/// The rules that ids or globs name, in the order of the rule set; all where none is named.
pub(crate) fn named(ruleset: &Ruleset, patterns: &[&str]) -> Result<Vec<&'static Rule>, Failure> {
    let is_meant = |pattern: &str, id: &str| glob(pattern, id) || pattern.eq_ignore_ascii_case(id);
    let ids = || ruleset.rules.iter().map(|rule| rule.metadata.id.as_ref());
    if let Some(pattern) = patterns.iter().find(|pattern| !ids().any(|id| is_meant(pattern, id))) {
        return Err(unknown(ruleset, pattern));
    }
    let selected = ruleset.rules.iter().copied().filter(|rule| {
        patterns.is_empty() || patterns.iter().any(|pattern| is_meant(pattern, &rule.metadata.id))
    });
    Ok(selected.collect())
}

/// The rule of this id, in any case.
pub(crate) fn find(ruleset: &Ruleset, id: &str) -> Result<&'static Rule, Failure> {
    let rule = ruleset.rules.iter().copied().find(|rule| rule.metadata.id.eq_ignore_ascii_case(id));
    rule.ok_or_else(|| unknown(ruleset, id))
}

fn patterns<'m>(matches: &'m ArgMatches, name: &str) -> Vec<&'m str> {
    matches.get_many::<String>(name).into_iter().flatten().map(String::as_str).collect()
}

fn known(ruleset: &Ruleset, pattern: &str) -> Result<(), Failure> {
    if ruleset.rules.iter().map(|rule| rule.metadata.id.as_ref()).any(|id| glob(pattern, id)) {
        return Ok(());
    }
    Err(unknown(ruleset, pattern))
}

fn unknown(ruleset: &Ruleset, name: &str) -> Failure {
    let hint = suggestion(name, ruleset.rules.iter().map(|rule| rule.metadata.id.as_ref()));
    Failure::Usage(format!("no rule is called \"{name}\"{hint} (`rules` lists all)"))
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::named(text).ok_or_else(|| {
        let names: Vec<_> = Severity::ALL.iter().map(|severity| severity.name().to_lowercase()).collect();
        format!("write one of {}", names.join(", "))
    })
}

/// Whether `text` is as the pattern says: `*` is any text, `?` any character, all else itself.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Where the last star was, and how much of the text it takes so far.
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                (p, t) = (at + 1, taken + 1);
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_take_what_they_say() {
        for (pattern, text, matches) in [
            ("Intune.*", "Intune.NewDevice", true),
            ("*role*", "microsoft-365-role-assignment", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b", "xaxxab", true),
            ("*a*b", "xaxxabc", false),
            ("", "", true),
            ("*", "", true),
            ("abc", "abcd", false),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
