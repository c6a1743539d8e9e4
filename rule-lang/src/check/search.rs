//! `search` and `find`: a predicate over all columns of some tables.

use super::scope::{Column, Columns, Rows};
use super::source::unknown_rows;
use super::union::{How, united};
use super::{Checker, fault, is_fault, types};
use crate::Span;
use crate::syntax::{self, ExprKind as Syntax};
use rule_model::plan::{Expr, ExprKind, Name, Operator, Query, Source};
use rule_model::{Type, Value};

/// The column in which `search` says where a row comes from.
const TABLE_COLUMN: &str = "$table";

/// What may stand behind `kind=`.
const SEARCH_KINDS: [&str; 3] = ["default", "case_insensitive", "case_sensitive"];

impl<'a> Checker<'a> {
    pub(super) fn search_source(&mut self, search: &'a syntax::SearchOperator, span: Span) -> Rows {
        let label = self.parameter_text(&search.params, "withsource").map(|(name, _)| name);
        let how = How::default();
        let inputs = if search.tables.is_empty() {
            self.tables_like("*", span, false)
        } else {
            self.union_inputs(&search.tables, &how, 0)
        };
        let mut matching = Vec::new();
        for (name, rows) in inputs {
            let columns = rows.columns.clone();
            let predicate = self.search_predicate(&columns, search, inputs_differ(&search.tables));
            let predicate = self.without_missing(&columns, predicate);
            if types::literal(&predicate).is_some_and(|value| *value != Value::Bool(true)) {
                // No row of this table can match, so that its columns are no columns of the result either.
                continue;
            }
            matching.push((name, rows.then(Operator::Where(predicate), columns, span)));
        }
        if matching.is_empty() {
            if !self.catalog.admits_unknown() {
                self.error(
                    search.predicate.span,
                    "no table here has the columns that this asks for",
                    "write names of columns as the tables have them",
                );
            }
            return unknown_rows();
        }
        let default = if search.find { "source_" } else { TABLE_COLUMN };
        let with_source = Some(label.unwrap_or_else(|| Name::new_static(default)));
        let (union, mut columns) = united(matching, How { with_source, ..how });
        // Whoever admits any table searches tables of which nothing is known.
        columns.open |= search.tables.is_empty() && self.catalog.admits_unknown();
        let query =
            Query { source: Source::Union(Box::new(union)), columns: columns.fields(), stages: Vec::new() };
        let rows = Rows { query, columns };
        if search.project.is_empty() {
            return rows;
        }
        let columns = rows.columns.clone();
        let (mut assignments, mut after) = self.project(&columns, &search.project);
        if let Some(source) = columns.list.first() {
            assignments.insert(0, super::project::same(source));
            after.list.insert(0, source.clone());
        }
        rows.then(Operator::Project(assignments), after, span)
    }

    pub(super) fn search_operator(
        &mut self,
        rows: Rows,
        search: &'a syntax::SearchOperator,
        span: Span,
    ) -> Rows {
        if let Some(table) = search.tables.first() {
            self.error(
                table.span,
                "a search of named tables stands at the beginning of a query",
                "write `search in (Tables) …` first, or leave the names out here",
            );
        }
        let columns = rows.columns.clone();
        let predicate = self.search_predicate(&columns, search, false);
        let label = columns.label.clone().unwrap_or_default();
        let name = Name::new_static(TABLE_COLUMN);
        let mut after = columns.clone();
        after.list.retain(|column| column.name != name);
        after.list.insert(0, Column::new(name.clone(), Type::String));
        let mut assignments = vec![rule_model::plan::Assignment {
            name: name.clone(),
            value: Expr::literal(Value::String(label), Type::String, span),
        }];
        let found = rows.then(Operator::Where(predicate), columns.clone(), span);
        if columns.open {
            return found.then(Operator::Extend(assignments), after, span);
        }
        assignments.extend(columns.list.iter().filter(|c| c.name != name).map(super::project::same));
        found.then(Operator::Project(assignments), after, span)
    }

    /// The predicate over one table; where several are searched, a column that this one lacks makes it false.
    fn search_predicate(
        &mut self,
        columns: &Columns,
        search: &'a syntax::SearchOperator,
        lenient: bool,
    ) -> Expr {
        let kind = self.parameter_text(&search.params, "kind");
        if let Some((kind, span)) = &kind
            && !SEARCH_KINDS.contains(&kind.as_str())
        {
            self.unknown_name("kind of search", kind, *span, SEARCH_KINDS);
        }
        let exact = kind.is_some_and(|(kind, _)| kind == "case_sensitive");
        let visible = if lenient { Columns { open: true, ..columns.clone() } } else { columns.clone() };
        self.over(&visible, |checker| {
            let predicate = checker.sought(&search.predicate, exact);
            checker.truth(predicate)
        })
    }

    /// The predicate with null for each column that a table lacks, as far as it can be computed then.
    fn without_missing(&mut self, columns: &Columns, e: Expr) -> Expr {
        match e.kind {
            ExprKind::Column(ref name) if !columns.open && !columns.contains(name) && !is_fault(&e) => {
                Expr::literal(Value::Null, e.ty, e.span)
            }
            ExprKind::Property(base, name) => {
                let base = self.without_missing(columns, *base);
                match types::literal(&base) {
                    Some(Value::Null) => Expr::literal(Value::Null, e.ty, e.span),
                    _ => Expr { kind: ExprKind::Property(Box::new(base), name), ..e },
                }
            }
            ExprKind::Call(name, args) => {
                let args: Vec<Expr> =
                    args.into_iter().map(|arg| self.without_missing(columns, arg)).collect();
                let is_untrue = |arg: &Expr| types::literal(arg).is_some_and(|v| *v != Value::Bool(true));
                if name == "and" && args.iter().any(is_untrue) {
                    return Expr::literal(Value::Bool(false), Type::Bool, e.span);
                }
                let call = Expr::call(name.clone(), args, e.ty, e.span);
                match rule_eval::function(&name) {
                    Some(function) => self.folded(function, call),
                    None => call,
                }
            }
            _ => e,
        }
    }

    fn sought(&mut self, e: &'a syntax::Expr, exact: bool) -> Expr {
        if !self.enter(e.span) {
            return fault(e.span);
        }
        let has = if exact { "has_cs" } else { "has" };
        let predicate = match &e.kind {
            Syntax::Literal(Value::String(text), _) => self.anywhere(text, has, e.span),
            Syntax::Star => Expr::literal(Value::Bool(true), Type::Bool, e.span),
            Syntax::Parenthesized(inner) => self.sought(inner, exact),
            Syntax::And(operands) | Syntax::Or(operands) => {
                let operator = if matches!(e.kind, Syntax::And(_)) { "and" } else { "or" };
                let operands = operands.iter().map(|operand| self.sought(operand, exact)).collect();
                self.connect(operator, operands)
            }
            Syntax::Infix(left, operator, right) if operator.text == ":" => {
                let operands = vec![self.expr(left), self.expr(right)];
                self.apply(has, operands, e.span, operator.span)
            }
            Syntax::Infix(left, operator, right) if matches!(left.kind, Syntax::Star) => {
                let sought = self.expr(right);
                self.in_any_column(&operator.text, &sought, e.span)
            }
            Syntax::Call(name, args) if name.text == "not" && args.len() == 1 => {
                let operand =
                    args.first().map_or_else(|| fault(e.span), |arg| self.sought(&arg.value, exact));
                self.apply("not", vec![operand], e.span, name.span)
            }
            _ => self.expr(e),
        };
        self.leave();
        predicate
    }

    /// A text that some column has; `*` at its ends asks for the beginning or end of a term.
    fn anywhere(&mut self, text: &str, has: &str, span: Span) -> Expr {
        let suffix = if has == "has_cs" { "_cs" } else { "" };
        let (begins, ends) = (text.ends_with('*'), text.starts_with('*'));
        let operator = match (begins, ends) {
            _ if text.trim_matches('*').is_empty() => {
                return Expr::literal(Value::Bool(true), Type::Bool, span);
            }
            (false, false) => has.to_owned(),
            (true, false) => format!("hasprefix{suffix}"),
            (false, true) => format!("hassuffix{suffix}"),
            (true, true) => format!("contains{suffix}"),
        };
        let sought = Expr::literal(Value::string(text.trim_matches('*')), Type::String, span);
        self.in_any_column(&operator, &sought, span)
    }

    /// The test on every column that may hold text, joined by `or`.
    pub(super) fn in_any_column(&mut self, operator: &str, sought: &Expr, span: Span) -> Expr {
        let columns: Vec<Column> = self
            .columns
            .visible()
            .filter(|column| matches!(column.ty, Type::String | Type::Dynamic | Type::Guid))
            .cloned()
            .collect();
        let mut texts: Vec<Expr> =
            columns.into_iter().map(|column| Expr::column(column.name, column.ty, span)).collect();
        if texts.is_empty() {
            // Of an open table nothing but the whole row is known.
            let kind = ExprKind::WholeRow { ignore_empty: false };
            texts.push(Expr { kind, ty: Type::Dynamic, span });
        }
        let predicates = texts
            .into_iter()
            .map(|text| {
                let text = self.convert(text, Type::String);
                self.apply(operator, vec![text, sought.clone()], span, span)
            })
            .collect();
        self.connect("or", predicates)
    }
}

fn inputs_differ(tables: &[syntax::Expr]) -> bool {
    tables.len() != 1
}
