//! What a summary asks of a row alone, computed before it.
//!
//! ```text
//! T | summarize Groups = make_set(tostring(Data.Group)) by bin(Time, 1h)
//! T | extend Groups = tostring(Data.Group), Time' = bin(Time, 1h) | summarize Groups = make_set(Groups) by Time'
//!     └───────────── once, as the event passes ─────────────────┘   └────────────── at each tick ─────────────┘
//! ```

use super::reads::Reads;
use rule_model::plan::{Assignment, Expr, ExprKind, Field, Name, Operator, Span, Stage};

/// The stage that computes what `summary` asks of rows of these columns, and the summary of what that gives. `None` where it
/// asks nothing but columns, or of all columns at once. What `may_move` does not hold for is left where it is.
pub(super) fn of_summary(
    summary: &Stage,
    columns: &[Field],
    may_move: impl Fn(&Expr) -> bool,
) -> Option<(Stage, Stage)> {
    let mut summary = summary.clone();
    let Operator::Summarize { aggregates, by } = &mut summary.operator else { return None };
    let mut output = columns.to_vec();
    let mut computed = Vec::new();
    let keys = by.iter_mut().map(|key| (&key.name, &mut key.value));
    let args = aggregates.iter_mut().flat_map(|aggregate| {
        let name = aggregate.names.first();
        let args = aggregate.calls.iter_mut().flat_map(|call| &mut call.args);
        args.filter_map(move |arg| Some((name?, arg)))
    });
    for (name, expr) in keys.chain(args) {
        let reads = Reads::of(expr);
        if reads.whole_row {
            return None;
        }
        if matches!(expr.kind, ExprKind::Column(_)) || reads.columns.is_empty() || !may_move(expr) {
            continue;
        }
        let field = Field { name: unused(name, &output), ty: expr.ty };
        let value = std::mem::replace(expr, Expr::column(field.name.clone(), field.ty, Span::default()));
        computed.push(Assignment { name: field.name.clone(), value });
        output.push(field);
    }
    let stage = Stage { operator: Operator::Extend(computed), output, open: false, span: Span::default() };
    (stage.output.len() > columns.len()).then_some((stage, summary))
}

/// A name like this one that no column has.
fn unused(name: &Name, columns: &[Field]) -> Name {
    let mut name = name.to_string();
    while columns.iter().any(|field| field.name == name.as_str()) {
        name.push('\'');
    }
    name.as_str().into()
}
