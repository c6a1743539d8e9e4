//! The tables and columns that a rule names, each with its place: what editors show and go to.

use super::fields::Reference;
use crate::check::TableName;
use crate::origins::{self, Origin};
use crate::{Span, walk};
use rule_model::plan::{ExprKind, Plan};

/// A table, or a column of one, where it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The table's canonical name.
    pub table: String,
    /// The column; none where it is the table that is named.
    pub column: Option<String>,
    /// Where it is named.
    pub span: Span,
}

/// What a rule names, each once at each place.
#[derive(Debug, Default)]
pub(super) struct Names(pub(super) Vec<Named>);

impl Names {
    /// A table.
    pub(super) fn table(&mut self, table: &str, span: Span) {
        self.add(Named { table: table.to_owned(), column: None, span });
    }

    fn column(&mut self, origin: &Origin, span: Span) {
        let column = Some(origin.column.to_string());
        self.add(Named { table: origin.table.to_string(), column, span });
    }

    fn add(&mut self, named: Named) {
        if !self.0.contains(&named) {
            self.0.push(named);
        }
    }

    /// The tables that a query names.
    pub(super) fn tables(&mut self, tables: &[TableName], place: impl Fn(Span) -> Span) {
        tables.iter().for_each(|it| self.table(&it.table, place(it.span)));
    }

    /// The columns that the query of `plan` names, whose spans are ranges of `text` and at `place` of the rule; and those
    /// that its fields name.
    pub(super) fn columns(
        &mut self,
        plan: &Plan,
        text: &str,
        place: impl Fn(Span) -> Span,
        references: &[Reference],
    ) {
        let output = origins::visit(plan, &mut |expr, origins| {
            walk::expressions(expr, &mut |expr| {
                let ExprKind::Column(name) = &expr.kind else { return };
                // What the query does not write out (`project-away`, `*`) has the place of something else.
                if let Some(origin) = origins.get(name).filter(|_| expr.span.text(text) == name) {
                    self.column(origin, place(expr.span));
                }
            });
        });
        for reference in references {
            let name = &reference.name;
            if let Some(origin) = output.get(&name.text).filter(|_| reference.is_bare) {
                self.column(origin, name.span);
            }
        }
    }
}
