//! `union`.

use super::scope::{Column, Columns, Rows};
use super::source::unknown_rows;
use super::{Checker, project};
use crate::nearest::nearest;
use crate::syntax::{self, ExprKind as Syntax};
use crate::{Diagnostic, Span};
use rule_model::Type;
use rule_model::plan::{Name, Operator, Query, Source, Union, UnionInput};

/// How inputs are put together.
#[derive(Clone, Debug, Default)]
pub(super) struct How {
    pub(super) with_source: Option<Name>,
    pub(super) inner: bool,
    /// Tables that do not exist are left out.
    pub(super) fuzzy: bool,
}

impl<'a> Checker<'a> {
    pub(super) fn union_source(&mut self, union: &'a syntax::UnionOperator) -> Rows {
        let how = self.how(&union.params);
        let inputs = self.union_inputs(&union.inputs, &how, 0);
        if inputs.is_empty() {
            return unknown_rows();
        }
        let (union, columns) = united(inputs, how);
        let output = columns.fields();
        let source = Source::Union(Box::new(union));
        Rows { query: Query { source, columns: output, stages: Vec::new() }, columns }
    }

    pub(super) fn union_operator(
        &mut self,
        rows: Rows,
        union: &'a syntax::UnionOperator,
        span: Span,
    ) -> Rows {
        let how = self.how(&union.params);
        let label = rows.columns.label.clone().unwrap_or_else(|| Name::new_static("union_arg0"));
        let input = Query { source: Source::Input, columns: rows.columns.fields(), stages: Vec::new() };
        let mut inputs = vec![(label, Rows { query: input, columns: rows.columns.clone() })];
        inputs.extend(self.union_inputs(&union.inputs, &how, 1));
        let (union, columns) = united(inputs, how);
        rows.then(Operator::Union(Box::new(union)), columns, span)
    }

    fn how(&mut self, params: &'a syntax::Parameters) -> How {
        let with_source = ["withsource", "with_source"]
            .into_iter()
            .find_map(|key| self.parameter_text(params, key))
            .map(|(name, _)| name);
        let kind = self.parameter_text(params, "kind");
        if let Some((kind, span)) = kind.as_ref().filter(|(kind, _)| kind != "inner" && kind != "outer") {
            let message = format!("there is no union of the kind `{kind}`");
            let help = match nearest(kind, ["inner", "outer"]) {
                Some(meant) => format!("write `{meant}`"),
                None => "write `inner` or `outer`".to_owned(),
            };
            self.report(Diagnostic::error(*span, message).help(help));
        }
        let inner = kind.is_some_and(|(kind, _)| kind == "inner");
        let fuzzy = self.parameter_text(params, "isfuzzy").is_some_and(|(truth, _)| truth == "true");
        How { with_source, inner, fuzzy }
    }

    /// The inputs with their labels; the first is number `from`.
    pub(super) fn union_inputs(
        &mut self,
        inputs: &'a [syntax::Expr],
        how: &How,
        from: usize,
    ) -> Vec<(Name, Rows)> {
        let mut checked = Vec::new();
        for (at, input) in inputs.iter().enumerate() {
            let pattern = match &input.kind {
                Syntax::Star => Some(Name::new_static("*")),
                Syntax::Pattern(pattern) => Some(pattern.clone()),
                _ => None,
            };
            if let Some(pattern) = pattern {
                let tables = self.tables_like(&pattern, input.span, how.fuzzy);
                checked.extend(tables);
                continue;
            }
            if how.fuzzy && self.is_missing(input) {
                continue;
            }
            let rows = self.subquery(input);
            let label =
                rows.columns.label.clone().unwrap_or_else(|| Name::from(format!("union_arg{}", at + from)));
            checked.push((label, rows));
        }
        checked
    }

    /// The tables whose names fit a pattern; that there is none is an error unless `fuzzy`.
    pub(super) fn tables_like(&mut self, pattern: &str, span: Span, fuzzy: bool) -> Vec<(Name, Rows)> {
        let mut names: Vec<Name> = self.catalog.names();
        names.retain(|name| project::matches(pattern, name));
        let own: Vec<Name> =
            self.scope.names().filter(|name| project::matches(pattern, name)).cloned().collect();
        names.extend(own.into_iter().filter(|name| {
            matches!(self.scope.get(name), Some(super::scope::Entity::Function(closure)) if closure.function.view)
        }));
        if names.is_empty() && !fuzzy {
            if self.catalog.admits_unknown() {
                return vec![(Name::new(pattern), self.table(pattern, span))];
            }
            self.error(
                span,
                format!("no table is called like `{pattern}`"),
                "write the beginning of a table's name, such as `Signin*`",
            );
        }
        names.into_iter().map(|name| (name.clone(), self.table(&name, span))).collect()
    }

    /// Whether the table that an input begins with does not exist.
    fn is_missing(&self, e: &syntax::Expr) -> bool {
        match &e.kind {
            Syntax::Parenthesized(inner) => self.is_missing(inner),
            Syntax::Pipe(Some(source), _) => self.is_missing(source),
            Syntax::Name(name) => {
                self.scope.get(&name.text).is_none() && self.catalog.table(&name.text).is_none()
            }
            Syntax::Property(_, name) => self.is_tabular(e) && self.catalog.table(&name.text).is_none(),
            Syntax::Call(name, _) => {
                self.scope.get(&name.text).is_none()
                    && rule_eval::function(&name.text).is_none()
                    && !self.is_tabular(e)
            }
            _ => false,
        }
    }
}

/// The union of the inputs. A name that has several types becomes a column for each: `x_long`, `x_string`.
pub(super) fn united(inputs: Vec<(Name, Rows)>, how: How) -> (Union, Columns) {
    let mut columns =
        Columns { open: inputs.iter().any(|(_, rows)| rows.columns.open), ..Columns::default() };
    columns.time = inputs.first().and_then(|(_, rows)| rows.columns.time.clone());
    if let Some(name) = &how.with_source {
        columns.list.push(Column::new(name.clone(), Type::String));
    }
    let first = columns.list.len();
    let mut feeds: Vec<Feed> = Vec::new();
    let names = distinct_names(&inputs);
    for name in &names {
        let everywhere = inputs.iter().all(|(_, rows)| rows.columns.open || rows.columns.contains(name));
        if how.inner && !everywhere {
            continue;
        }
        let types = types_of(&inputs, name);
        for column in &types {
            let shown = match types.len() {
                1 => columns.free_name(name),
                _ => free_of(&columns, &names, &format!("{name}_{}", column.ty)),
            };
            columns.list.push(Column { name: shown, ..column.clone() });
            feeds.push(Feed { name: name.clone(), ty: (types.len() > 1).then_some(column.ty) });
        }
    }
    let feed = |rows: &Rows, feed: &Feed| {
        rows.columns
            .get(&feed.name)
            .filter(|column| feed.ty.is_none_or(|ty| ty == column.ty || column.unknown))
            .map(|column| column.name.clone())
    };
    let inputs = inputs
        .into_iter()
        .map(|(label, rows)| {
            let own = feeds.iter().map(|f| feed(&rows, f));
            let columns = std::iter::repeat_n(None, first).chain(own).collect();
            UnionInput { label, query: rows.query, columns }
        })
        .collect();
    (Union { inputs, with_source: how.with_source, inner: how.inner }, columns)
}

/// A name that neither a column so far nor a column of the inputs has: theirs go before those made of name and type.
fn free_of(columns: &Columns, names: &[Name], base: &str) -> Name {
    let all = names.iter().map(|name| Column::new(name.clone(), Type::Dynamic));
    let taken = columns.with_list(columns.list.iter().cloned().chain(all).collect());
    taken.free_name(base)
}

/// What feeds an output column: a column of this name and, where that is not enough, of this type.
struct Feed {
    name: Name,
    ty: Option<Type>,
}

/// The names of all columns, in the order in which they first appear.
fn distinct_names(inputs: &[(Name, Rows)]) -> Vec<Name> {
    let mut names = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for column in inputs.iter().flat_map(|(_, rows)| &rows.columns.list) {
        if seen.insert(column.name.clone()) {
            names.push(column.name.clone());
        }
    }
    names
}

/// The types that the columns called `name` have; an unknown one goes with any other.
fn types_of(inputs: &[(Name, Rows)], name: &str) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for column in inputs.iter().filter_map(|(_, rows)| rows.columns.get(name)) {
        if !columns.iter().any(|other| other.ty == column.ty) {
            columns.push(column.clone());
        }
    }
    if columns.len() > 1 && columns.iter().any(|column| !column.unknown) && columns.iter().any(|c| c.unknown)
    {
        return vec![Column { name: name.into(), ty: Type::Dynamic, unknown: true }];
    }
    columns
}
