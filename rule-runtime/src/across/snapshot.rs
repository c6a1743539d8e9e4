//! The states of all rules at one moment, to be written down.

use super::segments::Location;
use super::state::State;
use crate::Rule;
use crate::rule::Body;
use rule_model::DateTime;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh64::xxh64;

/// The states of all rules between two records. Rows that it only names lie in segments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The form of what follows: a reader of another form must not go on.
    pub form: u32,
    rules: Vec<OfRule>,
    pub(super) first: Option<DateTime>,
    pub(super) latest: Option<DateTime>,
    pub(super) next: Option<DateTime>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct OfRule {
    id: String,
    version: String,
    /// Hash of its plan and of the columns of its inputs: two builds may have the same rule under one version.
    plan: u64,
    state: State,
}

/// The form that this build writes.
pub const FORM: u32 = 1;

impl Snapshot {
    pub(super) fn of<'a>(
        rules: impl Iterator<Item = (&'static Rule, &'a State)>,
        first: Option<DateTime>,
        latest: Option<DateTime>,
        next: Option<DateTime>,
    ) -> Snapshot {
        let rules = rules.map(|(rule, state)| OfRule {
            id: rule.metadata.id.to_string(),
            version: rule.metadata.version.to_string(),
            plan: plan_hash(rule),
            state: state.without_segments(),
        });
        Snapshot { form: FORM, rules: rules.collect(), first, latest, next }
    }

    /// Where the rows lie that it only names.
    pub fn locations(&self) -> impl Iterator<Item = &Location> {
        self.rules.iter().flat_map(|of_rule| of_rule.state.locations())
    }
}

/// Gives each rule its state. What fits no rule is left out, and named in what comes back.
pub(super) fn restore(snapshot: Snapshot, rules: &mut [(&'static Rule, &mut State)]) -> Vec<String> {
    if snapshot.form != FORM {
        return vec![format!("the snapshot has form {}, this build reads form {FORM}", snapshot.form)];
    }
    let mut left_out = Vec::new();
    for of_rule in snapshot.rules {
        let OfRule { id, version, plan, state } = of_rule;
        match rules.iter_mut().find(|(rule, _)| rule.metadata.id == id) {
            Some((rule, place)) if rule.metadata.version == version && plan_hash(rule) == plan => {
                **place = state;
            }
            Some((rule, _)) => left_out.push(format!(
                "rule {id} was changed (version {version} to {}): it begins without what it kept",
                rule.metadata.version
            )),
            None => left_out.push(format!("rule {id} no longer runs: what it kept is given up")),
        }
    }
    left_out
}

/// A hash of what a state depends on: the plan, the columns that are kept, and the schedule.
pub fn plan_hash(rule: &Rule) -> u64 {
    let mut bytes = Vec::new();
    if let Body::AcrossEvents(across) = &rule.body {
        bytes.extend_from_slice(across.tail);
    }
    for input in rule.inputs() {
        bytes.extend_from_slice(input.schema.name.as_bytes());
        for column in input.columns.iter().filter_map(|column| input.schema.columns.get(*column)) {
            bytes.push(0);
            bytes.extend_from_slice(column.name.as_bytes());
            bytes.extend_from_slice(column.ty.name().as_bytes());
        }
    }
    for column in rule.columns {
        bytes.push(0);
        bytes.extend_from_slice(column.name.as_bytes());
    }
    if let Some(schedule) = rule.metadata.schedule {
        bytes.extend_from_slice(&schedule.every.0.to_le_bytes());
        bytes.extend_from_slice(&schedule.over.0.to_le_bytes());
    }
    xxh64(&bytes, 0)
}
