//! Why a query gives a row for events that should give none: the conditions that hold only because they heed case, or
//! look at whole terms.

use super::silence::{Events, laxer, line};
use crate::Diagnostic;
use rule_eval::evaluate::trace::trace;
use rule_eval::evaluate::verdict::{Part, Verdict};
use rule_model::plan::Plan;

/// The fault of an alert, with the conditions that a laxer operator would have made false; otherwise with `mend`.
pub(super) fn because(
    fault: Diagnostic,
    plan: &Plan,
    text: &str,
    events: &dyn Events,
    mend: &str,
) -> Diagnostic {
    let steps = trace(plan, events, &mut events.context()).unwrap_or_default();
    let passed = steps.iter().flat_map(|step| &step.verdicts).filter(|verdict| verdict.truth == Some(true));
    let mut tests: Vec<&Verdict> = passed.flat_map(|verdict| behind(verdict, true)).collect();
    // Each once, of the first row on which it decided.
    let mut told = Vec::new();
    tests.retain(|test| {
        let is_new = test.near_miss().is_some() && !told.contains(&test.span);
        told.extend(is_new.then_some(test.span));
        is_new
    });
    let Some(help) = laxer(&tests) else { return fault.help(mend) };
    tests.iter().fold(fault, |fault, test| fault.note(line(test, text))).help(help)
}

/// The single tests without any of which the whole would not have come to `truth`.
fn behind(verdict: &Verdict, truth: bool) -> Vec<&Verdict> {
    if verdict.truth != Some(truth) {
        return Vec::new();
    }
    let settling = |part: &&Verdict| part.truth == Some(truth);
    match &verdict.part {
        Part::All(parts) | Part::Any(parts) => {
            let needs_all = truth == matches!(verdict.part, Part::All(_));
            let is_needed = needs_all || parts.iter().filter(settling).count() == 1;
            let parts = parts.iter().filter(|_| is_needed);
            parts.flat_map(|part| behind(part, truth)).collect()
        }
        Part::Not(inner) if !matches!(inner.part, Part::Test { .. }) => behind(inner, !truth),
        Part::Not(_) | Part::Test { .. } => vec![verdict],
    }
}
