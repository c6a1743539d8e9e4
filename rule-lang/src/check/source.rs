//! Where rows come from: tables, literal rows, calls of tabular functions.

use super::scope::{Column, Columns, Entity, Rows};
use super::{Checker, TableName, is_fault, types};
use crate::catalog::{CatalogTable, nearest_table};
use crate::syntax::{self, ExprKind as Syntax};
use crate::{Diagnostic, Span};
use rule_model::plan::{Expr, Name, Query, Source};
use rule_model::{Type, Value};

/// Functions that name a place before a table: `workspace("x").T` is `T`, since all tables are in one place here.
const PLACES: &[&str] = &["workspace", "cluster", "database", "app", "resource", "arg", "adx"];

impl<'a> Checker<'a> {
    /// Checks a tabular expression.
    pub(super) fn rows(&mut self, e: &'a syntax::Expr) -> Rows {
        self.named_rows(e, None)
    }

    /// Checks a tabular expression that no carried column has to come through.
    pub(super) fn subquery(&mut self, e: &'a syntax::Expr) -> Rows {
        let carrying = std::mem::replace(&mut self.carrying, false);
        let input = self.input.clone();
        let sides = self.sides.take();
        let aggregates = self.aggregates.take();
        let rows = self.rows(e);
        (self.carrying, self.input, self.sides, self.aggregates) = (carrying, input, sides, aggregates);
        rows
    }

    /// Checks a tabular expression to which a `let` gives this name.
    pub(super) fn named_rows(&mut self, e: &'a syntax::Expr, name: Option<&Name>) -> Rows {
        if !self.enter(e.span) {
            return unknown_rows();
        }
        let rows = self.rows_within_limits(e, name);
        self.leave();
        rows
    }

    fn rows_within_limits(&mut self, e: &'a syntax::Expr, name: Option<&Name>) -> Rows {
        match &e.kind {
            Syntax::Pipe(source, operators) => {
                let rows = match source {
                    Some(source) => self.rows(source),
                    None => self.continued(e.span),
                };
                self.pipeline(rows, operators)
            }
            Syntax::Name(name) => self.table(&name.text, name.span),
            Syntax::Parenthesized(inner) => self.named_rows(inner, name),
            Syntax::Property(base, table) if is_place(base) => self.table(&table.text, table.span),
            Syntax::Call(function, args) => self.tabular_call(function, args, e.span),
            Syntax::Method(base, function, args) if is_place(base) => {
                self.tabular_call(function, args, e.span)
            }
            Syntax::Print(items) => self.print(items),
            Syntax::Range(column, from, to, step) => self.range(column, [from, to, step]),
            Syntax::DataTable(columns, cells) => self.datatable(columns, cells, e.span),
            Syntax::ExternalData(columns, addresses) => self.external_data(columns, addresses, name),
            Syntax::Union(union) => self.union_source(union),
            Syntax::Search(search) => self.search_source(search, e.span),
            Syntax::Missing => unknown_rows(),
            _ => {
                self.error(
                    e.span,
                    "a table is expected here",
                    "write the name of a table, a query in brackets, or `print`",
                );
                unknown_rows()
            }
        }
    }

    /// Whether an expression is a table rather than a value, which KQL tells apart by meaning.
    pub(super) fn is_tabular(&self, e: &syntax::Expr) -> bool {
        match &e.kind {
            Syntax::Pipe(..)
            | Syntax::Print(_)
            | Syntax::Range(..)
            | Syntax::DataTable(..)
            | Syntax::ExternalData(..)
            | Syntax::Union(_)
            | Syntax::Search(_) => true,
            Syntax::Parenthesized(inner) => self.is_tabular(inner),
            Syntax::Name(name) if self.columns.contains(&name.text) => false,
            Syntax::Name(name) => match self.scope.get(&name.text) {
                Some(Entity::Table(_)) => true,
                Some(Entity::Function(closure)) => closure.tabular,
                Some(Entity::Scalar(_)) => false,
                // Any name is a column of an open table, and then sooner that than an unknown table.
                None if self.columns.open => self.catalog.names().contains(&name.text),
                None => self.catalog.table(&name.text).is_some(),
            },
            Syntax::Call(name, _) => match self.scope.get(&name.text) {
                Some(Entity::Table(_)) => true,
                Some(Entity::Function(closure)) => closure.tabular,
                _ => {
                    matches!(name.text.as_str(), "materialize" | "table" | "_GetWatchlist")
                        || self.is_unknown_tabular_function(&name.text)
                }
            },
            Syntax::Property(base, _) | Syntax::Method(base, ..) => is_place(base),
            _ => false,
        }
    }

    fn is_unknown_tabular_function(&self, name: &str) -> bool {
        self.catalog.admits_unknown()
            && rule_eval::function(name).is_none()
            && rule_eval::aggregate(name).is_none()
            && !super::known::is_function(name)
            && !matches!(
                name,
                "toscalar" | "column_ifexists" | "columnifexists" | "ingestion_time" | "pack_all"
            )
            && name != "bag_pack_columns"
    }

    /// The rows that a query goes on from which begins with an operator.
    fn continued(&mut self, span: Span) -> Rows {
        if let Some(columns) = self.input.clone() {
            let query = Query { source: Source::Input, columns: columns.fields(), stages: Vec::new() };
            return Rows { query, columns };
        }
        let start = Span::new(span.start, span.start);
        if let Some(table) = self.options.continue_from.clone() {
            return self.table(&table, start);
        }
        self.report(
            Diagnostic::error(start, "the query names no table")
                .help("begin it with a table, such as `SigninLogs | where …`"),
        );
        unknown_rows()
    }

    pub(super) fn table(&mut self, name: &str, span: Span) -> Rows {
        match self.scope.get(name).cloned() {
            Some(Entity::Table(rows)) => {
                let mut rows = Rows::clone(&rows);
                rows.columns.label.get_or_insert_with(|| name.into());
                return rows;
            }
            Some(Entity::Function(closure)) if closure.tabular => {
                let mut rows = self.call_tabular_closure(&closure, name, None, &[], span);
                if closure.function.view {
                    rows.columns.label = Some(name.into());
                }
                return rows;
            }
            Some(_) => {
                self.error(
                    span,
                    format!("`{name}` is a value, a table is expected here"),
                    "write a table, or turn the value into one with `print`",
                );
                return unknown_rows();
            }
            None => {}
        }
        if let Some(table) = self.catalog.table(name) {
            // A query that continues the head's table does not name it.
            if span.start < span.end {
                self.tables.push(TableName { table: table.name.clone(), span });
            }
            return catalog_rows(table);
        }
        self.unknown_table(name, span);
        unknown_rows()
    }

    pub(super) fn unknown_table(&mut self, name: &str, span: Span) {
        let diagnostic = Diagnostic::error(span, format!("there is no table `{name}`"));
        let own = self.scope.names().map(Name::as_str);
        let meant = crate::nearest::nearest(name, own).map(Name::new);
        let diagnostic = diagnostic.note(format!("the tables are {}", self.catalog.names().join(", ")));
        let help = match nearest_table(self.catalog, name).or(meant) {
            Some(meant) => format!("write `{meant}`"),
            None => "write one of these, or define it with `let`".to_owned(),
        };
        self.report(diagnostic.help(help));
    }

    fn tabular_call(&mut self, name: &'a syntax::Name, args: &'a [syntax::Argument], span: Span) -> Rows {
        match self.scope.get(&name.text).cloned() {
            Some(Entity::Function(closure)) if closure.tabular => {
                return self.call_tabular_closure(&closure, &name.text, None, args, span);
            }
            Some(Entity::Table(_)) if args.is_empty() => return self.table(&name.text, name.span),
            Some(Entity::Function(_) | Entity::Table(_)) => {
                self.error(
                    span,
                    "a table is expected here, this is a value",
                    "write a table, or turn the value into one with `print`",
                );
                return unknown_rows();
            }
            _ => {}
        }
        match (name.text.as_str(), args) {
            ("materialize", [query]) => {
                let rows = self.subquery(&query.value);
                self.bound(rows, true)
            }
            ("table", [table, ..]) => {
                let table_name = self.expr(&table.value);
                match types::literal_text(&table_name).map(Name::new) {
                    Some(text) => self.table(&text, table.value.span),
                    None if is_fault(&table_name) || super::is_stand_in(&table_name) => unknown_rows(),
                    None => {
                        self.error(
                            table.value.span,
                            "the name of the table must be constant",
                            "write it in quotes, as in table(\"AuditLogs\")",
                        );
                        unknown_rows()
                    }
                }
            }
            ("_GetWatchlist", [watchlist, ..]) => self.watchlist(&watchlist.value),
            _ => self.unknown_source(name, args),
        }
    }

    /// A function that nobody defines, in the place of a table.
    pub(super) fn unknown_source(&mut self, name: &'a syntax::Name, args: &'a [syntax::Argument]) -> Rows {
        let is_scalar =
            rule_eval::function(&name.text).is_some() || rule_eval::aggregate(&name.text).is_some();
        if is_scalar {
            self.error(
                name.span,
                format!("{}() gives a value, a table is expected here", name.text),
                format!("write `print {}(…)`, or the name of a table", name.text),
            );
            return unknown_rows();
        }
        if self.catalog.admits_unknown() && !super::known::is_function(&name.text) {
            for arg in args {
                if !self.is_tabular(&arg.value) && !matches!(arg.value.kind, Syntax::Star | Syntax::TypeOf(_))
                {
                    self.over(&Columns::unknown(), |checker| checker.expr(&arg.value));
                }
            }
            return catalog_rows(CatalogTable::unknown(name.text.clone()));
        }
        self.unknown_function(name);
        unknown_rows()
    }

    /// `_GetWatchlist('name')`: the table that the user supplies under that name; its key is `SearchKey`.
    fn watchlist(&mut self, name: &'a syntax::Expr) -> Rows {
        let name = self.expr(name);
        let Some(text) = types::literal_text(&name).map(Name::new) else {
            if !is_fault(&name) {
                self.error(
                    name.span,
                    "the name of the watchlist must be constant",
                    "write it in quotes, as in _GetWatchlist(\"users\")",
                );
            }
            return unknown_rows();
        };
        let known = if self.catalog.admits_unknown() { None } else { self.catalog.table(&text) };
        let mut table = known.unwrap_or_else(|| CatalogTable::unknown(text));
        table.open = true;
        if !table.columns.iter().any(|c| c.name == "SearchKey") {
            table.columns.push(rule_model::plan::Field::new("SearchKey", Type::String));
        }
        catalog_rows(table)
    }

    fn print(&mut self, items: &'a [syntax::Named]) -> Rows {
        let mut columns = Columns::default();
        let mut explicit = Vec::new();
        let mut values = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let made = self.made(&Columns::default(), item, &mut explicit);
            let is_one = made.len() == 1;
            for made in made {
                let name = match (made.name, made.implied) {
                    (Some(name), _) => name,
                    (None, Some(implied)) if !is_one => columns.free_name(&implied),
                    (None, _) => columns.free_name(&format!("print_{at}")),
                };
                columns.set(Column { name, ty: made.value.ty, unknown: is_fault(&made.value) });
                values.push(made.value);
            }
        }
        let query = Query { source: Source::Print(values), columns: columns.fields(), stages: Vec::new() };
        Rows { query, columns }
    }

    fn range(&mut self, column: &'a syntax::Name, bounds: [&'a syntax::Expr; 3]) -> Rows {
        let [mut from, mut to, mut step] =
            bounds.map(|e| self.over(&Columns::default(), |checker| checker.expr(e)));
        let ty = match (from.ty, to.ty, step.ty) {
            _ if is_fault(&from) || is_fault(&to) || is_fault(&step) => Type::Dynamic,
            (Type::DateTime, Type::DateTime, Type::Timespan) => Type::DateTime,
            (Type::Timespan, Type::Timespan, Type::Timespan) => Type::Timespan,
            (a, b, c) => {
                let number = types::common(a, b).and_then(|ab| types::common(ab, c));
                if let Some(ty) = number.filter(|ty| ty.is_number()) {
                    (from, to, step) = (self.convert(from, ty), self.convert(to, ty), self.convert(step, ty));
                    ty
                } else {
                    let message = format!("a range from {a} to {b} in steps of {c} is not possible");
                    self.error(
                        from.span.to(step.span),
                        message,
                        "give all three as numbers, or times with a step such as `1h`",
                    );
                    Type::Dynamic
                }
            }
        };
        let columns = Columns { list: vec![Column::new(column.text.clone(), ty)], ..Columns::default() };
        let source = Source::Range(Box::new([from, to, step]));
        Rows { query: Query { source, columns: columns.fields(), stages: Vec::new() }, columns }
    }

    fn datatable(
        &mut self,
        columns: &'a [(syntax::Name, syntax::Name)],
        cells: &'a [syntax::Expr],
        span: Span,
    ) -> Rows {
        let columns = self.declared(columns);
        let mut values = Vec::with_capacity(cells.len());
        for (at, cell) in cells.iter().enumerate() {
            let value = self.over(&Columns::default(), |checker| checker.expr(cell));
            let ty =
                columns.list.get(at % columns.list.len().max(1)).map_or(Type::Dynamic, |column| column.ty);
            values.push(self.cell(value, ty));
        }
        let width = columns.list.len().max(1);
        if values.len() % width != 0 {
            self.error(
                span,
                format!("the {} values do not fill rows of {width} columns", values.len()),
                format!("write {width} values a row"),
            );
        }
        let rows = values.chunks(width).map(<[Value]>::to_vec).collect();
        let query = Query { source: Source::DataTable(rows), columns: columns.fields(), stages: Vec::new() };
        Rows { query, columns }
    }

    /// The constant in a cell of a `datatable`, as the type of its column.
    fn cell(&mut self, value: Expr, ty: Type) -> Value {
        if is_fault(&value) {
            return Value::Null;
        }
        let span = value.span;
        let converted = self.convert(value, ty);
        if let Some(value) = types::literal(&converted) {
            return value.clone();
        }
        self.error(
            span,
            "a value of a datatable must be constant",
            "write literals, such as \"a\", 1 or datetime(2024-03-01)",
        );
        Value::Null
    }

    /// Columns declared as `(name:type, …)`.
    pub(super) fn declared(&mut self, columns: &'a [(syntax::Name, syntax::Name)]) -> Columns {
        let mut explicit = Vec::new();
        let mut list = Vec::new();
        for (name, ty) in columns {
            self.refuse_repeated(&mut explicit, name);
            list.push(Column::new(name.text.clone(), self.type_named(ty)));
        }
        Columns { list, ..Columns::default() }
    }

    /// `externaldata`: the table that the user supplies under the name that a `let` gives it, else under the file
    /// name in its first address.
    fn external_data(
        &mut self,
        columns: &'a [(syntax::Name, syntax::Name)],
        addresses: &'a [syntax::Expr],
        name: Option<&Name>,
    ) -> Rows {
        let columns = self.declared(columns);
        let address = addresses.first().map(|e| self.over(&Columns::default(), |checker| checker.expr(e)));
        let file = address.as_ref().and_then(types::literal_text).map(|address| {
            let path = address.split(['?', ';']).next().unwrap_or_default();
            let file = path.rsplit('/').next().unwrap_or_default();
            Name::new(file.split('.').next().unwrap_or_default())
        });
        let table = name.cloned().or(file).unwrap_or_else(|| Name::new_static("externaldata"));
        let query = Query { source: Source::Table(table), columns: columns.fields(), stages: Vec::new() };
        Rows { query, columns }
    }
}

/// The rows of a table of the catalogue.
fn catalog_rows(table: CatalogTable) -> Rows {
    let mut columns = Columns::new(&table.columns);
    columns.open = table.open;
    columns.time = table.time;
    columns.label = Some(table.name.clone());
    let source = if table.open { Source::OpenTable(table.name) } else { Source::Table(table.name) };
    let query = Query { source, columns: table.columns, stages: Vec::new() };
    Rows { query, columns }
}

/// Rows of any columns: what is left of a source in which an error was found.
pub(super) fn unknown_rows() -> Rows {
    let query = Query { source: Source::Input, columns: Vec::new(), stages: Vec::new() };
    Rows { query, columns: Columns::unknown() }
}

/// Whether an expression names a place where tables are, as in `database("x").T`.
fn is_place(e: &syntax::Expr) -> bool {
    match &e.kind {
        Syntax::Call(name, _) => PLACES.contains(&name.text.as_str()),
        Syntax::Property(base, _) | Syntax::Method(base, ..) => is_place(base),
        _ => false,
    }
}
