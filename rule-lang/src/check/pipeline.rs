//! Operators one after another.

use super::scope::{Columns, Entity, Gone, Rows};
use super::{Checker, is_fault, types};
use crate::Diagnostic;
use crate::Span;
use crate::syntax::{self, ExprKind as Syntax, OperatorKind as Kind};
use rule_model::plan::{Assignment, Direction, Expr, Name, Operator, SortKey};
use rule_model::{Type, Value};
use std::rc::Rc;

/// What `render` draws.
const CHARTS: &[&str] = &[
    "table",
    "list",
    "barchart",
    "piechart",
    "ladderchart",
    "timechart",
    "linechart",
    "anomalychart",
    "pivotchart",
    "areachart",
    "stackedareachart",
    "scatterchart",
    "timepivot",
    "columnchart",
    "timeline",
    "3Dchart",
    "card",
    "treemap",
    "plotly",
    "graph",
    "sankey",
];

impl<'a> Checker<'a> {
    pub(super) fn pipeline(&mut self, rows: Rows, operators: &'a [syntax::Operator]) -> Rows {
        operators.iter().fold(rows, |rows, operator| {
            let before = rows.columns.clone();
            let mut rows = self.operator(rows, operator);
            rows.columns.gone = with_left_behind(before, &rows.columns, &operator.keyword);
            rows
        })
    }

    /// The fault of a name that an operator before left behind, with that fact and what to type there.
    pub(super) fn with_gone(columns: &Columns, fault: Diagnostic, name: &str) -> Option<Diagnostic> {
        let keyword = columns.left_behind_by(name)?;
        Some(match keyword {
            "project-rename" => fault
                .note(format!("`project-rename` before gives `{name}` another name"))
                .help("write its new name"),
            "project-away" => fault
                .note(format!("`project-away` before leaves `{name}` out"))
                .help(format!("take `{name}` out of that `project-away`, or name it before")),
            "summarize" | "distinct" | "count" | "make-series" | "top-nested" => fault
                .note(format!("of the columns before it, `{keyword}` keeps those that it names"))
                .help(if keyword == "summarize" {
                    format!("group `by` `{name}` there, or aggregate it, as in take_any({name})")
                } else {
                    format!("ask for `{name}` before that `{keyword}`")
                }),
            _ => fault
                .note(format!("of the columns before it, `{keyword}` keeps those that it names"))
                .help(format!("add `{name}` to that `{keyword}`, or ask for it before")),
        })
    }

    fn operator(&mut self, rows: Rows, operator: &'a syntax::Operator) -> Rows {
        let span = operator.span;
        let columns = rows.columns.clone();
        match &operator.kind {
            Kind::Where(predicate) => {
                let predicate = self.over(&columns, |checker| checker.predicate(predicate));
                rows.then(Operator::Where(predicate), columns, span)
            }
            Kind::Extend(items) => {
                let (assignments, after) = self.extend(&columns, items);
                rows.then(Operator::Extend(assignments), after, span)
            }
            Kind::Serialize(items) => {
                let (assignments, after) = self.extend(&columns, items);
                rows.then(Operator::Serialize(assignments), after, span)
            }
            Kind::Project(items) => {
                let (assignments, after) = self.project(&columns, items);
                rows.then(Operator::Project(assignments), after, span)
            }
            Kind::ProjectAway(items) => {
                let (project, after) = self.project_away(&columns, items);
                rows.then(project, after, span)
            }
            Kind::ProjectKeep(items) => {
                let (project, after) = self.project_keep(&columns, items);
                rows.then(project, after, span)
            }
            Kind::ProjectRename(items) => {
                let (project, after) = self.project_rename(&columns, items);
                rows.then(project, after, span)
            }
            Kind::ProjectReorder(items) => {
                let (project, after) = self.project_reorder(&columns, items);
                rows.then(project, after, span)
            }
            Kind::Summarize(_, aggregates, by) => self.summarize(rows, aggregates, by, span),
            Kind::Distinct(_, items) => self.distinct(rows, items, span),
            Kind::Count(name) => super::summarize::count(rows, name.as_ref(), span),
            Kind::Sort(_, keys) => {
                let keys = self.sort_keys(&columns, keys);
                rows.then(Operator::Sort(keys), columns, span)
            }
            Kind::Top(_, count, keys) => {
                let count = self.row_count(count);
                let keys = self.sort_keys(&columns, keys);
                rows.then(Operator::Top { rows: count, keys }, columns, span)
            }
            Kind::Take(_, count) => {
                let count = self.row_count(count);
                rows.then(Operator::Take(count), columns, span)
            }
            Kind::Sample(count, of) => self.sample(rows, count, of.as_deref(), span),
            Kind::Join(params, right, on) => self.join(rows, params, right, on, span),
            Kind::Lookup(params, right, on) => self.lookup(rows, params, right, on, span),
            Kind::Union(union) => self.union_operator(rows, union, span),
            Kind::MvExpand(params, items, limit) => self.mv_expand(rows, params, items, limit.as_ref(), span),
            Kind::MvApply(params, items, limit, body) => {
                self.mv_apply(rows, (params, items, limit.as_ref()), body, span)
            }
            Kind::Parse(params, value, pattern) => {
                self.parse(rows, params, value, pattern, operator.keyword.text == "parse-where", span)
            }
            Kind::ParseKv(value, keys, params) => self.parse_kv(rows, value, keys, params, span),
            Kind::MakeSeries(series) => self.make_series(rows, series, span),
            Kind::TopNested(levels) => self.top_nested(rows, levels, span),
            Kind::Evaluate(_, call, schema) => self.evaluate(rows, call, schema.as_ref(), span),
            Kind::Invoke(call) => self.invoke(rows, call),
            Kind::As(_, name) => self.name_rows(rows, name),
            Kind::GetSchema => {
                let column = |name, ty| super::scope::Column::new(name, ty);
                let after = columns.with_list(vec![
                    column("ColumnName", Type::String),
                    column("ColumnOrdinal", Type::Long),
                    column("DataType", Type::String),
                    column("ColumnType", Type::String),
                ]);
                rows.then(Operator::GetSchema, after, span)
            }
            Kind::Search(search) => self.search_operator(rows, search, span),
            Kind::Render(chart, _) => {
                self.known_chart(chart);
                rows
            }
            Kind::Partition(_, by, body) => self.partition(rows, by, body, span),
            Kind::Scan(operator) => self.scan(rows, operator, span),
            Kind::Other => self.other(rows, &operator.keyword),
        }
    }

    /// A chart changes no rows, but one that does not exist is a slip of the pen.
    fn known_chart(&mut self, chart: &syntax::Name) {
        if !CHARTS.contains(&chart.text.as_str()) {
            self.unknown_name("chart", &chart.text, chart.span, CHARTS.iter().copied());
        }
    }

    /// Operators that KQL has and this does not, except the one that does nothing to the rows.
    fn other(&mut self, rows: Rows, keyword: &syntax::Name) -> Rows {
        if keyword.text == "consume" {
            return rows;
        }
        let message = format!("the operator `{}` is not supported here", keyword.text);
        self.report(
            Diagnostic::error(keyword.span, message)
                .note("KQL has it; a rule runs on its own engine, which has not")
                .help("write the query without it"),
        );
        Rows { columns: Columns::unknown(), ..rows }
    }

    /// A number of rows: a constant whole number.
    pub(super) fn row_count(&mut self, e: &'a syntax::Expr) -> Expr {
        let count = self.over(&Columns::default(), |checker| checker.expr(e));
        if is_fault(&count) || self.is_unknown(&count) || matches!(count.ty, Type::Int | Type::Long) {
            return count;
        }
        self.error(
            count.span,
            format!("a number of rows is a whole number, this is {}", count.ty),
            "write a number such as `10`",
        )
    }

    pub(super) fn sort_keys(&mut self, columns: &Columns, keys: &'a [syntax::Ordered]) -> Vec<SortKey> {
        let mut checked = Vec::new();
        for key in keys {
            let value = self.over(columns, |checker| checker.expr(&key.value.value));
            let unknown = self.over(columns, |checker| checker.is_unknown(&value));
            if value.ty == Type::Dynamic && !unknown {
                self.refuse_dynamic_key(value.span);
            }
            checked.push(ordered(value, &key.ordering));
        }
        checked
    }

    fn sample(
        &mut self,
        rows: Rows,
        count: &'a syntax::Expr,
        of: Option<&'a syntax::Expr>,
        span: Span,
    ) -> Rows {
        let count = self.row_count(count);
        let columns = rows.columns.clone();
        let Some(of) = of else {
            return rows.then(Operator::Sample { rows: count, of: None }, columns, span);
        };
        let value = self.over(&columns, |checker| checker.expr(of));
        let unknown = self.over(&columns, |checker| checker.is_unknown(&value));
        let name = super::naming::implied(of).unwrap_or_else(|| Name::new_static("Column1"));
        let column = super::scope::Column { name: name.clone(), ty: value.ty, unknown };
        let after = columns.with_list(vec![column]);
        rows.then(Operator::Sample { rows: count, of: Some(Assignment { name, value }) }, after, span)
    }

    fn invoke(&mut self, rows: Rows, call: &'a syntax::Expr) -> Rows {
        let (name, args): (&'a syntax::Name, &'a [syntax::Argument]) = match &call.kind {
            Syntax::Call(name, args) => (name, args),
            Syntax::Name(name) => (name, &[]),
            _ => {
                self.error(
                    call.span,
                    "a call of a function is expected here",
                    "write `invoke f()`, where `let f = (T: (*)) { … };` defines it",
                );
                return rows;
            }
        };
        let columns = rows.columns.clone();
        match self.scope.get(&name.text).cloned() {
            Some(Entity::Function(closure)) => self.over(&columns, |checker| {
                checker.call_tabular_closure(&closure, &name.text, Some(rows), args, call.span)
            }),
            _ => self.unknown_source(name, args),
        }
    }

    /// `as name`: what comes after can read these rows again.
    fn name_rows(&mut self, rows: Rows, name: &'a syntax::Name) -> Rows {
        let mut rows = self.bound(rows, false);
        rows.columns.label = Some(name.text.clone());
        self.scope.define(name.text.clone(), Entity::Table(std::rc::Rc::new(rows.clone())));
        rows
    }

    fn partition(&mut self, rows: Rows, by: &'a syntax::Expr, body: &'a syntax::Expr, span: Span) -> Rows {
        let columns = rows.columns.clone();
        let Syntax::Name(by) = &by.kind else {
            self.error(
                by.span,
                "a column is expected here",
                "write the name of one; compute it before in an `extend`",
            );
            return Rows { columns: Columns::unknown(), ..rows };
        };
        if !self.column_exists(&columns, by) {
            return Rows { columns: Columns::unknown(), ..rows };
        }
        let body = self.subquery_over(columns, body);
        let after = body.columns;
        rows.then(Operator::Partition { by: by.text.clone(), body: Box::new(body.query) }, after, span)
    }

    /// A subquery that begins with an operator, over these rows.
    pub(super) fn subquery_over(&mut self, columns: Columns, body: &'a syntax::Expr) -> Rows {
        let outer = self.input.replace(columns);
        let rows = self.subquery(body);
        self.input = outer;
        rows
    }

    /// The constant text of an operator's parameter: a name or a text.
    pub(super) fn parameter_text(
        &mut self,
        params: &'a syntax::Parameters,
        name: &str,
    ) -> Option<(Name, Span)> {
        let (_, value) = params.iter().find(|(key, _)| key.text == name)?;
        if let Syntax::Name(word) = &value.kind {
            return Some((word.text.clone(), value.span));
        }
        let checked = self.over(&Columns::default(), |checker| checker.expr(value));
        match types::literal(&checked) {
            Some(Value::String(text)) => Some((text.clone(), value.span)),
            Some(Value::Bool(truth)) => Some((Name::new(truth.to_string()), value.span)),
            _ if is_fault(&checked) => None,
            _ => {
                self.error(value.span, "a constant text is expected here", "write it in quotes");
                None
            }
        }
    }
}

/// A key with its order; descending unless written otherwise, nulls first only when ascending.
pub(super) fn ordered(value: Expr, ordering: &syntax::Ordering) -> SortKey {
    let ascending = ordering.ascending.unwrap_or(false);
    SortKey {
        value,
        direction: if ascending { Direction::Ascending } else { Direction::Descending },
        nulls_first: ordering.nulls_first.unwrap_or(ascending),
    }
}

/// What is left behind after an operator that makes `after` of the columns before it.
fn with_left_behind(before: Columns, after: &Columns, keyword: &syntax::Name) -> Option<Rc<Gone>> {
    let gone = before.visible().filter(|column| !after.contains(&column.name));
    let columns: Vec<Name> = gone.map(|column| column.name.clone()).collect();
    if after.open || columns.is_empty() {
        return before.gone;
    }
    Some(Rc::new(Gone { columns, operator: keyword.text.clone(), before: before.gone }))
}
