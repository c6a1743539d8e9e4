//! The states of all rules at one moment, to be written down.

use super::segments::Location;
use super::state::State;
use crate::Rule;
use crate::checkpoint::rule_identity::RuleIdentity;
use rule_model::DateTime;
use serde::{Deserialize, Serialize};

/// The states of all rules between two records. Rows that it only names lie in segments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    rules: Vec<OfRule>,
    pub(super) first: Option<DateTime>,
    pub(super) latest: Option<DateTime>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct OfRule {
    rule: RuleIdentity,
    state: State,
}

impl Snapshot {
    pub(super) fn of<'a>(
        rules: impl Iterator<Item = (&'static Rule, &'a State)>,
        first: Option<DateTime>,
        latest: Option<DateTime>,
    ) -> Snapshot {
        let of_rule = |(rule, state): (_, &State)| OfRule {
            rule: RuleIdentity::of(rule),
            state: state.without_segments(),
        };
        Snapshot { rules: rules.map(of_rule).collect(), first, latest }
    }

    /// Where that lies which it only names.
    pub fn locations(&self) -> impl Iterator<Item = &Location> {
        self.rules.iter().flat_map(|of_rule| of_rule.state.locations())
    }
}

/// Gives each rule its state. That of a rule which is no longer the same is left out.
pub(super) fn restore(snapshot: Snapshot, rules: &mut [(&'static Rule, &mut State)]) {
    for OfRule { rule, state } in snapshot.rules {
        if let Some((_, place)) = rules.iter_mut().find(|(now, _)| RuleIdentity::of(now) == rule) {
            **place = state;
        }
    }
}
