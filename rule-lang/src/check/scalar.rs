//! Scalar expressions.

use super::scope::{Column, Entity};
use super::{Checker, fault, is_fault, meant, types};
use crate::nearest::nearest;
use crate::syntax::{self, ExprKind as Syntax};
use crate::{Diagnostic, Span};
use rule_model::plan::{Expr, ExprKind, Name, Query};
use rule_model::{Type, Value};

/// Columns that a message lists, of tables that can have hundreds.
const LISTED_NAMES: usize = 12;

impl<'a> Checker<'a> {
    /// Checks a scalar expression over the columns in view.
    pub(super) fn expr(&mut self, e: &'a syntax::Expr) -> Expr {
        if !self.enter(e.span) {
            return fault(e.span);
        }
        let checked = self.expr_within_limits(e);
        self.leave();
        checked
    }

    /// Checks a predicate: it must be a bool.
    pub(super) fn predicate(&mut self, e: &'a syntax::Expr) -> Expr {
        if let Syntax::Infix(left, operator, right) = &e.kind
            && operator.text == "="
        {
            let named = left.span;
            let value = self.expr(right);
            if value.ty != Type::Bool && !is_fault(&value) && !self.is_unknown(&value) {
                let message = "`=` gives a name, it compares nothing";
                let diagnostic = Diagnostic::error(operator.span, message)
                    .note("what stands behind it would be the whole condition");
                return self.report(diagnostic.help("write `==`, or `=~` to ignore case"));
            }
            let message = "`=` only names the value behind it, which is the whole condition";
            self.report(
                Diagnostic::warning(named, message).help("write `==` to compare, or leave out the name"),
            );
            return self.truth(value);
        }
        let predicate = self.expr(e);
        self.truth(predicate)
    }

    /// A value that must be a bool; Kusto does not take a dynamic one here.
    pub(super) fn truth(&mut self, value: Expr) -> Expr {
        if value.ty == Type::Bool || is_fault(&value) {
            return value;
        }
        if self.is_unknown(&value) {
            return self.convert(value, Type::Bool);
        }
        let help = match value.ty {
            Type::Dynamic => "convert it with tobool()",
            Type::String => "compare it, or test it with isnotempty()",
            _ => "compare it with a value",
        };
        let message = format!("a condition must be bool, this is {}", value.ty);
        let diagnostic =
            Diagnostic::error(value.span, message).note("a row stays where its condition is true");
        self.report(diagnostic.help(help))
    }

    fn expr_within_limits(&mut self, e: &'a syntax::Expr) -> Expr {
        match &e.kind {
            Syntax::Literal(value, ty) => Expr::literal(value.clone(), *ty, e.span),
            Syntax::Name(name) => self.name(name),
            Syntax::Property(base, name) => self.property(e, base, name),
            Syntax::Element(base, index) => self.element(base, index, e.span),
            Syntax::Prefix(operator, operand) => self.prefix(operator, operand, e.span),
            Syntax::And(operands) => self.connected("and", operands),
            Syntax::Or(operands) => self.connected("or", operands),
            Syntax::Infix(..) => self.infix(e),
            Syntax::Method(_, name, _) => self.error(
                name.span,
                format!("`{}` is no function of values", name.text),
                format!(
                    "write `{}(…)` with the value as its argument, if there is such a function",
                    name.text
                ),
            ),
            Syntax::In(value, operator, items) => self.membership(value, operator, items, e.span),
            Syntax::Between(value, operator, low, high) => {
                let operands = vec![self.expr(value), self.expr(low), self.expr(high)];
                self.between(operator, operands, e.span)
            }
            Syntax::Call(name, args) => self.call(name, args, e.span),
            Syntax::Parenthesized(inner) => {
                let mut inner = self.expr(inner);
                inner.span = e.span;
                inner
            }
            Syntax::JoinSide(name) => self.error(
                e.span,
                format!("`{}` has a meaning only in the `on` clause of a join", name.text),
                "write the column alone",
            ),
            Syntax::TypeOf(_) => self.error(
                e.span,
                "typeof() is no value here",
                "write a value; a type stands only where a function asks for one",
            ),
            Syntax::Star | Syntax::Pattern(_) => {
                self.error(e.span, "`*` is no value here", "write a column or a value")
            }
            Syntax::Missing => fault(e.span),
            Syntax::Pipe(..)
            | Syntax::Print(_)
            | Syntax::Range(..)
            | Syntax::DataTable(..)
            | Syntax::ExternalData(..)
            | Syntax::Union(_)
            | Syntax::Search(_) => self.table_for_scalar(e.span),
        }
    }

    /// Reports a table where a value must be.
    pub(super) fn table_for_scalar(&mut self, span: Span) -> Expr {
        self.report(
            Diagnostic::error(span, "a value is expected here, this is a table")
                .help("put it in toscalar(…) to take its first value"),
        )
    }

    fn name(&mut self, name: &'a syntax::Name) -> Expr {
        if let Some(column) = self.columns.get(&name.text) {
            return Expr::column(column.name.clone(), column.ty, name.span);
        }
        match self.scope.get(&name.text).cloned() {
            Some(Entity::Scalar(value)) => Expr { span: name.span, ..value },
            Some(Entity::Function(closure)) if !closure.tabular => {
                self.call_closure(&closure, &name.text, &[], name.span)
            }
            Some(_) => self.table_for_scalar(name.span),
            None if self.columns.open => Expr::column(name.text.clone(), Type::Dynamic, name.span),
            None => self.unknown_column(&name.text, name.span),
        }
    }

    /// Reports a name that no column and no variable has.
    pub(super) fn unknown_column(&mut self, name: &str, span: Span) -> Expr {
        if self.is_aggregated_column(name) {
            let message = format!("`{name}` is a column of the rows, of which there are many here");
            let help = format!("aggregate it, as in take_any({name}), or group `by` it");
            return self.report(Diagnostic::error(span, message).help(help));
        }
        if rule_eval::function(name).is_some() || rule_eval::aggregate(name).is_some() {
            let message = format!("`{name}` is a function: its arguments are missing");
            let help = self.without_brackets(name);
            return self.report(Diagnostic::error(span, message).help(help));
        }
        if self.catalog.names().iter().any(|table| table == name) {
            return self.table_for_scalar(span);
        }
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            let message = format!("`{name}` is no number and no span of time");
            return self.report(
                Diagnostic::error(span, message)
                    .note("the units of time are d, h, m, s, ms, microsecond and tick")
                    .help("write a number and its unit, such as `1d`, `12h` or `30m`"),
            );
        }
        if let Some(fault) = Self::null_in_other_words(name, span) {
            return self.report(fault);
        }
        let mut names: Vec<Name> = self.columns.visible().map(|c| c.name.clone()).collect();
        names.extend(self.scope.names().cloned());
        if let Some(side) = self.sides.as_ref().and_then(|_| nearest(name, ["$left", "$right"])) {
            let fault = Diagnostic::error(span, format!("there is no side `{name}`"));
            let fault = fault.note("the two sides of a join are `$left` and `$right`");
            return self.report(fault.help(format!("write `{side}`")));
        }
        let fault = Diagnostic::error(span, format!("there is no column or variable `{name}`"));
        if let Some(fault) = Self::with_gone(&self.columns, fault.clone(), name) {
            return self.report(fault);
        }
        let (listed, more) = (names.iter().take(LISTED_NAMES), names.len().saturating_sub(LISTED_NAMES));
        let mut listed: Vec<String> = listed.map(|name| format!("`{name}`")).collect();
        if more > 0 {
            listed.push(format!("{more} more"));
        }
        let note = if listed.is_empty() {
            "there is none here".to_owned()
        } else {
            format!("here are {}", listed.join(", "))
        };
        let fault = fault.note(note);
        self.report(match nearest(name, names.iter().map(Name::as_str)) {
            Some(meant) => fault.help(format!("write `{meant}`")),
            None => fault.help("write one of these, or define it before with `extend` or `let`"),
        })
    }

    fn property(&mut self, e: &'a syntax::Expr, base: &'a syntax::Expr, name: &'a syntax::Name) -> Expr {
        if let Some(column) = self.dotted_column(e) {
            return Expr::column(column.name, column.ty, e.span);
        }
        if let (Syntax::JoinSide(side), Some(sides)) = (&base.kind, &self.sides) {
            let columns = if side.text == "$left" { sides.0.clone() } else { sides.1.clone() };
            return self.over(&columns, |checker| checker.side_column(name));
        }
        let base = self.expr(base);
        if is_fault(&base) {
            return fault(e.span);
        }
        if base.ty != Type::Dynamic {
            let message = format!("a {} has no properties", base.ty);
            return self.error(
                name.span,
                message,
                if base.ty == Type::String {
                    "read it as JSON first, with parse_json(…)"
                } else {
                    "name the column alone"
                },
            );
        }
        if let Some(Value::Bag(bag)) = types::literal(&base) {
            let value = bag.get(&name.text).cloned().unwrap_or_default();
            return Expr::literal(value, Type::Dynamic, e.span);
        }
        Expr { kind: ExprKind::Property(Box::new(base), name.text.clone()), ty: Type::Dynamic, span: e.span }
    }

    /// A column of one side of a join.
    fn side_column(&mut self, name: &'a syntax::Name) -> Expr {
        match self.columns.get(&name.text) {
            Some(column) => Expr::column(column.name.clone(), column.ty, name.span),
            None if self.columns.open => Expr::column(name.text.clone(), Type::Dynamic, name.span),
            None => self.unknown_column(&name.text, name.span),
        }
    }

    /// The column that is called like a whole dotted path, as those of Elastic's common schema are.
    fn dotted_column(&self, e: &syntax::Expr) -> Option<Column> {
        if !self.columns.list.iter().any(|column| column.name.contains('.')) {
            return None;
        }
        let path = dotted_path(e)?;
        self.columns.get(&path).cloned()
    }

    fn element(&mut self, base: &'a syntax::Expr, index: &'a syntax::Expr, span: Span) -> Expr {
        let base = self.expr(base);
        let index = self.expr(index);
        if is_fault(&base) || is_fault(&index) {
            return fault(span);
        }
        if base.ty != Type::Dynamic {
            return self.error(span, format!("a {} has no elements", base.ty), "read it as JSON first, with parse_json(…), or take a part of it with substring(…) or split(…)");
        }
        if !matches!(index.ty, Type::Int | Type::Long | Type::String | Type::Dynamic) {
            let message = format!("an index is a whole number or a name, not a {}", index.ty);
            return self.error(
                index.span,
                message,
                "write a number such as `[0]`, or a name such as `[\"a\"]`",
            );
        }
        Expr { kind: ExprKind::Element(Box::new(base), Box::new(index)), ty: Type::Dynamic, span }
    }

    fn prefix(&mut self, operator: &'a syntax::Name, operand: &'a syntax::Expr, span: Span) -> Expr {
        let operand = self.expr(operand);
        if operator.text == "+" {
            return operand;
        }
        self.apply("neg", vec![operand], span, operator.span)
    }

    /// `a and b and c`.
    fn connected(&mut self, operator: &str, operands: &'a [syntax::Expr]) -> Expr {
        let operands = operands.iter().map(|operand| self.expr(operand)).collect();
        self.connect(operator, operands)
    }

    /// Joins truths by `and` or `or`. The tree is balanced: hundreds of operands in a row are usual, and whoever walks
    /// the plan pays stack for its depth.
    pub(super) fn connect(&mut self, operator: &str, mut operands: Vec<Expr>) -> Expr {
        let known = |e: &Expr| !is_fault(e) && e.ty != Type::Bool && e.ty != Type::Dynamic;
        if let Some(at) = operands.iter().position(known) {
            let wrong = &operands[at];
            let message = format!("the operands of `{operator}` must be bool, this is {}", wrong.ty);
            let before = at.checked_sub(1).and_then(|before| operands.get(before));
            let help = before.and_then(|before| meant::repeated_comparison(operator, before, wrong));
            let fault = Diagnostic::error(wrong.span, message);
            let fault =
                fault.note(format!("what stands on each side of `{operator}` is a condition of its own"));
            return self.report(fault.help(help.unwrap_or_else(|| {
                "write a condition, such as a comparison, or convert it with tobool(…)".to_owned()
            })));
        }
        if operands.len() > 2 {
            let right = operands.split_off(operands.len() / 2);
            operands = vec![self.connect(operator, operands), self.connect(operator, right)];
        }
        let span = operands.iter().map(|operand| operand.span).reduce(Span::to).unwrap_or_default();
        match operands.as_slice() {
            [_, _] => self.apply(operator, operands, span, span),
            _ => operands.pop().unwrap_or_else(|| fault(span)),
        }
    }

    /// Infix operators, the left operands first: a chain of them is no recursion.
    fn infix(&mut self, e: &'a syntax::Expr) -> Expr {
        let mut chain = Vec::new();
        let mut first = e;
        while let Syntax::Infix(left, operator, right) = &first.kind {
            chain.push((operator, right, first.span));
            first = left;
        }
        let in_any_column = if matches!(first.kind, Syntax::Star) { chain.pop() } else { None };
        let mut left = match in_any_column {
            Some((operator, sought, span)) => {
                let sought = self.expr(sought);
                self.in_any_column(&operator.text, &sought, span)
            }
            None => self.expr(first),
        };
        for (operator, right, span) in chain.into_iter().rev() {
            if let Some(null) = self.compared_with_null(operator, &left, right) {
                left = if is_fault(&left) { fault(span) } else { self.report(null) };
                continue;
            }
            let told = self.diagnostics.len();
            let value = self.expr(right);
            left = self.binary(operator, left, value, span);
            if looks_like_comment(operator, right) {
                self.note_comment(told);
            }
        }
        left
    }

    /// Adds to the first fault behind `told` that what was written for a comment is none.
    fn note_comment(&mut self, told: usize) {
        if let Some(fault) = self.diagnostics.get_mut(told) {
            let note = "`--` begins no comment: it is two minus signs, and what follows is read";
            fault.notes.push(note.to_owned());
            fault.help = Some("write `//` before a comment".to_owned());
        }
    }

    fn binary(&mut self, operator: &'a syntax::Name, left: Expr, right: Expr, span: Span) -> Expr {
        if is_fault(&left) || is_fault(&right) {
            return fault(span);
        }
        let known = !self.is_unknown(&left) && !self.is_unknown(&right);
        let (l, r) = (left.ty, right.ty);
        match operator.text.as_str() {
            "<" | "<=" | ">" | ">=" if known && !types::orderable_together(l, r) => {
                return self.undefined(operator, &[l, r], Some((&left, &right)));
            }
            "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "%" => {}
            "=" => {
                let diagnostic = Diagnostic::error(operator.span, "`=` gives a name, it compares nothing");
                return self.report(diagnostic.help("write `==`, or `=~` to ignore case"));
            }
            _ if known && [l, r].iter().any(|ty| !matches!(ty, Type::String | Type::Dynamic)) => {
                return self.undefined(operator, &[l, r], Some((&left, &right)));
            }
            _ => {}
        }
        let name = match operator.text.as_str() {
            "<>" => "!=",
            "notcontains" => "!contains",
            "containscs" => "contains_cs",
            "notcontainscs" => "!contains_cs",
            name => name,
        };
        self.apply(name, vec![left, right], span, operator.span)
    }

    /// Reports an operator that does not go with its operands.
    fn undefined(
        &mut self,
        operator: &syntax::Name,
        operands: &[Type],
        sides: Option<(&Expr, &Expr)>,
    ) -> Expr {
        let list = operands.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(" and ");
        let ordered = operator.text.starts_with(['<', '>']) || operator.text.ends_with("between");
        let takes = if ordered { "numbers, times, or spans of time, both of one kind" } else { "texts" };
        let message = format!("`{}` is not defined for {list}", operator.text);
        let help = meant::comparison_help(&operator.text, operands, sides);
        self.report(Diagnostic::error(operator.span, message).note(format!("it compares {takes}")).help(help))
    }

    fn between(&mut self, operator: &'a syntax::Name, mut operands: Vec<Expr>, span: Span) -> Expr {
        if operands.iter().any(is_fault) {
            return fault(span);
        }
        if let [value, low, high] = operands.as_mut_slice() {
            // A span of time as the upper bound counts from the lower one.
            if high.ty == Type::Timespan && low.ty == Type::DateTime {
                let end = self.apply("+", vec![low.clone(), high.clone()], high.span, operator.span);
                *high = end;
            }
            let known = ![&*value, &*low, &*high].iter().any(|e| self.is_unknown(e));
            let fits = types::orderable_together(value.ty, low.ty)
                && types::orderable_together(value.ty, high.ty)
                && types::orderable_together(low.ty, high.ty);
            if known && !fits {
                let types = [value.ty, low.ty, high.ty];
                let odd = if types::orderable_together(value.ty, low.ty) { &*high } else { &*low };
                return self.undefined(operator, &types, Some((&*value, odd)));
            }
        }
        self.apply(&operator.text, operands, span, operator.span)
    }

    /// `in`, `has_any` and relatives: over listed items, or the first column of a table.
    fn membership(
        &mut self,
        value: &'a syntax::Expr,
        operator: &'a syntax::Name,
        items: &'a [syntax::Expr],
        span: Span,
    ) -> Expr {
        let mut operands = vec![self.expr(value)];
        for item in items {
            let operand = match self.is_tabular(item) {
                true if items.len() == 1 => self.first_column(item),
                true => self.table_for_scalar(item.span),
                false => self.expr(item),
            };
            operands.push(operand);
        }
        if operands.iter().any(is_fault) {
            return fault(span);
        }
        let text = operands[0].ty;
        let takes_any = operator.text.trim_end_matches('~').trim_start_matches('!') == "in";
        if !takes_any && !matches!(text, Type::String | Type::Dynamic) {
            return self.undefined(operator, &[text], None);
        }
        self.apply(&operator.text, operands, span, operator.span)
    }

    fn first_column(&mut self, table: &'a syntax::Expr) -> Expr {
        let rows = self.subquery(table);
        Expr { kind: ExprKind::FirstColumn(Box::new(rows.query)), ty: Type::Dynamic, span: table.span }
    }

    /// `toscalar(table)`.
    pub(super) fn first_cell(&mut self, table: &'a syntax::Expr, span: Span) -> Expr {
        let rows = self.subquery(table);
        let ty = rows.columns.visible().next().map_or(Type::Dynamic, |column| column.ty);
        let query: Query = rows.query;
        Expr { kind: ExprKind::ToScalar(Box::new(query)), ty, span }
    }
}

/// The names of a path of properties, joined by dots.
fn dotted_path(e: &syntax::Expr) -> Option<String> {
    match &e.kind {
        Syntax::Name(name) => Some(name.text.to_string()),
        Syntax::Property(base, name) => Some(format!("{}.{}", dotted_path(base)?, name.text)),
        _ => None,
    }
}

/// Whether `a -- b` stands here, as other languages begin a comment.
fn looks_like_comment(operator: &syntax::Name, right: &syntax::Expr) -> bool {
    let mut right = right;
    while let Syntax::Infix(left, ..) = &right.kind {
        right = left;
    }
    let Syntax::Prefix(sign, value) = &right.kind else { return false };
    let is_pair = operator.text == "-" && sign.text == "-" && operator.span.end == sign.span.start;
    is_pair && value.span.start > sign.span.end
}
