//! Which rules a state belongs to, and which of them are still the same.
//!
//! ```text
//! rules of the commit ─┐                      same ──> its state goes on
//! rules of this run ───┴─ by id, then hash ─> changed, new, gone ──> named; nothing is carried over
//! ```
//!
//! A rule is the same as long as its plan, its columns and what shapes its alerts are: words for people may change
//! without a restart of what it remembers.

use crate::Rule;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt::Write;
use xxhash_rust::xxh64::xxh64;

/// A rule as a commit remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleIdentity {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Of everything that bears on its state and its alerts.
    pub(crate) hash: u64,
}

/// Where each rule of a commit stands among those of this run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleMap {
    positions: Vec<Option<usize>>,
    /// What changed, for people: a line each.
    pub notices: Vec<String>,
}

impl RuleIdentity {
    /// What `rule` is known by.
    pub fn of(rule: &Rule) -> RuleIdentity {
        let metadata = &rule.metadata;
        let mut text = format!(
            "{:x} {:?} {} ",
            rule.fingerprint,
            rule.columns.iter().map(|column| (column.name, column.ty)).collect::<Vec<_>>(),
            rule.visible
        );
        for input in rule.inputs() {
            let columns = input.columns.iter().filter_map(|column| input.schema.columns.get(*column));
            let columns: Vec<_> = columns.map(|column| (&column.name, column.ty)).collect();
            let made = input.made.as_ref().map(|made| (made.stages, made.columns));
            let _infallible = write!(text, "{} {columns:?} {made:?} ", input.schema.name);
        }
        let shaping = (
            (&metadata.version, metadata.schedule, metadata.trigger, metadata.threshold, &metadata.dedup),
            (metadata.suppress, metadata.grouping, metadata.max_alerts, &metadata.alert_key),
            (&metadata.alert_title, metadata.alert_title.is_empty().then_some(&metadata.title)),
        );
        let _infallible = write!(text, "{shaping:?}");
        RuleIdentity {
            id: metadata.id.to_string(),
            version: metadata.version.to_string(),
            hash: xxh64(text.as_bytes(), 0),
        }
    }
}

impl RuleMap {
    /// The rules of a commit among those of this run.
    pub fn new(before: &[RuleIdentity], rules: &[&'static Rule]) -> RuleMap {
        let now: HashMap<String, (usize, RuleIdentity)> = rules
            .iter()
            .enumerate()
            .map(|(position, rule)| (rule.metadata.id.to_string(), (position, RuleIdentity::of(rule))))
            .collect();
        let mut map = RuleMap::default();
        for rule in before {
            let found = now.get(&rule.id);
            let same = found.filter(|(_, identity)| identity == rule).map(|(position, _)| *position);
            map.positions.push(same);
            map.notices.extend(match found {
                None => Some(format!("rule {} is not run any more: what it remembered is dropped", rule.id)),
                Some(_) if same.is_some() => None,
                Some((_, identity)) => Some(changed(rule, identity)),
            });
        }
        let is_new = |rule: &&&Rule| !before.iter().any(|it| it.id == rule.metadata.id);
        let started = |rule: &&Rule| {
            format!("rule {} is new: it sees only what is read from here on", rule.metadata.id)
        };
        map.notices.extend(rules.iter().filter(is_new).map(started));
        map
    }

    /// The position now of the rule that was at `position`, if it is the same.
    pub fn now(&self, position: usize) -> Option<usize> {
        self.positions.get(position).copied().flatten()
    }
}

fn changed(before: &RuleIdentity, now: &RuleIdentity) -> String {
    let versions = if before.version == now.version {
        String::new()
    } else {
        format!(" (version {}, was {})", now.version, before.version)
    };
    format!("rule {} has changed{versions}: it begins anew and sees only what is read from here on", now.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{anything, metadata};
    use rule_model::metadata::Metadata;

    #[test]
    fn only_rules_that_mean_the_same_keep_their_state() {
        let before = ["same", "worded", "stricter", "gone"].map(|id| anything(metadata(id)));
        let before = before.map(RuleIdentity::of);
        let now = [
            anything(metadata("new")),
            anything(Metadata { threshold: 2, ..metadata("stricter") }),
            anything(Metadata { description: "in other words".into(), ..metadata("worded") }),
            anything(metadata("same")),
        ];
        let map = RuleMap::new(&before, &now);
        assert_eq!([0, 1, 2, 3, 4].map(|position| map.now(position)), [Some(3), Some(2), None, None, None]);
        let named: Vec<_> = map.notices.iter().map(|notice| notice.split(' ').nth(1).unwrap()).collect();
        assert_eq!(named, ["stricter", "gone", "new"]);
    }
}
