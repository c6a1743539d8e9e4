//! `mv-expand` and `mv-apply`.

use super::lambda::handed;
use super::naming::{self, Numbered};
use super::scope::{Column, Columns, Rows};
use super::{Checker, is_fault, types};
use crate::Span;
use crate::syntax::{self, ExprKind as Syntax};
use rule_model::Type;
use rule_model::plan::{ExpandColumn, MvApply, MvExpand, Name, Operator};

/// Parameters, expanded columns, and the limit.
type Expansion<'a> = (&'a syntax::Parameters, &'a [syntax::ExpandItem], Option<&'a syntax::Expr>);

impl<'a> Checker<'a> {
    pub(super) fn mv_expand(
        &mut self,
        rows: Rows,
        params: &'a syntax::Parameters,
        items: &'a [syntax::ExpandItem],
        limit: Option<&'a syntax::Expr>,
        span: Span,
    ) -> Rows {
        let (expand, further) = self.expansion(&rows.columns, (params, items, limit));
        let after = handed(&rows.columns, &further);
        rows.then(Operator::MvExpand(expand), after, span)
    }

    pub(super) fn mv_apply(
        &mut self,
        rows: Rows,
        expansion: Expansion<'a>,
        body: &'a syntax::Expr,
        span: Span,
    ) -> Rows {
        let columns = rows.columns.clone();
        let (expand, further) = self.expansion(&columns, expansion);
        let inner = handed(&columns, &further);
        let body = self.subquery_over(inner, body);
        let mut after = handed(&columns, &body.columns.list);
        after.open |= body.columns.open;
        rows.then(Operator::MvApply(Box::new(MvApply { expand, body: body.query })), after, span)
    }

    fn expansion(
        &mut self,
        columns: &Columns,
        (params, items, limit): Expansion<'a>,
    ) -> (MvExpand, Vec<Column>) {
        let mut expanded = Vec::new();
        let mut further = Vec::new();
        let mut numbered = Numbered::default();
        for item in items {
            let (column, unknown) = self.expanded(columns, item, &mut numbered);
            further.push(Column { name: column.name.clone(), ty: column.ty, unknown });
            expanded.push(column);
        }
        let item_index = self.parameter_text(params, "with_itemindex").map(|(name, _)| name);
        further.extend(item_index.clone().map(|name| Column::new(name, Type::Long)));
        let limit = limit.and_then(|limit| {
            let count = self.row_count(limit);
            types::literal(&count).and_then(rule_model::Value::as_i64).and_then(|n| u64::try_from(n).ok())
        });
        let bags_as_arrays = ["bagexpansion", "kind"]
            .into_iter()
            .find_map(|key| self.parameter_text(params, key))
            .is_some_and(|(how, _)| how == "array");
        (MvExpand { columns: expanded, item_index, limit, bags_as_arrays }, further)
    }

    fn expanded(
        &mut self,
        columns: &Columns,
        item: &'a syntax::ExpandItem,
        numbered: &mut Numbered,
    ) -> (ExpandColumn, bool) {
        let value = self.over(columns, |checker| checker.expr(&item.value.value));
        let unknown = self.over(columns, |checker| checker.is_unknown(&value));
        if value.ty != Type::Dynamic && !is_fault(&value) {
            let message = format!("only a dynamic value can be expanded, this is {}", value.ty);
            self.error(
                value.span,
                message,
                if value.ty == Type::String {
                    "read it as JSON first, with parse_json(…), or split(…) it"
                } else {
                    "name a column of arrays or objects"
                },
            );
        }
        let name: Name = match item.value.names.first() {
            Some(name) => name.text.clone(),
            None => match expanded_name(&item.value.value) {
                Some(name) => name,
                None => numbered.next(columns),
            },
        };
        let ty = item.ty.as_ref().map(|ty| self.type_named(ty));
        let unknown = unknown && ty.is_none();
        (ExpandColumn { name, value, ty: ty.unwrap_or(Type::Dynamic) }, unknown)
    }
}

/// The column that takes the elements: a conversion around a column expands it in its place.
fn expanded_name(e: &syntax::Expr) -> Option<Name> {
    match &e.kind {
        Syntax::Parenthesized(inner) => expanded_name(inner),
        _ => naming::implied(e),
    }
}
