//! Why a query gives no row for the events of a test: the operator that leaves none, and the values that decided there.
//!
//! ```text
//! source ─ operator ─ … ─ operator that leaves no row
//!   │                        ├ where: the conditions that decided, with the values they looked at
//!   │                        ├ join: why its right side is empty, or the keys that differ
//!   │                        └ mv-apply: the same of what it does with each element
//!   └ no row: the same of the `let` or of the inputs of the union that it is
//! ```

use super::astray;
use super::trial::shown;
use crate::{Diagnostic, one_line, walk};
use rule_eval::Context;
use rule_eval::evaluate::trace::{Step, trace};
use rule_eval::evaluate::verdict::{self, Operand, Part, Verdict};
use rule_eval::evaluate::{Tables, evaluate};
use rule_model::Value;
use rule_model::plan::{
    Assignment, Expr, Field, Join, JoinKind, MvApply, Name, Operator, Plan, Query, Source, Span, Stage,
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
    let astray = step.input.rows.first().and_then(|row| {
        let operands =
            tests.iter().flat_map(|test| test.operands()).filter(|operand| operand.value.is_null());
        let mut paths = operands.filter_map(|operand| operand.path.as_deref());
        paths.find_map(|path| astray::of(path, &step.input.columns, row))
    });
    let astray = astray.or_else(|| computed_astray(plan, &steps, step, &tests));
    if let Some((note, help)) = astray {
        return fault.note(note).help(help);
    }
    fault.help(laxer(&tests).unwrap_or_else(|| MEND.to_owned()))
}

/// The same of the paths that a column was computed from which decided with no value.
fn computed_astray(
    plan: &Plan,
    steps: &[Step],
    decided: &Step,
    tests: &[&Verdict],
) -> Option<(String, String)> {
    let has_none = |operand: &&Operand| operand.value.is_null() || operand.value == Value::EMPTY;
    let columns = tests.iter().flat_map(|test| test.operands()).filter(has_none);
    let columns: Vec<&str> = columns.filter_map(|operand| operand.path.as_deref()).collect();
    // As many rows as there: the first is the same.
    let before = steps.iter().take_while(|step| step.span != decided.span);
    let before = before.filter(|step| step.input.rows.len() == decided.input.rows.len());
    let mut astray = None;
    for step in before {
        let Some(row) = step.input.rows.first() else { continue };
        let made = operator(plan, step.span, |operator| match operator {
            Operator::Extend(made) | Operator::Project(made) => Some(made),
            _ => None,
        });
        for made in made.into_iter().flat_map(|(_, made)| made) {
            if columns.contains(&made.name.as_str()) {
                walk::expressions(&made.value, &mut |expr| {
                    let path = verdict::path(expr).filter(|path| path.contains(['.', '[']));
                    let found = path.and_then(|path| astray::of(&path, &step.input.columns, row));
                    astray = astray.take().or(found);
                });
            }
        }
    }
    astray
}

/// The operators that would have come to the opposite, each once, as a `help:` says them.
pub(super) fn laxer(tests: &[&Verdict]) -> Option<String> {
    let mut near_misses: Vec<String> = Vec::new();
    for near_miss in tests.iter().take(SHOWN_TESTS).filter_map(|test| test.near_miss()) {
        let near_miss = near_miss.to_string();
        if !near_misses.contains(&near_miss) {
            near_misses.push(near_miss);
        }
    }
    (!near_misses.is_empty()).then(|| near_misses.join(", "))
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
        let mut tables: Vec<&str> = walk::tables(plan).into_iter().map(Name::as_str).collect();
        tables.dedup();
        let fault = fault.note(format!("there is no event of {}", tables.join(" and none of ")));
        let table = tables.first().copied().unwrap_or("Table");
        return fault.help(format!("give the test one: `{table} {{ … }}`"));
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
    let mut is_case = false;
    let differing = join.on.iter().filter_map(|(of_left, of_right)| {
        let (on_left, on_right) = (keys(&left, of_left, events), keys(&right, of_right, events));
        let is_apart = on_left.iter().all(|key| !on_right.contains(key));
        let folded: Vec<String> = on_right.iter().map(|key| key.to_lowercase()).collect();
        is_case |= is_apart && on_left.iter().any(|key| folded.contains(&key.to_lowercase()));
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
    let fault = differing.fold(fault, Diagnostic::note);
    if !is_case {
        return fault;
    }
    let fault = fault.note("a join heeds the case of its keys");
    fault.help("make both keys of one case before the join: `extend Key = tolower(…)`")
}

/// The different values of a key, as a message shows them.
fn keys(side: &Plan, key: &Expr, events: &dyn Events) -> Vec<String> {
    let mut plan = side.clone();
    let name = Name::new_static("$key");
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
pub(super) fn line(verdict: &Verdict, text: &str) -> String {
    let (part, word) = (first_line(verdict.span, text), verdict.word());
    let values: Vec<String> = verdict
        .operands()
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
