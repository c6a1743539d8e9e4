//! What a condition came to on one row, part by part: for the message of an inline test that fails, and for
//! `explain` on an event.
//!
//! ```text
//! Category == "A" and (Result has "x" or isempty(Result))
//!   All ─┬─ Test Category == "A"      false   Category is "a"     near miss: =~
//!        └─ Any ─┬─ Test Result has "x"
//!                └─ Test isempty(Result)
//! ```
//!
//! Every part is a value that the evaluator computes; nothing is decided here.

use super::query::PreparedQuery;
use super::{Binder, Env, Expression, Tables};
use crate::Context;
use crate::context::EvalError;
use rule_model::plan::{Expr, ExprKind, Field, Plan, Span};
use rule_model::{Type, Value};

/// A condition and what it came to on a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Where it was written.
    pub span: Span,
    /// True, false, or null.
    pub truth: Option<bool>,
    /// What it is made of.
    pub part: Part,
}

/// What a condition is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// `and`: all of these must be true.
    All(Vec<Verdict>),
    /// `or`: one of these must be true.
    Any(Vec<Verdict>),
    /// `not`: this must be false.
    Not(Box<Verdict>),
    /// Anything else.
    Test {
        /// What it looked at, outer before inner, each once. Constants are left out.
        operands: Vec<Operand>,
        /// The operator that is most often meant, where it would have come to the opposite.
        near_miss: Option<NearMiss>,
    },
}

/// A value that a test looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Operand {
    /// The column, with a path into it; `None` where the value is computed.
    pub path: Option<String>,
    /// Where it was written.
    pub span: Span,
    /// The value.
    pub value: Value,
}

/// An operator that would have been true where one was false, or false where a negated one was true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// The operator as written.
    pub written: &'static str,
    /// The laxer one; of a regex, what makes it so at its beginning.
    pub laxer: &'static str,
    /// What makes it laxer: `ignores case`.
    pub because: &'static str,
}

/// Says what conditions of a plan come to.
pub struct Judge<'a> {
    bindings: Vec<PreparedQuery>,
    open_bindings: Vec<bool>,
    slots: usize,
    tables: &'a dyn Tables,
}

const IGNORES_CASE: &str = "ignores case";
const WITHIN_TERMS: &str = "finds it within a term, too";
/// What makes a pattern of `matches regex` ignore case.
const ANY_CASE: &str = "(?i)";

/// Operators, and the laxer one that is most often meant.
const NEAR_MISSES: &[NearMiss] = &[
    NearMiss { written: "==", laxer: "=~", because: IGNORES_CASE },
    NearMiss { written: "in", laxer: "in~", because: IGNORES_CASE },
    NearMiss { written: "contains_cs", laxer: "contains", because: IGNORES_CASE },
    NearMiss { written: "has_cs", laxer: "has", because: IGNORES_CASE },
    NearMiss { written: "startswith_cs", laxer: "startswith", because: IGNORES_CASE },
    NearMiss { written: "endswith_cs", laxer: "endswith", because: IGNORES_CASE },
    NearMiss { written: "hasprefix_cs", laxer: "hasprefix", because: IGNORES_CASE },
    NearMiss { written: "hassuffix_cs", laxer: "hassuffix", because: IGNORES_CASE },
    NearMiss { written: "has", laxer: "contains", because: WITHIN_TERMS },
    NearMiss {
        written: "matches regex",
        laxer: ANY_CASE,
        because: "at the beginning of a regex ignores case",
    },
    NearMiss { written: "!=", laxer: "!~", because: IGNORES_CASE },
    NearMiss { written: "!in", laxer: "!in~", because: IGNORES_CASE },
    NearMiss { written: "!contains_cs", laxer: "!contains", because: IGNORES_CASE },
    NearMiss { written: "!has_cs", laxer: "!has", because: IGNORES_CASE },
    NearMiss { written: "!startswith_cs", laxer: "!startswith", because: IGNORES_CASE },
    NearMiss { written: "!endswith_cs", laxer: "!endswith", because: IGNORES_CASE },
    NearMiss { written: "!hasprefix_cs", laxer: "!hasprefix", because: IGNORES_CASE },
    NearMiss { written: "!hassuffix_cs", laxer: "!hassuffix", because: IGNORES_CASE },
    NearMiss { written: "!has", laxer: "!contains", because: WITHIN_TERMS },
];

impl<'a> Judge<'a> {
    /// A judge of the conditions of `plan`, for subqueries in which `tables` are read.
    pub fn new(plan: &Plan, tables: &'a dyn Tables) -> Result<Judge<'a>, EvalError> {
        let mut binder = Binder::default();
        let mut bindings = Vec::new();
        for query in &plan.bindings {
            let query = PreparedQuery::new(query, &mut binder)?;
            binder.open_bindings.push(query.columns().is_none());
            bindings.push(query);
        }
        Ok(Judge { bindings, open_bindings: binder.open_bindings, slots: binder.next_slot, tables })
    }

    /// What `condition` comes to on a row of these columns. Fails where it cannot be told of one row: on window
    /// functions.
    pub fn verdict(
        &self,
        condition: &Expr,
        fields: &[Field],
        row: &[Value],
        context: &mut Context,
    ) -> Result<Verdict, EvalError> {
        let mut on_row = OnRow { judge: self, fields, row, context };
        on_row.verdict(condition)
    }
}

impl std::fmt::Debug for Judge<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Judge").field("bindings", &self.bindings).finish_non_exhaustive()
    }
}

impl Verdict {
    /// The innermost part that settled it, in the order in which the evaluator looks: of an `and` that is not true the
    /// first part that is not, of an `or` that is true the first part that is; otherwise all parts together did.
    pub fn decided_by(&self) -> &Verdict {
        let decider = match &self.part {
            Part::All(parts) if self.truth != Some(true) => {
                let is = |truth| parts.iter().find(move |part| part.truth == truth);
                is(Some(false)).or_else(|| is(None))
            }
            Part::Any(parts) if self.truth == Some(true) => {
                parts.iter().find(|part| part.truth == Some(true))
            }
            Part::Not(part) if !matches!(part.part, Part::Test { .. }) => Some(&**part),
            _ => None,
        };
        decider.map_or(self, Verdict::decided_by)
    }

    /// What this single test looked at, or the one that `not` stands before.
    pub fn operands(&self) -> &[Operand] {
        match &self.part {
            Part::Test { operands, .. } => operands,
            Part::Not(inner) => inner.operands(),
            Part::All(_) | Part::Any(_) => &[],
        }
    }

    /// The operator that would have come to the opposite of this single test, or of the one that `not` stands before.
    pub fn near_miss(&self) -> Option<NearMiss> {
        match &self.part {
            Part::Test { near_miss, .. } => *near_miss,
            Part::Not(inner) => inner.near_miss(),
            Part::All(_) | Part::Any(_) => None,
        }
    }

    /// `true`, `false` or `null`.
    pub const fn word(&self) -> &'static str {
        match self.truth {
            Some(true) => "true",
            Some(false) => "false",
            None => "null",
        }
    }
}

impl Operand {
    /// The column and path, or the text as written in `query`.
    pub fn name<'t>(&'t self, query: &'t str) -> &'t str {
        self.path.as_deref().unwrap_or_else(|| self.span.text(query).trim())
    }
}

impl std::fmt::Display for NearMiss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` {}", self.laxer, self.because)
    }
}

/// A judge at a row.
struct OnRow<'a> {
    judge: &'a Judge<'a>,
    fields: &'a [Field],
    row: &'a [Value],
    context: &'a mut Context,
}

impl OnRow<'_> {
    fn verdict(&mut self, condition: &Expr) -> Result<Verdict, EvalError> {
        let truth = self.value(condition)?.as_bool();
        let part = match &condition.kind {
            ExprKind::Call(function, args) => match (function.as_str(), &args[..]) {
                (word @ ("and" | "or"), _) => self.logic(condition, word, truth)?,
                ("not", [inner]) if inner.span != condition.span => Part::Not(Box::new(self.verdict(inner)?)),
                _ => self.test(condition, truth)?,
            },
            _ => self.test(condition, truth)?,
        };
        Ok(Verdict { span: condition.span, truth, part })
    }

    /// An `and` or `or` with the operands of those nested in it.
    fn logic(&mut self, condition: &Expr, word: &str, truth: Option<bool>) -> Result<Part, EvalError> {
        let mut operands = Vec::new();
        flatten(condition, word, &mut operands);
        // One test as written that the language makes several of: a list of words, an array's elements.
        if operands.iter().any(|operand| operand.span == condition.span) {
            return self.test(condition, truth);
        }
        let parts = operands.into_iter().map(|operand| self.verdict(operand)).collect::<Result<_, _>>()?;
        Ok(if word == "and" { Part::All(parts) } else { Part::Any(parts) })
    }

    fn test(&mut self, test: &Expr, truth: Option<bool>) -> Result<Part, EvalError> {
        let mut operands = Vec::new();
        let mut near_miss = None;
        if let ExprKind::Call(function, args) = &test.kind {
            self.operands_of(test, &mut operands)?;
            // A negated operator is the stricter one where it heeds case.
            if truth == Some(function.starts_with('!')) {
                near_miss = self.near_miss(function, args)?;
            }
        } else {
            self.operands(test, &mut operands)?;
        }
        Ok(Part::Test { operands, near_miss })
    }

    /// The values that went into a test.
    fn operands_of(&mut self, test: &Expr, operands: &mut Vec<Operand>) -> Result<(), EvalError> {
        let ExprKind::Call(_, args) = &test.kind else { return self.operands(test, operands) };
        for arg in args {
            // A test within the test, where one as written became several.
            let is_inner = arg.span == test.span && arg.ty == Type::Bool;
            if is_inner { self.operands_of(arg, operands)? } else { self.operands(arg, operands)? }
        }
        Ok(())
    }

    /// The values that went into an expression: its own, and those of the columns it was computed from.
    fn operands(&mut self, expr: &Expr, operands: &mut Vec<Operand>) -> Result<(), EvalError> {
        let path = path(expr);
        let inner: &[Expr] = match &expr.kind {
            ExprKind::Literal(_) => return Ok(()),
            // A conversion that the checker added stands where its argument does: the data says more.
            ExprKind::Call(_, args) if matches!(&args[..], [arg] if arg.span == expr.span) => {
                return args.iter().try_for_each(|arg| self.operands(arg, operands));
            }
            ExprKind::Call(_, args) => args,
            _ => &[],
        };
        let value = self.value(expr)?;
        let operand = Operand { path, span: expr.span, value };
        if !operands.iter().any(|known| known.path == operand.path && known.value == operand.value) {
            operands.push(operand);
        }
        inner.iter().try_for_each(|arg| self.operands(arg, operands))
    }

    fn near_miss(&mut self, function: &str, args: &[Expr]) -> Result<Option<NearMiss>, EvalError> {
        let Some(candidate) = NEAR_MISSES.iter().find(|miss| miss.written == function) else {
            return Ok(None);
        };
        let mut values = args.iter().map(|arg| self.value(arg)).collect::<Result<Vec<_>, _>>()?;
        if values.first().and_then(Value::as_str).is_none() {
            return Ok(None);
        }
        let is_regex = candidate.laxer == ANY_CASE;
        if let Some(pattern) = values.get_mut(1).filter(|_| is_regex) {
            *pattern = Value::string(format!("{ANY_CASE}{}", pattern.as_str().unwrap_or_default()));
        }
        let laxer = crate::function(if is_regex { function } else { candidate.laxer });
        let came_to = laxer.map(|laxer| crate::call(laxer, self.context, &values));
        let is_opposite = came_to == Some(Value::Bool(!function.starts_with('!')));
        Ok(is_opposite.then_some(*candidate))
    }

    /// The value of an expression on the row; null where it cannot be computed.
    fn value(&mut self, expr: &Expr) -> Result<Value, EvalError> {
        let judge = self.judge;
        let open_bindings = judge.open_bindings.clone();
        let mut binder = Binder { next_slot: judge.slots, open_bindings, ..Binder::default() };
        let bound = Expression::bind_in(expr, self.fields, &mut binder)?;
        let mut env = Env::new(judge.tables, self.context);
        env.bindings = &judge.bindings;
        env.computed.resize(judge.bindings.len(), None);
        env.next_slot = binder.next_slot;
        let value = bound.value(&mut env, self.row);
        Ok(if env.check().is_ok() { value } else { Value::Null })
    }
}

fn flatten<'e>(expr: &'e Expr, word: &str, operands: &mut Vec<&'e Expr>) {
    match &expr.kind {
        ExprKind::Call(function, args) if function == word => {
            args.iter().for_each(|arg| flatten(arg, word, operands));
        }
        _ => operands.push(expr),
    }
}

/// A column, or a path of names and constants into one.
pub fn path(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Column(name) => Some(name.to_string()),
        ExprKind::Property(inner, name) => path(inner).map(|inner| format!("{inner}.{name}")),
        ExprKind::Element(inner, index) => match &index.kind {
            ExprKind::Literal(index) => {
                path(inner).map(|inner| format!("{inner}[{}]", crate::json::write(index)))
            }
            _ => None,
        },
        ExprKind::Call(_, args) => match &args[..] {
            [arg] if arg.span == expr.span => path(arg),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_model::DateTime;

    fn column(name: &str) -> Expr {
        Expr::column(name, Type::String, Span::new(0, 1))
    }

    fn test(name: &str, function: &str, wanted: &str) -> Expr {
        let wanted = Expr::literal(Value::string(wanted), Type::String, Span::new(1, 1));
        Expr::call(function, vec![column(name), wanted], Type::Bool, Span::new(0, 2))
    }

    fn both(word: &str, left: Expr, right: Expr) -> Expr {
        let span = Span::new(0, left.span.end + right.span.end);
        Expr::call(word, vec![left, right], Type::Bool, span)
    }

    /// The verdict on a row in which column `a` is `x` and `b` is `Yes`.
    fn verdict(condition: &Expr) -> Verdict {
        let source = rule_model::plan::Source::Input;
        let root = rule_model::plan::Query { source, columns: Vec::new(), stages: Vec::new() };
        let plan = Plan { bindings: Vec::new(), root, visible: 0 };
        let fields = [Field::new("a", Type::String), Field::new("b", Type::String)];
        let row = [Value::string("x"), Value::string("Yes")];
        let judge = Judge::new(&plan, &()).unwrap();
        judge.verdict(condition, &fields, &row, &mut Context::at(DateTime::MIN)).unwrap()
    }

    /// The tree on one line, tests as the values they looked at.
    fn shown(verdict: &Verdict) -> String {
        let list = |parts: &[Verdict]| parts.iter().map(shown).collect::<Vec<_>>().join(" ");
        let part = match &verdict.part {
            Part::All(parts) => format!("all({})", list(parts)),
            Part::Any(parts) => format!("any({})", list(parts)),
            Part::Not(part) => format!("not({})", shown(part)),
            Part::Test { operands, near_miss } => {
                let values =
                    operands.iter().map(|it| format!("{}={}", it.name(""), crate::json::display(&it.value)));
                let miss = near_miss.map(|miss| format!("~{}", miss.laxer));
                values.chain(miss).collect::<Vec<_>>().join(",")
            }
        };
        format!("{part}:{}", verdict.word())
    }

    #[test]
    fn the_tree_has_the_value_of_every_part() {
        let condition = both(
            "and",
            both("and", test("a", "==", "x"), test("b", "==", "yes")),
            both(
                "or",
                test("a", "has", "y"),
                Expr::call("not", vec![test("b", "has", "Y")], Type::Bool, Span::new(0, 3)),
            ),
        );
        assert_eq!(
            shown(&verdict(&condition)),
            "all(a=x:true b=Yes,~=~:false any(a=x:false not(b=Yes,~contains:false):true):true):false"
        );
    }

    #[test]
    fn an_operator_that_ignores_case_is_told_where_it_would_have_come_to_the_opposite() {
        for (function, wanted, laxer) in [
            ("==", "yes", Some("=~")),
            ("contains_cs", "es", None),
            ("contains_cs", "ES", Some("contains")),
            ("has", "es", Some("contains")),
            ("matches regex", "^y", Some("(?i)")),
            ("matches regex", "^Y", None),
            ("!=", "yes", Some("!~")),
            ("!=", "no", None),
            ("!has_cs", "yes", Some("!has")),
            ("!has", "es", Some("!contains")),
            ("!has", "no", None),
        ] {
            let Part::Test { near_miss, .. } = verdict(&test("b", function, wanted)).part else { panic!() };
            assert_eq!(near_miss.map(|miss| miss.laxer), laxer, "{function} {wanted}");
        }
    }

    #[test]
    fn the_part_that_decided_is_the_first_that_settles_it() {
        let (holds, fails, fails_too) = (test("a", "==", "x"), test("b", "==", "yes"), test("b", "==", "no"));
        for (condition, decided) in [
            (both("and", holds.clone(), both("and", fails.clone(), fails_too.clone())), "b=Yes,~=~:false"),
            (both("or", fails.clone(), holds.clone()), "a=x:true"),
            (both("or", fails.clone(), fails_too.clone()), "any(b=Yes,~=~:false b=Yes:false):false"),
            (holds, "a=x:true"),
        ] {
            assert_eq!(shown(verdict(&condition).decided_by()), decided);
        }
    }
}
