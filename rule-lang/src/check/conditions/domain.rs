//! The values that conditions leave to what they are about, as far as a few values can stand for all.

use super::{is_pure, same};
use rule_eval::{Context, Env, Expression};
use rule_model::plan::{Expr, ExprKind, Field, Name};
use rule_model::{DateTime, Timespan, Type, Value};

/// Values past which nothing is claimed: the work grows with their number.
const LIMIT: usize = 2_000;
/// The column that stands for what the conditions are about.
const SUBJECT: Name = Name::new_static("$subject");

/// The values that are left.
#[derive(Debug)]
pub(super) struct Domain(Vec<Value>);

/// Values that stand for all that matter.
struct Candidates {
    values: Vec<Value>,
    /// Each stands for its text in every case.
    in_any_case: bool,
}

impl Domain {
    /// What all of `conditions`, which are about `subject` alone, leave; `None` where nothing says which values there
    /// can be.
    pub(super) fn of(subject: &Expr, conditions: &[&Expr]) -> Option<Domain> {
        let listed = conditions.iter().filter_map(|condition| listed(condition, subject.ty, false));
        let Some(candidates) = listed.min_by_key(|listed| (listed.in_any_case, listed.values.len())) else {
            return Domain::within_bounds(subject, conditions);
        };
        // A condition that heeds case says nothing of texts in any case.
        let asked = conditions.iter().filter(|it| !candidates.in_any_case || ignores_case(it));
        let asked: Vec<Expression> = asked.filter_map(|condition| bound(condition, subject)).collect();
        Some(candidates.filtered(|values| asked.iter().all(|condition| values.of(condition) == Some(true))))
    }

    /// What those of the conditions leave that compare with bounds; the others may leave less.
    fn within_bounds(subject: &Expr, conditions: &[&Expr]) -> Option<Domain> {
        let mut values = Vec::new();
        let mut asked = Vec::new();
        for condition in conditions {
            if let Some(bounds) = bounds(subject, condition) {
                values.extend(bounds.values);
                asked.push(bound(condition, subject)?);
            }
        }
        if values.is_empty() || values.len() > LIMIT {
            return None;
        }
        let candidates = Candidates { values, in_any_case: false };
        Some(candidates.filtered(|values| asked.iter().all(|condition| values.of(condition) == Some(true))))
    }

    /// The values for which `condition`, which is about `subject` alone, is false; `None` where nothing says which
    /// values there can be.
    pub(super) fn excluded_by(subject: &Expr, condition: &Expr) -> Option<Domain> {
        let candidates = listed(condition, subject.ty, true).or_else(|| bounds(subject, condition))?;
        if candidates.in_any_case && !ignores_case(condition) {
            return None;
        }
        let asked = bound(condition, subject)?;
        Some(candidates.filtered(|values| values.of(&asked) == Some(false)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A value under test.
struct Probe<'a> {
    value: &'a Value,
    context: &'a mut Context,
}

impl Probe<'_> {
    fn of(&mut self, condition: &Expression) -> Option<bool> {
        let mut env = Env::new(&(), self.context);
        let value = condition.value(&mut env, std::slice::from_ref(self.value));
        // What cannot be computed is not known to be excluded.
        if self.context.take_failure().is_some() { None } else { value.as_bool() }
    }
}

impl Candidates {
    fn filtered(self, mut keep: impl FnMut(&mut Probe<'_>) -> bool) -> Domain {
        let mut context = Context::at(DateTime::UNIX_EPOCH);
        let kept = self.values.into_iter().filter(|value| keep(&mut Probe { value, context: &mut context }));
        Domain(kept.collect())
    }
}

/// The condition over one column that stands for its subject.
fn bound(condition: &Expr, subject: &Expr) -> Option<Expression> {
    let fields = [Field::new(SUBJECT, subject.ty)];
    Expression::bind(&substituted(condition, subject), &fields).ok()
}

fn substituted(expr: &Expr, subject: &Expr) -> Expr {
    if same(expr, subject) {
        return Expr::column(SUBJECT, subject.ty, expr.span);
    }
    match &expr.kind {
        ExprKind::Call(function, args) => {
            let args = args.iter().map(|arg| substituted(arg, subject)).collect();
            Expr::call(function.clone(), args, expr.ty, expr.span)
        }
        _ => expr.clone(),
    }
}

/// The values one of which the condition wants (or, `negated`, does not want); `None` where it is about something else.
fn listed(condition: &Expr, ty: Type, negated: bool) -> Option<Candidates> {
    let ExprKind::Call(function, args) = &condition.kind else {
        let values = vec![Value::Bool(!negated)];
        return (ty == Type::Bool && condition.ty == Type::Bool)
            .then_some(Candidates { values, in_any_case: false });
    };
    match (function.as_str(), negated) {
        ("not", _) => listed(args.first()?, ty, !negated),
        ("and", false) | ("or", true) => {
            let all = args.iter().filter_map(|arg| listed(arg, ty, negated));
            all.min_by_key(|listed| (listed.in_any_case, listed.values.len()))
        }
        ("and", true) | ("or", false) => {
            let all: Option<Vec<Candidates>> = args.iter().map(|arg| listed(arg, ty, negated)).collect();
            let all = all?;
            let in_any_case = all.iter().any(|listed| listed.in_any_case);
            let values: Vec<Value> = all.into_iter().flat_map(|listed| listed.values).collect();
            (values.len() <= LIMIT).then_some(Candidates { values, in_any_case })
        }
        ("==" | "in", false) | ("!=" | "!in", true) => literals(args, ty, false),
        ("=~" | "in~", false) | ("!~" | "!in~", true) => literals(args, ty, true),
        ("isempty" | "isnull", false) | ("isnotempty" | "isnotnull", true) => {
            Some(Candidates { values: vec![Value::EMPTY, Value::Null], in_any_case: false })
        }
        _ => None,
    }
}

fn literals(args: &[Expr], ty: Type, in_any_case: bool) -> Option<Candidates> {
    let mut values = Vec::new();
    for arg in args {
        match &arg.kind {
            ExprKind::Literal(Value::Array(items)) => {
                items.iter().try_for_each(|item| variants(item, ty, &mut values))?;
            }
            ExprKind::Literal(value) => variants(value, ty, &mut values)?,
            _ => {}
        }
        if values.len() > LIMIT {
            return None;
        }
    }
    // An empty list is one that is still to be filled.
    (!values.is_empty()).then_some(Candidates { values, in_any_case })
}

/// The values of a type that may be equal to a literal; `None` where that is not plain.
fn variants(literal: &Value, ty: Type, values: &mut Vec<Value>) -> Option<()> {
    match (literal, ty) {
        (Value::String(_), Type::String)
        | (Value::Bool(_), Type::Bool)
        | (Value::DateTime(_), Type::DateTime)
        | (Value::Timespan(_), Type::Timespan)
        | (Value::Guid(_), Type::Guid) => values.push(literal.clone()),
        (Value::String(text), Type::Dynamic) if !looks_like_another_type(text) => {
            values.push(literal.clone());
        }
        (Value::Int(_) | Value::Long(_) | Value::Real(_), Type::Int | Type::Long | Type::Real) => {
            let number = number(literal)?;
            values.extend(literal.as_i64().map(Value::Long));
            values.push(Value::Real(number));
        }
        _ => return None,
    }
    Some(())
}

/// Whether a text may be equal to a value that is no text.
fn looks_like_another_type(text: &str) -> bool {
    let is_word = |word: &str| text.eq_ignore_ascii_case(word);
    text.is_empty()
        || text.starts_with(|c: char| !c.is_alphabetic())
        || ["true", "false", "null"].into_iter().any(is_word)
        || text.contains(['-', ':'])
}

/// Values on, just below and just above each bound that comparisons name: between two of these all comparisons agree.
fn bounds(subject: &Expr, condition: &Expr) -> Option<Candidates> {
    if !matches!(subject.ty, Type::Int | Type::Long | Type::Real | Type::DateTime | Type::Timespan) {
        return None;
    }
    let mut values = Vec::new();
    add_bounds(condition, subject.ty, &mut values)?;
    (!values.is_empty() && values.len() <= LIMIT).then_some(Candidates { values, in_any_case: false })
}

fn add_bounds(condition: &Expr, ty: Type, values: &mut Vec<Value>) -> Option<()> {
    const COMPARISONS: &[&str] = &["<", "<=", ">", ">=", "==", "!=", "between", "!between", "in", "!in"];
    let ExprKind::Call(function, args) = &condition.kind else { return None };
    if matches!(function.as_str(), "and" | "or" | "not") {
        return args.iter().try_for_each(|arg| add_bounds(arg, ty, values));
    }
    if !COMPARISONS.contains(&function.as_str()) {
        return None;
    }
    for arg in args {
        match &arg.kind {
            ExprKind::Literal(Value::Array(items)) => {
                items.iter().try_for_each(|item| add_bound(item, ty, values))?;
            }
            ExprKind::Literal(value) => add_bound(value, ty, values)?,
            _ => {}
        }
    }
    Some(())
}

fn add_bound(bound: &Value, ty: Type, values: &mut Vec<Value>) -> Option<()> {
    match (ty, bound) {
        (Type::Int | Type::Long, Value::Int(_) | Value::Long(_) | Value::Real(_)) => {
            let below = number(bound)?.floor() as i64;
            let around = [below.saturating_sub(1), below, below.saturating_add(1), below.saturating_add(2)];
            values.extend(around.map(Value::Long));
        }
        (Type::Real, Value::Int(_) | Value::Long(_) | Value::Real(_)) => {
            let number = number(bound)?;
            values.extend([number.next_down(), number, number.next_up()].map(Value::Real));
        }
        (Type::DateTime, Value::DateTime(time)) => {
            let around = [time.0.saturating_sub(1), time.0, time.0.saturating_add(1)];
            values.extend(around.map(|ticks| Value::DateTime(DateTime(ticks))));
        }
        (Type::Timespan, Value::Timespan(span)) => {
            let around = [span.0.saturating_sub(1), span.0, span.0.saturating_add(1)];
            values.extend(around.map(|ticks| Value::Timespan(Timespan(ticks))));
        }
        _ => return None,
    }
    Some(())
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Real(number) => Some(*number),
        other => other.as_i64().map(|number| number as f64),
    }
}

/// Whether a condition says the same of a text whatever its case.
fn ignores_case(condition: &Expr) -> bool {
    const TESTS: &[&str] = &[
        "=~",
        "!~",
        "in~",
        "!in~",
        "contains",
        "!contains",
        "has",
        "!has",
        "hasprefix",
        "!hasprefix",
        "hassuffix",
        "!hassuffix",
        "startswith",
        "!startswith",
        "endswith",
        "!endswith",
        "has_any",
        "has_all",
        "isempty",
        "isnotempty",
        "isnull",
        "isnotnull",
    ];
    match &condition.kind {
        ExprKind::Call(function, args) if matches!(function.as_str(), "and" | "or" | "not") => {
            args.iter().all(ignores_case)
        }
        ExprKind::Call(function, _) => TESTS.contains(&function.as_str()) && is_pure(function),
        _ => false,
    }
}
