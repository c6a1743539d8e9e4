//! Why a query gives no row for the events of a test: the operator that leaves none, and the values that decided there.
//!
//! ```text
//! source ─ operator ─ … ─ operator that leaves no row
//!   │                        ├ where: the conditions that decided, with the values they looked at
//!   │                        ├ join: why its right side is empty, or the keys that differ
//!   │                        └ mv-apply: the same of what it does with each element
//!   └ no row: the same of the `let` or of the inputs of the union that it is
//! ```

use super::trial::shown;
use crate::{Diagnostic, one_line, walk};
use rule_eval::Context;
use rule_eval::evaluate::trace::trace;
use rule_eval::evaluate::verdict::{Part, Verdict};
use rule_eval::evaluate::{Tables, evaluate};
use rule_model::plan::{
    Assignment, Expr, Field, Join, JoinKind, MvApply, Operator, Plan, Query, Source, Span, Stage,
};

/// What to do about a rule that stays silent.
const MEND: &str = "mend the condition or the event, or write `silent`";
/// Tests of one condition that a message shows; an `or` can have hundreds.
const SHOWN_TESTS: usize = 6;
/// Values of a join's key that a message shows of each side.
const SHOWN_KEYS: usize = 3;
/// Characters of a condition or operator that a message shows.
const SHOWN_CHARS: usize = 120;

/// A few events as tables.
pub trait Events: Tables {
    /// Whether some event is of this table.
    fn has(&self, table: &str) -> bool;

    /// What the query is evaluated in.
    fn context(&self) -> Context;
}

/// Why a query whose text is `text` gives no row for `events`: a line for each condition that decided.
pub fn reasons(plan: &Plan, text: &str, events: &dyn Events) -> Vec<String> {
    because(Diagnostic::error(Span::new(0, 0), ""), plan, text, events).notes
}

/// The fault of a query without result, with the conditions that decided and what would make them hold.
pub(super) fn because(fault: Diagnostic, plan: &Plan, text: &str, events: &dyn Events) -> Diagnostic {
    let steps = match trace(plan, events, &mut events.context()) {
        Ok(steps) => steps,
        Err(error) => return fault.note(error.message).help(MEND),
    };
    let Some(step) = steps.iter().find(|step| step.rows == 0) else {
        return without_source(fault, plan, text, events);
    };
    if let Some((at, join)) = operator(plan, step.span, |operator| match operator {
        Operator::Join(join) => Some(join),
        _ => None,
    }) {
        return unjoined(fault, plan, at, join, text, events);
    }
    if let Some((at, apply)) = operator(plan, step.span, |operator| match operator {
        Operator::MvApply(apply) => Some(apply),
        _ => None,
    }) {
        return unapplied(fault, plan, at, apply, text, events);
    }
    let tests: Vec<&Verdict> = step.verdicts.first().map(deciding).unwrap_or_default();
    if tests.is_empty() {
        return fault.note(format!("`{}` leaves no row", first_line(step.span, text))).help(MEND);
    }
    let fault = tests.iter().take(SHOWN_TESTS).fold(fault, |fault, test| fault.note(line(test, text)));
    let near_miss = tests.iter().find_map(|test| match &test.part {
        Part::Test { near_miss, .. } => *near_miss,
        _ => None,
    });
    fault.help(near_miss.map_or_else(|| MEND.to_owned(), |near_miss| near_miss.to_string()))
}

/// There is no row to begin with: what the query reads is itself a query, or no event is of its table.
fn without_source(fault: Diagnostic, plan: &Plan, text: &str, events: &dyn Events) -> Diagnostic {
    let part = |root: &Query| Plan {
        bindings: plan.bindings.clone(),
        visible: root.output().len(),
        root: root.clone(),
    };
    let parts: Vec<Plan> = match innermost(&plan.root) {
        Source::Binding(index) => plan.bindings.get(*index).map(part).into_iter().collect(),
        Source::Union(union) => union.inputs.iter().map(|input| part(&input.query)).collect(),
        _ => Vec::new(),
    };
    let has_events = |part: &&Plan| walk::tables(part).into_iter().any(|table| events.has(table));
    let parts: Vec<&Plan> = parts.iter().filter(has_events).collect();
    if parts.is_empty() {
        let fault = fault.note("there is no event of the table that the query begins with");
        return fault.help("give the test one: `Table { … }`");
    }
    parts.into_iter().fold(fault, |fault, part| because(fault, part, text, events))
}

/// What a query reads, without parentheses around it.
fn innermost(query: &Query) -> &Source {
    match &query.source {
        Source::Query(inner) => innermost(inner),
        source => source,
    }
}

/// The operator of the root that is written at `span`, and its position.
fn operator<'p, T>(plan: &'p Plan, span: Span, of: impl Fn(&'p Operator) -> Option<T>) -> Option<(usize, T)> {
    let mut stages = plan.root.stages.iter().enumerate();
    stages.find_map(|(at, stage)| Some((at, of(&stage.operator).filter(|_| stage.span == span)?)))
}

/// A join that leaves no row.
fn unjoined(
    fault: Diagnostic,
    plan: &Plan,
    at: usize,
    join: &Join,
    text: &str,
    events: &dyn Events,
) -> Diagnostic {
    let written = first_line(plan.root.stages[at].span, text);
    let visible = join.right.output().len();
    let right = Plan { bindings: plan.bindings.clone(), root: join.right.clone(), visible };
    let is_empty = evaluate(&right, events, &mut events.context()).is_ok_and(|right| right.rows.is_empty());
    if is_empty {
        return because(
            fault.note(format!("the right side of `{written}` has no row")),
            &right,
            text,
            events,
        );
    }
    let fault = fault.note(format!("`{written}` leaves no row")).help(MEND);
    if matches!(join.kind, JoinKind::LeftAnti | JoinKind::RightAnti) {
        return fault.note("each row has its key on the other side");
    }
    let mut left = plan.clone();
    left.root.stages.truncate(at);
    let differing = join.on.iter().filter_map(|(of_left, of_right)| {
        let (on_left, on_right) = (keys(&left, of_left, events), keys(&right, of_right, events));
        let is_apart = on_left.iter().all(|key| !on_right.contains(key));
        is_apart.then(|| {
            let of = |key: &Expr| first_line(key.span, text);
            let few = |keys: &[String]| keys[..keys.len().min(SHOWN_KEYS)].join(", ");
            let (left, right) = (few(&on_left), few(&on_right));
            if of(of_left) == of(of_right) {
                format!("`{}` is {left} on the left side, {right} on the right one", of(of_left))
            } else {
                format!(
                    "`{}` is {left} on the left side, `{}` is {right} on the right one",
                    of(of_left),
                    of(of_right)
                )
            }
        })
    });
    differing.fold(fault, Diagnostic::note)
}

/// The different values of a key, as a message shows them.
fn keys(side: &Plan, key: &Expr, events: &dyn Events) -> Vec<String> {
    let mut plan = side.clone();
    let name = rule_model::plan::Name::new_static("$key");
    let output = vec![Field::new(name.clone(), key.ty)];
    let project = Operator::Project(vec![Assignment { name, value: key.clone() }]);
    plan.root.stages.push(Stage { operator: project, output, open: false, span: key.span });
    plan.visible = 1;
    let mut keys = Vec::new();
    for row in evaluate(&plan, events, &mut events.context()).map(|table| table.rows).unwrap_or_default() {
        let key = row.first().map(shown).unwrap_or_default();
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// An `mv-apply` that leaves no row: the same of what it does with the elements, as if they were rows.
fn unapplied(
    fault: Diagnostic,
    plan: &Plan,
    at: usize,
    apply: &MvApply,
    text: &str,
    events: &dyn Events,
) -> Diagnostic {
    let span = plan.root.stages[at].span;
    let mut expanded = plan.clone();
    expanded.root.stages.truncate(at);
    let expand = Operator::MvExpand(apply.expand.clone());
    expanded.root.stages.push(Stage {
        operator: expand,
        output: apply.body.columns.clone(),
        open: false,
        span,
    });
    expanded.root.stages.extend(apply.body.stages.iter().cloned());
    expanded.visible = expanded.root.output().len();
    let decides = trace(&expanded, events, &mut events.context())
        .is_ok_and(|steps| steps.iter().any(|step| step.rows == 0 && step.span != span));
    if decides {
        return because(fault, &expanded, text, events);
    }
    fault.note(format!("`{}` leaves no row", first_line(span, text))).help(MEND)
}

/// The single tests that settled a condition: of an `or` that does not hold, those of all its parts.
fn deciding(verdict: &Verdict) -> Vec<&Verdict> {
    match &verdict.decided_by().part {
        Part::All(parts) | Part::Any(parts) => parts.iter().flat_map(deciding).collect(),
        Part::Not(_) | Part::Test { .. } => vec![verdict.decided_by()],
    }
}

/// Verdict and values on one line: `` `a == "x"` is false: a is "y" ``.
fn line(verdict: &Verdict, text: &str) -> String {
    let (part, word) = (first_line(verdict.span, text), verdict.word());
    let operands = match &verdict.part {
        Part::Test { operands, .. } => operands.as_slice(),
        Part::Not(inner) => match &inner.part {
            Part::Test { operands, .. } => operands.as_slice(),
            _ => &[],
        },
        Part::All(_) | Part::Any(_) => &[],
    };
    let values: Vec<String> = operands
        .iter()
        .map(|operand| format!("{} is {}", operand.name(text), shown(&operand.value)))
        .collect();
    if values.is_empty() {
        format!("`{part}` is {word}")
    } else {
        format!("`{part}` is {word}: {}", values.join(", "))
    }
}

/// The text at a place, on one line and not too long for a message.
fn first_line(span: Span, text: &str) -> String {
    let written = span.text(text).trim_start_matches(['|', ' ', '\t', '\r', '\n']);
    let words = one_line(written);
    match words.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}
