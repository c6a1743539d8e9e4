//! The columns of tables that a rule names, each with its place: what editors show and go to.

use super::fields::Reference;
use crate::origins::{self, Origin};
use crate::{Span, walk};
use rule_model::plan::{ExprKind, Plan};

/// A column of a table where it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The table's canonical name.
    pub table: String,
    /// The column.
    pub column: String,
    /// Where it is named.
    pub span: Span,
}

/// The columns that the query of `plan`, whose spans are ranges of `text`, and the fields of a rule name.
pub(super) fn of(plan: &Plan, text: &str, references: &[Reference]) -> Vec<Named> {
    let mut named = Vec::new();
    let mut add = |origin: &Origin, span: Span| {
        let found = Named { table: origin.table.to_string(), column: origin.column.to_string(), span };
        if !named.contains(&found) {
            named.push(found);
        }
    };
    let output = origins::visit(plan, &mut |expr, origins| {
        walk::expressions(expr, &mut |expr| {
            let ExprKind::Column(name) = &expr.kind else { return };
            // What the query does not write out (`project-away`, `*`) has the place of something else.
            if let Some(origin) = origins.get(name).filter(|_| expr.span.text(text) == name) {
                add(origin, expr.span);
            }
        });
    });
    for reference in references {
        let name = &reference.name;
        if let Some(origin) = output.get(&name.text).filter(|_| reference.is_bare) {
            add(origin, name.span);
        }
    }
    named
}
