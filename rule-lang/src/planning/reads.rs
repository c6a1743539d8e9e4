//! What an expression reads, and whether it may be moved.

use rule_eval::function::Stability;
use rule_model::plan::{Expr, ExprKind};
use std::collections::HashSet;

/// What an expression reads of its row, and what else its value depends on.
#[allow(clippy::struct_excessive_bools, reason = "four independent facts, each asked for by its name")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reads<'a> {
    /// Columns by name.
    pub(super) columns: HashSet<&'a str>,
    /// All columns: `pack_all()`.
    pub(super) whole_row: bool,
    /// The result of another query.
    pub(super) query: bool,
    /// The rows around: a window function.
    pub(super) window: bool,
    /// The time of evaluation, or chance.
    pub(super) unstable: bool,
}

impl<'a> Reads<'a> {
    /// What `expr` reads.
    pub(super) fn of(expr: &'a Expr) -> Reads<'a> {
        let mut reads = Reads::default();
        reads.add(expr);
        reads
    }

    /// Whether the value depends on nothing but the row itself.
    pub(super) fn is_row_local(&self) -> bool {
        !self.query && !self.window
    }

    /// Whether the value depends on these columns alone.
    pub(super) fn only(&self, mut is_known: impl FnMut(&str) -> bool) -> bool {
        self.is_row_local()
            && !self.unstable
            && !self.whole_row
            && self.columns.iter().all(|column| is_known(column))
    }

    pub(super) fn add(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Literal(_) => {}
            ExprKind::Column(name) => {
                self.columns.insert(name);
            }
            ExprKind::Property(inner, _) => self.add(inner),
            ExprKind::Element(inner, index) => {
                self.add(inner);
                self.add(index);
            }
            ExprKind::Call(function, args) => {
                match rule_eval::function(function).map(|entry| entry.stability) {
                    Some(Stability::Pure) | None => {}
                    Some(Stability::Window) => self.window = true,
                    Some(Stability::Query | Stability::Volatile) => self.unstable = true,
                }
                for arg in args {
                    self.add(arg);
                }
            }
            ExprKind::ToScalar(_) | ExprKind::FirstColumn(_) => self.query = true,
            ExprKind::WholeRow { .. } => self.whole_row = true,
        }
    }
}
