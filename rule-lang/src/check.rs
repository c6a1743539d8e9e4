//! Names and types: a script as written to a plan, and every diagnostic on the way.
//!
//! ```text
//! Script ── statements ──> Scope: let scalars, tables, functions
//!        └─ query ── source ──> Rows ─ operator ─> Rows ─ … ─> Plan
//!                                └─ scalar, call, aggregate: expressions over the columns in view
//! ```
//!
//! Tables that a query names are put in line where they are used once, and are bindings of the plan where they are
//! used more often. An expression or source in which an error was found becomes one of unknown type or columns, which
//! is accepted anywhere, so that the error is told once.

mod aggregate;
mod call;
pub(crate) mod conditions;
pub(crate) mod enumerated;
pub(crate) mod equality;
mod expand;
mod inline;
mod join;
mod known;
mod lambda;
pub(crate) mod lettercase;
mod meant;
mod naming;
mod overload;
mod parse;
mod patterns;
mod pipeline;
mod plugin;
mod project;
mod scalar;
mod scan;
mod scope;
mod search;
mod series;
mod source;
mod summarize;
#[cfg(test)]
mod tests;
mod types;
mod union;
mod windows;

use crate::catalog::Catalog;
use crate::diagnostic::{Diagnostic, Level};
use crate::nearest::nearest;
use crate::{Span, syntax};
use rule_model::plan::{Assignment, Expr, ExprKind, Field, HIDDEN, Name, Operator, Plan, Query};
use rule_model::{DateTime, Type};
use scope::{Columns, Entity, Rows, Scope};
use std::collections::{HashMap, HashSet};

/// How a script is to be checked, beside its text.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The table that a query continues which begins with `|`: the head of a rule names it.
    pub continue_from: Option<Name>,
    /// Columns that the rows of the result must still have when the query projects them away. They are kept as long
    /// as each row of the result comes from one row of the table.
    pub carry: Vec<Name>,
}

/// A script that was checked.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Its plan: there is one exactly if no diagnostic is an error.
    pub plan: Option<Plan>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
    /// The tables that it names, wherever it does.
    pub tables: Vec<TableName>,
}

/// A table of the catalogue where a script names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    /// Its canonical name.
    pub table: Name,
    /// Where it is named.
    pub span: Span,
}

/// Checks a script against the tables of `catalog`.
pub fn check_script(script: &syntax::Script, catalog: &dyn Catalog, options: &Options) -> Checked {
    let mut checker = Checker::new(catalog, options);
    let plan = checker.script(script);
    let failed = checker.diagnostics.iter().any(|d| d.level == Level::Error);
    Checked { plan: plan.filter(|_| !failed), diagnostics: checker.diagnostics, tables: checker.tables }
}

/// The column that an expression reads in which an error was found; its type is unknown.
const FAULT: &str = "$error";
/// Put before the name of a parameter, for the column that stands for it while a function's body is checked.
const PARAMETER: &str = "$param:";
/// Nesting of expressions, subqueries and calls of user functions, past which a query is refused.
const DEPTH_LIMIT: usize = 120;
/// Expressions looked at, those in calls of user functions counted at each call, past which a query is refused.
const WORK_LIMIT: usize = 500_000;

struct Checker<'a> {
    catalog: &'a dyn Catalog,
    options: &'a Options,
    diagnostics: Vec<Diagnostic>,
    told: HashSet<(Span, String)>,
    scope: Scope<'a>,
    /// What the statements of the script or function at hand have named so far.
    defined_here: Vec<Name>,
    /// The columns that an expression can name.
    columns: Columns,
    /// The two sides, while a condition of `join` is checked.
    sides: Option<Box<(Columns, Columns)>>,
    /// The aggregates met so far, while an expression of `summarize` is checked.
    aggregates: Option<aggregate::Calls>,
    /// What a subquery starts from that names no source: the rows that its operator hands in.
    input: Option<Columns>,
    bindings: Vec<Query>,
    /// Bindings that stay bindings however often they are used, because the query says `materialize`.
    materialized: Vec<bool>,
    /// Whether columns named in [`Options::carry`] are kept by the operator at hand.
    carrying: bool,
    /// The tables of the catalogue that were named.
    tables: Vec<TableName>,
    /// What `set` says, by name.
    properties: HashMap<Name, Expr>,
    folding: rule_eval::Context,
    depth: usize,
    work: usize,
}

impl<'a> Checker<'a> {
    fn new(catalog: &'a dyn Catalog, options: &'a Options) -> Checker<'a> {
        Checker {
            catalog,
            options,
            diagnostics: Vec::new(),
            told: HashSet::new(),
            scope: Scope::default(),
            defined_here: Vec::new(),
            columns: Columns::default(),
            sides: None,
            aggregates: None,
            input: None,
            bindings: Vec::new(),
            materialized: Vec::new(),
            carrying: false,
            tables: Vec::new(),
            properties: HashMap::new(),
            folding: rule_eval::Context::at(DateTime::UNIX_EPOCH),
            depth: 0,
            work: 0,
        }
    }

    fn script(&mut self, script: &'a syntax::Script) -> Option<Plan> {
        let mut result = None;
        for statement in &script.statements {
            if let syntax::Statement::Query(query) = statement {
                if result.is_some() {
                    self.error(
                        query.span,
                        "a script has one query; this is another",
                        "keep one of the two, or put them together with `union`",
                    );
                    continue;
                }
                self.carrying = !self.options.carry.is_empty();
                result = Some(self.rows(query));
                self.carrying = false;
            } else {
                self.statement(statement);
            }
        }
        let Some(rows) = result else {
            if self.diagnostics.is_empty() {
                self.diagnostics.push(
                    Diagnostic::error(Span::default(), "there is no query")
                        .help("write one behind all `let` statements, such as `SigninLogs | where …`"),
                );
            }
            return None;
        };
        let (root, visible) = visible_first(rows);
        let bindings = std::mem::take(&mut self.bindings);
        Some(inline::inline_single_uses(Plan { bindings, root, visible }, &self.materialized))
    }

    /// A statement other than a query.
    fn statement(&mut self, statement: &'a syntax::Statement) {
        match statement {
            syntax::Statement::Let(name, value) => self.define(name, value),
            syntax::Statement::Parameters(parameters) => self.query_parameters(parameters),
            syntax::Statement::Other(keyword) => {
                self.error(
                    keyword.span,
                    format!("the statement `{}` is not supported here", keyword.text),
                    "write the query without it",
                );
            }
            syntax::Statement::Set(name, Some(value)) if name.text.starts_with("query_bin_auto") => {
                let value = self.expr(value);
                self.properties.insert(name.text.clone(), value);
            }
            syntax::Statement::Set(..) | syntax::Statement::Query(_) => {}
        }
    }

    fn define(&mut self, name: &'a syntax::Name, value: &'a syntax::LetValue) {
        let entity = match value {
            syntax::LetValue::Function(function) => self.function(function),
            syntax::LetValue::Expr(e) if self.is_tabular(e) => {
                let rows = self.named_rows(e, Some(&name.text));
                self.table_entity(rows, false)
            }
            syntax::LetValue::Expr(e) => {
                let outer = std::mem::take(&mut self.columns);
                let value = self.expr(e);
                self.columns = outer;
                Entity::Scalar(value)
            }
        };
        if self.defined_here.contains(&name.text) {
            self.error(
                name.span,
                format!("`{}` is already defined", name.text),
                "give one of the two another name",
            );
        }
        self.defined_here.push(name.text.clone());
        self.scope.define(name.text.clone(), entity);
    }

    fn query_parameters(&mut self, parameters: &'a [syntax::Parameter]) {
        for parameter in parameters {
            let value = self.parameter_default(parameter).unwrap_or_else(|| {
                self.error(
                    parameter.name.span,
                    format!("the query parameter `{}` has no value", parameter.name.text),
                    "give it one: `declare query_parameters(name: type = value)`",
                )
            });
            self.scope.define(parameter.name.text.clone(), Entity::Scalar(value));
        }
    }

    /// A table under a name. Its plan becomes a binding, unless it reads rows of an enclosing operator.
    fn table_entity(&mut self, rows: Rows, materialized: bool) -> Entity<'a> {
        Entity::Table(std::rc::Rc::new(self.bound(rows, materialized)))
    }

    fn bound(&mut self, rows: Rows, materialized: bool) -> Rows {
        if inline::reads_input(&rows.query) {
            return rows;
        }
        let columns = rows.query.output().to_vec();
        self.bindings.push(rows.query);
        self.materialized.push(materialized);
        let source = rule_model::plan::Source::Binding(self.bindings.len() - 1);
        Rows { query: Query { source, columns, stages: Vec::new() }, columns: rows.columns }
    }

    /// Reports an error, once, and gives an expression of unknown type to go on with.
    fn error(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) -> Expr {
        self.report(Diagnostic::error(span, message).help(help))
    }

    /// Reports a diagnostic, once, and gives an expression of unknown type to go on with.
    fn report(&mut self, diagnostic: Diagnostic) -> Expr {
        let span = diagnostic.span;
        if self.told.insert((span, diagnostic.message.clone())) {
            self.diagnostics.push(diagnostic);
        }
        fault(span)
    }

    /// Reports a name that means nothing, with the nearest of `candidates`.
    fn unknown_name<'n>(
        &mut self,
        what: &str,
        name: &str,
        span: Span,
        candidates: impl IntoIterator<Item = &'n str>,
    ) -> Expr {
        let candidates: Vec<&str> = candidates.into_iter().collect();
        let help = match nearest(name, candidates.iter().copied()) {
            Some(meant) => format!("write `{meant}`"),
            None => "write one of these".to_owned(),
        };
        let there_are = candidates.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let diagnostic = Diagnostic::error(span, format!("there is no {what} `{name}`"));
        self.report(diagnostic.note(format!("there are {there_are}")).help(help))
    }

    fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|d| d.level == Level::Error).count()
    }

    /// Goes one level deeper; `false`, and an error, past the limits.
    fn enter(&mut self, span: Span) -> bool {
        self.depth += 1;
        self.work += 1;
        if self.depth > DEPTH_LIMIT {
            self.error(
                span,
                format!("this nests deeper than {DEPTH_LIMIT} levels"),
                "give inner parts a name with `let`",
            );
            self.depth -= 1;
            return false;
        }
        if self.work > WORK_LIMIT {
            if self.work == WORK_LIMIT + 1 {
                self.error(
                    span,
                    "with its functions put in line, this query is too long",
                    "write it in fewer or shorter functions",
                );
            }
            self.depth -= 1;
            return false;
        }
        true
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Does something with these columns in view.
    fn over<R>(&mut self, columns: &Columns, work: impl FnOnce(&mut Self) -> R) -> R {
        let outer = std::mem::replace(&mut self.columns, columns.clone());
        let result = work(self);
        self.columns = outer;
        result
    }

    /// Whether nothing is known of the type of an expression; it is then accepted anywhere.
    fn is_unknown(&self, e: &Expr) -> bool {
        if e.ty != Type::Dynamic {
            return false;
        }
        match &e.kind {
            ExprKind::Column(name) => match self.columns.get(name) {
                Some(column) => column.unknown,
                None => !name.starts_with(PARAMETER),
            },
            ExprKind::Property(base, _) | ExprKind::Element(base, _) => self.is_unknown(base),
            ExprKind::Call(_, args) => args.iter().any(|arg| self.is_unknown(arg)),
            ExprKind::ToScalar(_) => true,
            ExprKind::Literal(_) | ExprKind::FirstColumn(_) | ExprKind::WholeRow { .. } => false,
        }
    }
}

/// An expression of unknown type in the place of a wrong one.
fn fault(span: Span) -> Expr {
    Expr::column(FAULT, Type::Dynamic, span)
}

fn is_fault(e: &Expr) -> bool {
    matches!(&e.kind, ExprKind::Column(name) if name == FAULT)
}

/// Whether an expression stands for an argument, while the body of a function is checked for itself.
fn is_stand_in(e: &Expr) -> bool {
    matches!(&e.kind, ExprKind::Column(name) if name.starts_with(PARAMETER))
}

/// Puts carried columns behind the others, without those that are visible after all; and how many are visible.
fn visible_first(mut rows: Rows) -> (Query, usize) {
    let shown: Vec<_> = rows.columns.visible().cloned().collect();
    let visible = shown.len();
    if visible == rows.columns.list.len() {
        return (rows.query, visible);
    }
    let is_shown = |name: &str| shown.iter().any(|c| Some(c.name.as_str()) == name.strip_prefix(HIDDEN));
    let hidden = rows.columns.list.iter().filter(|c| c.is_hidden() && !is_shown(&c.name));
    let list: Vec<_> = shown.iter().chain(hidden).cloned().collect();
    let span = rows.query.stages.last().map_or_else(Span::default, |stage| stage.span);
    let assignments = list
        .iter()
        .map(|c| Assignment { name: c.name.clone(), value: Expr::column(c.name.clone(), c.ty, span) })
        .collect();
    let output: Vec<Field> = list.iter().map(|c| Field::new(c.name.clone(), c.ty)).collect();
    rows.query.stages.push(rule_model::plan::Stage {
        operator: Operator::Project(assignments),
        output,
        open: false,
        span,
    });
    (rows.query, visible)
}
