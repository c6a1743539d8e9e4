//! Expressions over an input's columns as expressions over what its first stages make of them.
//!
//! ```text
//! stages: extend timekey = bin(TimeGenerated, 1h) | project timekey, …      bin(TimeGenerated, 1h)  ──>  timekey
//! ```

use super::lookup::trace;
use super::partition::without_spans;
use rule_model::plan::{Expr, ExprKind, Field, Span, Stage};

/// The columns that stages give, each with the expression over the columns before them that it is.
pub(super) struct Translation {
    columns: Vec<(Expr, Field)>,
}

impl Translation {
    /// The translation to these of the columns that stages give.
    pub(super) fn new(stages: &[Stage], fields: &[Field]) -> Translation {
        let traced = |field: &Field| {
            let mut keys = trace(stages, vec![column(field)])?;
            keys.iter_mut().for_each(without_spans);
            Some((keys.pop()?, field.clone()))
        };
        Translation { columns: fields.iter().filter_map(traced).collect() }
    }

    /// An expression over the columns before the stages as one over those behind them; `None` where there is none.
    pub(super) fn of(&self, expr: &Expr) -> Option<Expr> {
        let mut expr = expr.clone();
        without_spans(&mut expr);
        self.translate(&mut expr)?;
        Some(expr)
    }

    fn translate(&self, expr: &mut Expr) -> Option<()> {
        if let Some((_, field)) = self.columns.iter().find(|(of_field, _)| of_field == expr) {
            *expr = column(field);
            return Some(());
        }
        match &mut expr.kind {
            ExprKind::Literal(_) => Some(()),
            ExprKind::Property(inner, _) => self.translate(inner),
            ExprKind::Element(inner, index) => {
                self.translate(inner)?;
                self.translate(index)
            }
            ExprKind::Call(_, args) => args.iter_mut().try_for_each(|arg| self.translate(arg)),
            ExprKind::Column(_)
            | ExprKind::ToScalar(_)
            | ExprKind::FirstColumn(_)
            | ExprKind::WholeRow { .. } => None,
        }
    }
}

fn column(field: &Field) -> Expr {
    Expr::column(field.name.clone(), field.ty, Span::default())
}
