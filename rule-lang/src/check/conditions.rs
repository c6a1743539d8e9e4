//! Conditions that can never hold, that always hold, and that repeat an earlier one.
//!
//! ```text
//! where a and b | extend x | where c      conjuncts a, b, c; each is asked with those before it that still speak of
//!                                         the same row: can all hold of one value?
//! ```
//!
//! The question is answered by the evaluator. Of conditions that read one value and nothing else, some say which
//! values it can have: `==`, `in`, `isempty()` list them, comparisons bound them. All conditions are asked of these few
//! values; if none passes, none can. Where no condition says which values there can be, nothing is claimed.

mod domain;
mod relative;
mod same;

use super::known;
use crate::lexer::{self, Dashes, Kind};
use crate::planning::conjuncts;
use crate::{Diagnostic, walk};
use domain::Domain;
use rule_eval::function::Stability;
use rule_model::plan::{Assignment, Expr, ExprKind, JoinKind, Name, Operator, ParsePart, Plan, Query, Span};
use rule_model::{Type, Value};
use same::{complement, same};

/// What is wrong with the conditions of `plan`, whose spans are ranges of `text`.
pub(crate) fn check(plan: &Plan, text: &str) -> Vec<Diagnostic> {
    let at_one_time = relative::at_one_time(plan);
    let mut checker = Checker { text, found: Vec::new() };
    walk::queries(at_one_time.as_ref().unwrap_or(plan)).into_iter().for_each(|query| checker.query(query));
    checker.found
}

struct Checker<'p> {
    text: &'p str,
    found: Vec<Diagnostic>,
}

impl<'p> Checker<'p> {
    fn query(&mut self, query: &'p Query) {
        let mut known: Vec<&'p Expr> = Vec::new();
        for stage in &query.stages {
            if let Operator::Where(predicate) = &stage.operator {
                for conjunct in conjuncts(predicate) {
                    if self.condition(conjunct, &known) && is_lasting(conjunct) {
                        known.push(conjunct);
                    }
                }
            } else {
                for expr in walk::of_operator(&stage.operator) {
                    self.within(expr);
                }
                known.retain(|condition| survives(condition, &stage.operator));
            }
        }
    }

    /// Checks a condition of a `where`, of whose rows the `known` ones hold; whether nothing is wrong with it.
    fn condition(&mut self, condition: &'p Expr, known: &[&'p Expr]) -> bool {
        let fault = self
            .constant(condition)
            .or_else(|| self.repeated(condition, known))
            .or_else(|| self.never(condition, known))
            .or_else(|| self.always(condition));
        match fault {
            Some(fault) => {
                self.found.push(fault);
                false
            }
            None => self.alternatives(condition, known),
        }
    }

    /// Checks each operand of an `or` for itself; whether nothing is wrong with them.
    fn alternatives(&mut self, condition: &'p Expr, known: &[&'p Expr]) -> bool {
        let mut is_sound = true;
        for alternative in disjuncts(condition) {
            if std::ptr::eq(alternative, condition) {
                continue;
            }
            let mut known = known.to_vec();
            for part in conjuncts(alternative) {
                if let Some(fault) = self.constant(part).or_else(|| self.never(part, &known)) {
                    self.found.push(fault);
                    is_sound = false;
                    break;
                }
                is_sound &= self.alternatives(part, &known);
                known.push(part);
            }
        }
        is_sound
    }

    /// Checks the conditions within an expression that is no condition of a `where`, such as that of `countif()`.
    fn within(&mut self, expr: &'p Expr) {
        match &expr.kind {
            ExprKind::Call(function, _) if matches!(function.as_str(), "and" | "or") => {
                let mut known = Vec::new();
                for part in conjuncts(expr) {
                    if let Some(fault) = self.never(part, &known) {
                        self.found.push(fault);
                        return;
                    }
                    self.alternatives(part, &known);
                    known.push(part);
                }
            }
            ExprKind::Call(_, args) => args.iter().for_each(|arg| self.within(arg)),
            ExprKind::Property(inner, _) => self.within(inner),
            _ => {}
        }
    }

    /// A constant. One that names a `let` is a switch of the author's, and `*` stands for any row.
    fn constant(&self, condition: &Expr) -> Option<Diagnostic> {
        let ExprKind::Literal(value) = &condition.kind else { return None };
        if names_anything(condition.span.text(self.text)) {
            return None;
        }
        let is_true = *value == Value::Bool(true);
        let fault = if is_true {
            always_holds(condition.span)
        } else {
            never_holds(condition.span).help("compare a column, or leave it out")
        };
        Some(fault.note(format!("it is the constant {}", rule_eval::json::display(value))))
    }

    fn repeated(&self, condition: &Expr, known: &[&Expr]) -> Option<Diagnostic> {
        let earlier = known.iter().find(|earlier| same(earlier, condition))?;
        let fault = Diagnostic::error(condition.span, "this condition repeats an earlier one")
            .note("every row that comes here meets it");
        let earlier = self.shown(earlier);
        let is_equal = earlier == self.shown(condition);
        let fault = if is_equal { fault } else { fault.note(format!("`{earlier}` says the same")) };
        Some(fault.help("leave it out"))
    }

    /// The condition can never hold, by itself or with those that are known to.
    fn never(&self, condition: &Expr, known: &[&Expr]) -> Option<Diagnostic> {
        let span = condition.span;
        if let Some(note) = compares_with_itself(condition, false) {
            return Some(never_holds(span).note(note));
        }
        if let Some(null) = self.null_operand(condition) {
            let note = format!("`{null}` is null, and nothing is equal to null, before it or after it");
            return Some(never_holds(span).note(note).help("mend the value, or test with isnull(…)"));
        }
        if let Some(other) = known.iter().find(|other| complement(other, condition)) {
            return Some(never_holds(span).note(format!("`{}` must hold, too", self.shown(other))));
        }
        let subject = subject(condition)?;
        if Domain::of(subject, &[condition]).is_some_and(|domain| domain.is_empty()) {
            return Some(never_holds(span).note(format!("no value of {} passes", self.shown(subject))));
        }
        let about_it =
            |other: &&&Expr| crate::check::conditions::subject(other).is_some_and(|it| same(it, subject));
        let others: Vec<&Expr> = known.iter().filter(about_it).copied().collect();
        let conflict = |others: &[&Expr]| {
            let all: Vec<&Expr> = others.iter().copied().chain([condition]).collect();
            Domain::of(subject, &all).is_some_and(|domain| domain.is_empty())
        };
        // The one other condition that excludes it, where there is such a one.
        if let Some(other) = others.iter().find(|other| conflict(&[**other])) {
            return Some(never_holds(span).note(format!("`{}` must hold, too", self.shown(other))));
        }
        (others.len() > 1 && conflict(&others)).then(|| {
            let shown: Vec<String> = others.iter().map(|other| format!("`{}`", self.shown(other))).collect();
            never_holds(span).note(format!("{} must hold, too", shown.join(" and ")))
        })
    }

    /// The text of a constant null that a condition compares with. One that names a `let` is a switch of the author's.
    fn null_operand(&self, condition: &Expr) -> Option<String> {
        let ExprKind::Call(function, args) = &condition.kind else { return None };
        let is_null = |arg: &&Expr| {
            matches!(arg.kind, ExprKind::Literal(Value::Null))
                && arg.ty != Type::Dynamic
                && !names_anything(arg.span.text(self.text))
        };
        let compares = matches!(function.as_str(), "==" | "<" | "<=" | ">" | ">=");
        let null = if compares { args.iter().find(is_null) } else { None };
        null.map(|null| self.shown(null))
    }

    /// The condition holds whatever the row.
    fn always(&self, condition: &Expr) -> Option<Diagnostic> {
        let span = condition.span;
        let note = compares_with_itself(condition, true).or_else(|| finds_nothing_sought(condition));
        if let Some(note) = note {
            return Some(always_holds(span).note(note));
        }
        let alternatives = disjuncts(condition);
        let opposite = alternatives.iter().enumerate().find_map(|(at, left)| {
            alternatives[..at].iter().find(|right| complement(left, right)).map(|right| (left, right))
        });
        if let Some((left, right)) = opposite {
            let (left, right) = (self.shown(right), self.shown(left));
            return Some(always_holds(span).note(format!("either `{left}` holds or `{right}`")));
        }
        let subject = subject(condition)?;
        let excluded = Domain::excluded_by(subject, condition)?;
        excluded
            .is_empty()
            .then(|| always_holds(span).note(format!("no value of {} is excluded", self.shown(subject))))
    }

    /// The text of an expression, on one line.
    fn shown(&self, expr: &Expr) -> String {
        expr.span.text(self.text).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn never_holds(span: Span) -> Diagnostic {
    Diagnostic::error(span, "this condition can never hold")
        .help("mend it, or write `or` where either may hold")
}

fn always_holds(span: Span) -> Diagnostic {
    Diagnostic::error(span, "this condition always holds").help("leave it out, or compare with what is meant")
}

/// The operands of nested `or`s.
fn disjuncts(condition: &Expr) -> Vec<&Expr> {
    match &condition.kind {
        ExprKind::Call(function, args) if function == "or" => args.iter().flat_map(disjuncts).collect(),
        _ => vec![condition],
    }
}

/// Whether names stand in a text that are not those of functions, or `*`.
fn names_anything(text: &str) -> bool {
    let (tokens, _) = lexer::tokens(text, Dashes::Signs);
    let next_opens = |at: usize| tokens.get(at + 1).is_some_and(|next| next.text == "(");
    tokens.iter().enumerate().any(|(at, token)| match token.kind {
        Kind::Word(_) => !token.text.starts_with('!') && !known::is_infix(token.text) && !next_opens(at),
        Kind::Sign => token.text == "*",
        _ => false,
    })
}

/// The value that a condition is about: the only operand that is no constant, the same in all of its tests.
fn subject(condition: &Expr) -> Option<&Expr> {
    match &condition.kind {
        ExprKind::Column(_) | ExprKind::Property(..) => Some(condition),
        ExprKind::Call(function, args) if matches!(function.as_str(), "and" | "or" | "not") => {
            let mut subjects = args.iter().map(subject);
            let first = subjects.next()??;
            subjects.all(|other| other.is_some_and(|other| same(first, other))).then_some(first)
        }
        ExprKind::Call(function, args) => {
            let mut varying = args.iter().filter(|arg| !matches!(arg.kind, ExprKind::Literal(_)));
            let one = varying.next().filter(|_| varying.next().is_none())?;
            (is_pure(function) && is_lasting(one)).then_some(one)
        }
        _ => None,
    }
}

fn is_pure(function: &str) -> bool {
    rule_eval::function(function).is_some_and(|entry| entry.stability == Stability::Pure)
}

/// Whether the value is the same each time it is computed for a row, whatever rows are around it.
fn is_lasting(expr: &Expr) -> bool {
    let mut lasting = true;
    walk::expressions(expr, &mut |expr| match &expr.kind {
        ExprKind::Call(function, _) => {
            let stability = rule_eval::function(function).map(|entry| entry.stability);
            lasting &= matches!(stability, Some(Stability::Pure | Stability::Query));
        }
        ExprKind::ToScalar(_) | ExprKind::FirstColumn(_) => lasting = false,
        _ => {}
    });
    lasting
}

/// A comparison of a value with itself that gives `truth`.
fn compares_with_itself(condition: &Expr, truth: bool) -> Option<String> {
    const HOLD: &[&str] =
        &["==", "<=", ">=", "=~", "has", "contains", "startswith", "endswith", "contains_cs"];
    const FAIL: &[&str] =
        &["!=", "<", ">", "!~", "!has", "!contains", "!startswith", "!endswith", "!contains_cs"];
    let ExprKind::Call(function, args) = &condition.kind else { return None };
    let [left, right] = args.as_slice() else { return None };
    let is_literal = matches!(left.kind, ExprKind::Literal(_));
    let listed = if truth { HOLD } else { FAIL };
    let fits = listed.contains(&function.as_str()) && !is_literal && is_lasting(left) && same(left, right);
    fits.then(|| "it compares a value with itself".to_owned())
}

/// A search for what every text holds: the empty text, or a pattern that nothing need match.
fn finds_nothing_sought(condition: &Expr) -> Option<String> {
    let ExprKind::Call(function, args) = &condition.kind else { return None };
    let [subject, sought] = args.as_slice() else { return None };
    let ExprKind::Literal(Value::String(sought)) = &sought.kind else { return None };
    if matches!(subject.kind, ExprKind::Literal(_)) {
        return None;
    }
    match function.trim_end_matches("_cs") {
        "contains" | "startswith" | "endswith" | "has" | "hasprefix" | "hassuffix" if sought.is_empty() => {
            Some("every text holds the empty text".to_owned())
        }
        "matches regex" => {
            let pattern = regex_syntax::parse(&rule_eval::pattern::translated(sought)).ok()?;
            let properties = pattern.properties();
            let matches_nothing = properties.minimum_len() == Some(0) && properties.look_set().is_empty();
            matches_nothing.then(|| "the pattern matches the empty text, which is in every text".to_owned())
        }
        _ => None,
    }
}

/// Whether a condition on the rows that come into an operator says the same of those that come out.
fn survives(condition: &Expr, operator: &Operator) -> bool {
    let mut columns: Vec<&Name> = Vec::new();
    let mut whole_row = false;
    walk::expressions(condition, &mut |expr| match &expr.kind {
        ExprKind::Column(name) => columns.push(name),
        ExprKind::WholeRow { .. } => whole_row = true,
        _ => {}
    });
    let assigns = |assignments: &[Assignment]| assignments.iter().any(|it| columns.contains(&&it.name));
    let passes = |assignments: &[Assignment]| {
        columns
            .iter()
            .all(|column| assignments.iter().any(|it| it.name == **column && reads(&it.value, column)))
    };
    let unchanged = match operator {
        Operator::Where(_)
        | Operator::Sort(_)
        | Operator::Top { .. }
        | Operator::Take(_)
        | Operator::Sample { of: None, .. } => true,
        Operator::Extend(assignments) | Operator::Serialize(assignments) => !assigns(assignments),
        Operator::Project(assignments) => passes(assignments),
        Operator::Summarize { by, .. } => passes(by),
        Operator::Join(join) => !matches!(
            join.kind,
            JoinKind::RightOuter | JoinKind::FullOuter | JoinKind::RightSemi | JoinKind::RightAnti
        ),
        Operator::MvExpand(expand) => !expand.columns.iter().any(|column| columns.contains(&&column.name)),
        Operator::Parse(parse) => !parse.pattern.iter().any(|part| match part {
            ParsePart::Column(field) => columns.contains(&&field.name),
            ParsePart::Literal(_) | ParsePart::Skip => false,
        }),
        Operator::ParseKv(parse) => !parse.keys.iter().any(|key| columns.contains(&&key.name)),
        _ => false,
    };
    unchanged && !whole_row
}

fn reads(value: &Expr, column: &Name) -> bool {
    matches!(&value.kind, ExprKind::Column(name) if name == column)
}
