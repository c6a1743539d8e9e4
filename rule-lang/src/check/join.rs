//! `join` and `lookup`.

use super::scope::{Column, Columns, Rows};
use super::{Checker, is_fault, types};
use crate::syntax::{self, ExprKind as Syntax};
use crate::{Diagnostic, Span};
use rule_model::Type;
use rule_model::plan::{Expr, ExprKind, Join, JoinKind, Name, Operator};

/// The kinds of join by the words for them.
const KINDS: &[(&str, JoinKind)] = &[
    ("innerunique", JoinKind::InnerUnique),
    ("inner", JoinKind::Inner),
    ("leftouter", JoinKind::LeftOuter),
    ("rightouter", JoinKind::RightOuter),
    ("fullouter", JoinKind::FullOuter),
    ("leftsemi", JoinKind::LeftSemi),
    ("leftanti", JoinKind::LeftAnti),
    ("leftantisemi", JoinKind::LeftAnti),
    ("anti", JoinKind::LeftAnti),
    ("rightsemi", JoinKind::RightSemi),
    ("rightanti", JoinKind::RightAnti),
    ("rightantisemi", JoinKind::RightAnti),
];

/// A condition of a join: an expression over each side.
type Condition = (Expr, Expr);

impl<'a> Checker<'a> {
    pub(super) fn join(
        &mut self,
        rows: Rows,
        params: &'a syntax::Parameters,
        right: &'a syntax::Expr,
        on: &'a [syntax::Expr],
        span: Span,
    ) -> Rows {
        let kind = self.join_kind(params, JoinKind::InnerUnique, KINDS);
        let right = self.subquery(right);
        if on.is_empty() {
            self.report(
                Diagnostic::error(span, "a join needs a condition")
                    .help("write `on` and a column that both sides have, or `on $left.a == $right.b`"),
            );
        }
        let on = self.conditions(&rows.columns, &right.columns, on);
        let left = rows.columns.clone();
        let (after, right_names) = match kind {
            JoinKind::LeftSemi | JoinKind::LeftAnti => (left, vec![None; right.columns.list.len()]),
            JoinKind::RightSemi | JoinKind::RightAnti => {
                let names = right.columns.list.iter().map(|c| Some(c.name.clone())).collect();
                (right.columns.clone(), names)
            }
            _ => together(&left, &right.columns, &[]),
        };
        let join = Join { kind, right: right.query, on, right_names };
        rows.then(Operator::Join(Box::new(join)), after, span)
    }

    pub(super) fn lookup(
        &mut self,
        rows: Rows,
        params: &'a syntax::Parameters,
        right: &'a syntax::Expr,
        on: &'a [syntax::Expr],
        span: Span,
    ) -> Rows {
        let kinds = [("leftouter", JoinKind::LeftOuter), ("inner", JoinKind::Inner)];
        let kind = self.join_kind(params, JoinKind::LeftOuter, &kinds);
        let right = self.subquery(right);
        let on = self.conditions(&rows.columns, &right.columns, on);
        let keys: Vec<Name> = on.iter().filter_map(|(_, right)| column_name(right)).collect();
        let (after, right_names) = together(&rows.columns, &right.columns, &keys);
        let join = Join { kind, right: right.query, on, right_names };
        rows.then(Operator::Join(Box::new(join)), after, span)
    }

    fn join_kind(
        &mut self,
        params: &'a syntax::Parameters,
        default: JoinKind,
        kinds: &[(&str, JoinKind)],
    ) -> JoinKind {
        let Some((word, span)) = self.parameter_text(params, "kind") else { return default };
        if let Some((_, kind)) = kinds.iter().find(|(name, _)| *name == word) {
            return *kind;
        }
        self.unknown_name("kind of join", &word, span, kinds.iter().map(|(name, _)| *name));
        default
    }

    fn conditions(&mut self, left: &Columns, right: &Columns, on: &'a [syntax::Expr]) -> Vec<Condition> {
        let mut written = Vec::new();
        for condition in on {
            flatten(condition, &mut written);
        }
        written.into_iter().filter_map(|condition| self.condition(left, right, condition)).collect()
    }

    fn condition(&mut self, left: &Columns, right: &Columns, e: &'a syntax::Expr) -> Option<Condition> {
        let (l, r) = match &e.kind {
            Syntax::Name(name) => self.shared_column(left, right, name)?,
            Syntax::Infix(a, operator, b)
                if operator.text == "=="
                    && let (Syntax::Name(a), Syntax::Name(b)) = (&a.kind, &b.kind) =>
            {
                self.condition_without_sides(left, right, (a, b), e.span);
                return None;
            }
            Syntax::Infix(a, operator, b) if operator.text == "==" => {
                let outer = self.sides.replace(Box::new((left.clone(), right.clone())));
                let sides = (side(a), side(b));
                let (a, b) = self.over(&Columns::default(), |checker| (checker.expr(a), checker.expr(b)));
                self.sides = outer;
                match sides {
                    (Some("$left"), Some("$right")) => (a, b),
                    (Some("$right"), Some("$left")) => (b, a),
                    _ if is_fault(&a) || is_fault(&b) => return None,
                    _ => {
                        self.wrong_condition(e.span);
                        return None;
                    }
                }
            }
            Syntax::Infix(_, operator, _) if operator.text != "==" => {
                let message = format!("a join finds rows by equal keys, not by `{}`", operator.text);
                self.report(
                    Diagnostic::error(operator.span, message)
                        .help("name a key that is equal, and compare the rest in a `where` behind the join"),
                );
                return None;
            }
            _ => {
                self.wrong_condition(e.span);
                return None;
            }
        };
        if is_fault(&l) || is_fault(&r) {
            return None;
        }
        self.comparable(left, right, (l, r), e.span)
    }

    /// `on a == b`, which does not say of which side each is.
    fn condition_without_sides(
        &mut self,
        left: &Columns,
        right: &Columns,
        (a, b): (&syntax::Name, &syntax::Name),
        span: Span,
    ) {
        let message = "a condition of a join says of which side each column is";
        let is_swapped = |(l, r): (&syntax::Name, &syntax::Name)| {
            !(left.contains(&l.text) && right.contains(&r.text))
                && left.contains(&r.text)
                && right.contains(&l.text)
        };
        let (l, r) = if is_swapped((a, b)) { (b, a) } else { (a, b) };
        self.report(Diagnostic::error(span, message).note("the two sides are `$left` and `$right`").help(
            if a.text == b.text {
                format!("write `{}` alone", a.text)
            } else {
                format!("write `$left.{} == $right.{}`", l.text, r.text)
            },
        ));
    }

    fn wrong_condition(&mut self, span: Span) {
        self.report(
            Diagnostic::error(span, "a join compares a column of each side")
                .help("write the name of a column that both have, or `$left.a == $right.b`"),
        );
    }

    fn shared_column(&mut self, left: &Columns, right: &Columns, name: &syntax::Name) -> Option<Condition> {
        for (columns, side) in [(left, "left"), (right, "right")] {
            if !columns.contains(&name.text) && !columns.open {
                let message = format!("the {side} side of the join has no column `{}`", name.text);
                let fault = Diagnostic::error(name.span, message);
                if let Some(fault) = Self::with_gone(columns, fault.clone(), &name.text) {
                    self.report(fault);
                    return None;
                }
                let names = columns.visible().map(|c| c.name.as_str());
                let help = match crate::nearest::nearest(&name.text, names) {
                    Some(meant) => format!("write `{meant}`"),
                    None => {
                        format!("write a column that both sides have, or `$left.a == $right.{}`", name.text)
                    }
                };
                self.report(fault.help(help));
                return None;
            }
        }
        let ty = |columns: &Columns| columns.get(&name.text).map_or(Type::Dynamic, |c| c.ty);
        let column = |columns| Expr::column(name.text.clone(), ty(columns), name.span);
        Some((column(left), column(right)))
    }

    /// The two keys, converted to their common type where there is one.
    fn comparable(
        &mut self,
        left: &Columns,
        right: &Columns,
        (l, r): Condition,
        span: Span,
    ) -> Option<Condition> {
        for (columns, key) in [(left, &l), (right, &r)] {
            let unknown = self.over(columns, |checker| checker.is_unknown(key));
            if key.ty == Type::Dynamic && !unknown {
                self.report(
                    Diagnostic::error(key.span, "a key of a join cannot be dynamic")
                        .help("convert it in an `extend` before, with tostring(…) or another conversion"),
                );
                return None;
            }
        }
        let Some(ty) = types::common(l.ty, r.ty) else {
            let message = format!("the keys of the join are of different types, {} and {}", l.ty, r.ty);
            self.report(
                Diagnostic::error(span, message)
                    .note("no row would find another: values of these types are never equal")
                    .help("convert one in an `extend` before, with tostring(…) or another conversion"),
            );
            return None;
        };
        // What is of unknown type is compared as it is.
        if l.ty == Type::Dynamic || r.ty == Type::Dynamic {
            return Some((l, r));
        }
        Some((self.convert(l, ty), self.convert(r, ty)))
    }
}

/// The columns of both sides, the right ones without `keys`, those whose name is taken under the next free one.
fn together(left: &Columns, right: &Columns, keys: &[Name]) -> (Columns, Vec<Option<Name>>) {
    let mut after = left.clone();
    after.open |= right.open;
    after.label = None;
    let mut names = Vec::new();
    // A name that another right column has by itself is not free.
    for column in &right.list {
        if keys.contains(&column.name) {
            names.push(None);
            continue;
        }
        let mut name = column.name.clone();
        if left.contains(&name) || after.contains(&name) {
            let numbered = (1_usize..).map(|n| Name::from(format!("{}{n}", column.name)));
            name = numbered
                .into_iter()
                .find(|name| !after.contains(name) && !right.contains(name))
                .unwrap_or(name);
        }
        after.list.push(Column { name: name.clone(), ..column.clone() });
        names.push(Some(name));
    }
    (after, names)
}

/// The conditions that `and` joins.
fn flatten<'e>(e: &'e syntax::Expr, conditions: &mut Vec<&'e syntax::Expr>) {
    match &e.kind {
        Syntax::And(operands) => operands.iter().for_each(|operand| flatten(operand, conditions)),
        Syntax::Parenthesized(inner) => flatten(inner, conditions),
        _ => conditions.push(e),
    }
}

/// The side that an operand of a condition names; it must be a column.
fn side(e: &syntax::Expr) -> Option<&str> {
    match &e.kind {
        Syntax::Property(base, _) => match &base.kind {
            Syntax::JoinSide(side) => Some(side.text.as_str()),
            _ => None,
        },
        Syntax::Parenthesized(inner) => side(inner),
        _ => None,
    }
}

fn column_name(e: &Expr) -> Option<Name> {
    match &e.kind {
        ExprKind::Column(name) => Some(name.clone()),
        ExprKind::Call(_, args) => args.first().and_then(column_name),
        _ => None,
    }
}
