//! Which rules run: `--rules`, `--exclude` and `--min-severity`.

use crate::failure::Failure;
use crate::nearest::nearest;
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

/// The failure of a name that no rule has as its id, with the rules that were probably meant.
fn unknown(ruleset: &Ruleset, name: &str) -> Failure {
    let meant = meant(ruleset, name);
    let hint =
        if meant.is_empty() { String::new() } else { format!("; did you mean {}?", meant.join(" or ")) };
    Failure::Usage(format!("no rule is called \"{name}\"{hint} (`rules` lists all)"))
}

/// The ids of the rules that a name was meant for: of the one whose id, title or module is spelt most like it, else of a few
/// whose title or module has it as a part. With the title where it was not the id.
fn meant(ruleset: &Ruleset, name: &str) -> Vec<String> {
    const FEW: usize = 3;
    let wanted = words(name);
    let names: Vec<(String, String)> = ruleset.rules.iter().flat_map(|rule| names(rule)).collect();
    let near = nearest(&wanted, names.iter().map(|(name, _)| name.as_str()));
    if let Some((_, meant)) = names.iter().find(|(name, _)| Some(name.as_str()) == near) {
        return vec![meant.clone()];
    }
    let has_it = |rule: &&&'static Rule| self::names(rule).iter().any(|(name, _)| name.contains(&wanted));
    let having: Vec<String> = ruleset.rules.iter().filter(has_it).map(|rule| with_title(rule)).collect();
    if wanted.is_empty() || having.len() > FEW { Vec::new() } else { having }
}

/// What a rule may be called, each with what to offer for it.
fn names(rule: &Rule) -> [(String, String); 3] {
    let (id, title) = (rule.metadata.id.as_ref(), rule.metadata.title.as_ref());
    let module = rule.module.rsplit("::").next().unwrap_or_default();
    [(words(id), id.to_owned()), (words(title), with_title(rule)), (words(module), with_title(rule))]
}

fn with_title(rule: &Rule) -> String {
    format!("{} ({})", rule.metadata.id, rule.metadata.title)
}

/// A name in small letters, its words parted by one blank whatever parts them.
fn words(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
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
