//! `extend`, `project` and its family, `serialize`: operators that make columns of columns.

use super::naming::{self, Numbered};
use super::scope::{Column, Columns, Rows};
use super::{Checker, fault, is_fault};
use crate::Diagnostic;
use crate::Span;
use crate::syntax::{self, ExprKind as Syntax};
use rule_model::plan::{Assignment, Direction, Expr, ExprKind, HIDDEN, Name, Operator, ProjectOpen};
use rule_model::{Type, Value};

/// A column that an operator makes.
pub(super) struct Made {
    /// The name that the query gives it.
    pub(super) name: Option<Name>,
    /// Else the name that its expression implies.
    pub(super) implied: Option<Name>,
    pub(super) value: Expr,
    pub(super) unknown: bool,
}

impl<'a> Checker<'a> {
    /// The assignments of `extend`, and the columns after it.
    pub(super) fn extend(
        &mut self,
        columns: &Columns,
        items: &'a [syntax::Named],
    ) -> (Vec<Assignment>, Columns) {
        let mut assignments: Vec<Assignment> = Vec::new();
        let mut explicit: Vec<Name> = Vec::new();
        let mut after = columns.clone();
        let mut numbered = Numbered::default();
        for item in items {
            for made in self.made(columns, item, &mut explicit) {
                let name = made.name.or(made.implied).unwrap_or_else(|| numbered.next(&after));
                after.set(Column { name: name.clone(), ty: made.value.ty, unknown: made.unknown });
                assignments.retain(|earlier| earlier.name != name);
                assignments.push(Assignment { name, value: made.value });
            }
        }
        (assignments, after)
    }

    /// The assignments of `project`, and the columns after it.
    pub(super) fn project(
        &mut self,
        columns: &Columns,
        items: &'a [syntax::Named],
    ) -> (Vec<Assignment>, Columns) {
        let mut after = columns.with_list(Vec::new());
        let mut explicit: Vec<Name> = Vec::new();
        let mut assignments = Vec::new();
        let mut numbered = Numbered::default();
        for item in items {
            if let ([], Syntax::Name(name)) = (item.names.as_slice(), &item.value.kind) {
                self.refuse_repeated(&mut explicit, name);
            }
            for made in self.made(columns, item, &mut explicit) {
                let name = match made.name.or(made.implied) {
                    Some(name) => after.free_name(&name),
                    None => numbered.next(&after),
                };
                after.list.push(Column { name: name.clone(), ty: made.value.ty, unknown: made.unknown });
                assignments.push(Assignment { name, value: made.value });
            }
        }
        self.keep_carried(columns, &mut after, &mut assignments);
        (assignments, after)
    }

    /// The columns that one item makes: one, or as many as its function gives.
    pub(super) fn made(
        &mut self,
        columns: &Columns,
        item: &'a syntax::Named,
        explicit: &mut Vec<Name>,
    ) -> Vec<Made> {
        if let Some(name) = self.misassigned(columns, item) {
            let value = fault(item.value.span);
            return vec![Made { name: Some(name.text.clone()), implied: None, value, unknown: true }];
        }
        for name in &item.names {
            self.refuse_repeated(explicit, name);
        }
        let value = self.over(columns, |checker| checker.expr(&item.value));
        let unknown = self.over(columns, |checker| checker.is_unknown(&value));
        let given = |at: usize| item.names.get(at).map(|name| name.text.clone());
        let several = naming::several(&item.value);
        if several.is_empty() || is_fault(&value) {
            if item.names.len() > 1 && !is_fault(&value) {
                let span = item.names.first().map_or(item.value.span, |name| name.span);
                self.error(span, "several names are given, but there is one value", "give it one name");
            }
            return vec![Made { name: given(0), implied: naming::implied(&item.value), value, unknown }];
        }
        let mut made = Vec::new();
        for (at, (implied, ty)) in several.into_iter().enumerate() {
            let index = Expr::literal(Value::Long(at as i64), Type::Long, value.span);
            let kind = ExprKind::Element(Box::new(value.clone()), Box::new(index));
            let element = Expr { kind, ty: Type::Dynamic, span: value.span };
            let element = self.convert(element, ty);
            made.push(Made { name: given(at), implied: Some(implied), value: element, unknown: false });
        }
        made
    }

    /// Reports a name that is given twice within one operator.
    pub(super) fn refuse_repeated(&mut self, given: &mut Vec<Name>, name: &syntax::Name) {
        if given.contains(&name.text) {
            self.report(
                Diagnostic::error(name.span, format!("the column `{}` is already there", name.text))
                    .note("one operator gives each column once")
                    .help("give one of the two another name, or compute it in a further `extend`"),
            );
        }
        given.push(name.text.clone());
    }

    /// Keeps the columns that the rule needs beside the result, out of sight of what follows.
    fn keep_carried(&mut self, columns: &Columns, after: &mut Columns, assignments: &mut Vec<Assignment>) {
        for column in columns.list.iter().filter(|column| self.is_carried(column)) {
            let name = if column.is_hidden() {
                column.name.clone()
            } else {
                Name::from(format!("{HIDDEN}{}", column.name))
            };
            let shown = assignments.iter().any(|a| {
                matches!(&a.value.kind,
                rule_model::plan::ExprKind::Column(from) if *from == column.name)
                    && a.name == column.name
            });
            if shown || after.contains(&name) {
                continue;
            }
            after.list.push(Column { name: name.clone(), ..column.clone() });
            let value = Expr::column(column.name.clone(), column.ty, Span::default());
            assignments.push(Assignment { name, value });
        }
    }

    fn is_carried(&self, column: &Column) -> bool {
        self.carrying && (column.is_hidden() || self.options.carry.contains(&column.name))
    }

    /// A projection that keeps the columns at these positions.
    fn keep(&mut self, columns: &Columns, kept: &[Column]) -> (Operator, Columns) {
        let mut after = columns.with_list(kept.to_vec());
        let mut assignments = kept.iter().map(same).collect();
        self.keep_carried(columns, &mut after, &mut assignments);
        (Operator::Project(assignments), after)
    }

    pub(super) fn project_away(
        &mut self,
        columns: &Columns,
        items: &'a [syntax::Expr],
    ) -> (Operator, Columns) {
        let patterns = self.patterns(columns, items);
        let kept: Vec<Column> =
            columns.visible().filter(|c| !patterns.iter().any(|p| matches(p, &c.name))).cloned().collect();
        if columns.open {
            let after = Columns { list: kept, open: true, ..columns.clone() };
            return (Operator::ProjectOpen(ProjectOpen::Away(patterns)), after);
        }
        self.keep(columns, &kept)
    }

    pub(super) fn project_keep(
        &mut self,
        columns: &Columns,
        items: &'a [syntax::Expr],
    ) -> (Operator, Columns) {
        let patterns = self.patterns(columns, items);
        let mut kept: Vec<Column> =
            columns.visible().filter(|c| patterns.iter().any(|p| matches(p, &c.name))).cloned().collect();
        if columns.open {
            let wild = patterns.iter().any(|p| p.contains('*'));
            for pattern in patterns.iter().filter(|p| !p.contains('*') && !columns.contains(p)) {
                kept.push(Column { name: pattern.clone(), ty: Type::Dynamic, unknown: true });
            }
            let after = Columns { list: kept, open: wild, ..columns.clone() };
            return (Operator::ProjectOpen(ProjectOpen::Keep(patterns)), after);
        }
        self.keep(columns, &kept)
    }

    pub(super) fn project_rename(
        &mut self,
        columns: &Columns,
        items: &'a [syntax::Named],
    ) -> (Operator, Columns) {
        let mut renames: Vec<(Name, Name)> = Vec::new();
        // What is renamed from a column that is not there is of any type: one slip is told once.
        let mut unknown: Vec<Name> = Vec::new();
        for item in items {
            let ([new], Syntax::Name(old)) = (item.names.as_slice(), &item.value.kind) else {
                self.error(
                    item.value.span,
                    "a renaming is written `new = old`, both names of columns",
                    "write `project-rename New = Old`",
                );
                continue;
            };
            if !columns.contains(&old.text) && columns.contains(&new.text) {
                let message = format!("there is no column `{}` to rename", old.text);
                let fault = Diagnostic::error(old.span, message).note("the new name stands before the `=`");
                self.report(fault.help(format!("write `{} = {}`", old.text, new.text)));
                unknown.push(old.text.clone());
                continue;
            }
            if !self.column_exists(columns, old) {
                unknown.push(new.text.clone());
                continue;
            }
            if columns.contains(&new.text) || renames.iter().any(|(name, _)| *name == new.text) {
                self.error(
                    new.span,
                    format!("the column `{}` is already there", new.text),
                    "give it another name, or drop the other column first with `project-away`",
                );
                continue;
            }
            renames.push((new.text.clone(), old.text.clone()));
        }
        let new_name = |name: &Name| renames.iter().find(|(_, old)| old == name).map(|(new, _)| new.clone());
        let mut after = columns.clone();
        for column in &mut after.list {
            if let Some(new) = new_name(&column.name) {
                column.name = new;
            }
        }
        if let Some(new) = columns.time.as_ref().and_then(new_name) {
            after.time = Some(new);
        }
        for name in unknown {
            after.set(Column { name, ty: Type::Dynamic, unknown: true });
        }
        if columns.open {
            for (new, _) in renames.iter().filter(|(_, old)| !columns.contains(old)) {
                after.set(Column { name: new.clone(), ty: Type::Dynamic, unknown: true });
            }
            return (Operator::ProjectOpen(ProjectOpen::Rename(renames)), after);
        }
        let assignments = columns
            .list
            .iter()
            .map(|c| Assignment { name: new_name(&c.name).unwrap_or_else(|| c.name.clone()), ..same(c) })
            .collect();
        (Operator::Project(assignments), after)
    }

    pub(super) fn project_reorder(
        &mut self,
        columns: &Columns,
        items: &'a [(syntax::Expr, Option<syntax::Ordering>)],
    ) -> (Operator, Columns) {
        let mut first: Vec<Column> = Vec::new();
        let mut patterns = Vec::new();
        for (item, ordering) in items {
            let Some(pattern) = self.pattern(columns, item) else { continue };
            let mut matching: Vec<Column> = columns
                .visible()
                .filter(|c| matches(&pattern, &c.name) && !first.iter().any(|f| f.name == c.name))
                .cloned()
                .collect();
            let direction = ordering
                .as_ref()
                .and_then(|o| o.ascending)
                .map(|ascending| if ascending { Direction::Ascending } else { Direction::Descending });
            match direction {
                Some(Direction::Ascending) => matching.sort_by(|a, b| a.name.cmp(&b.name)),
                Some(Direction::Descending) => matching.sort_by(|a, b| b.name.cmp(&a.name)),
                None => {}
            }
            if columns.open && matching.is_empty() && !pattern.contains('*') {
                matching.push(Column { name: pattern.clone(), ty: Type::Dynamic, unknown: true });
            }
            first.extend(matching);
            patterns.push((pattern, direction));
        }
        let rest = columns.visible().filter(|c| !first.iter().any(|f| f.name == c.name)).cloned();
        let list: Vec<Column> = first.iter().cloned().chain(rest).collect();
        if columns.open {
            let after = Columns { list, ..columns.clone() };
            return (Operator::ProjectOpen(ProjectOpen::Reorder(patterns)), after);
        }
        self.keep(columns, &list)
    }

    /// The columns that a list of names and patterns means.
    fn patterns(&mut self, columns: &Columns, items: &'a [syntax::Expr]) -> Vec<Name> {
        items.iter().filter_map(|item| self.pattern(columns, item)).collect()
    }

    fn pattern(&mut self, columns: &Columns, item: &'a syntax::Expr) -> Option<Name> {
        match &item.kind {
            Syntax::Star => Some(Name::new_static("*")),
            Syntax::Pattern(pattern) => {
                if !columns.open && !columns.visible().any(|c| matches(pattern, &c.name)) {
                    self.error(
                        item.span,
                        format!("no column is called like `{pattern}`"),
                        "write the beginning or end of a name that is there, such as `Time*`",
                    );
                    return None;
                }
                Some(pattern.clone())
            }
            Syntax::Name(name) => self.column_exists(columns, name).then(|| name.text.clone()),
            _ => {
                self.error(
                    item.span,
                    "the name of a column is expected here",
                    "write a name, or a pattern such as `Init*`",
                );
                None
            }
        }
    }

    /// Whether there is such a column; reports it otherwise.
    pub(super) fn column_exists(&mut self, columns: &Columns, name: &syntax::Name) -> bool {
        if columns.contains(&name.text) || columns.open {
            return true;
        }
        self.over(columns, |checker| checker.unknown_column(&name.text, name.span));
        false
    }
}

impl Rows {
    /// These rows after one more operator.
    pub(super) fn then(mut self, operator: Operator, columns: Columns, span: Span) -> Rows {
        let (output, open) = (columns.fields(), columns.open);
        self.query.stages.push(rule_model::plan::Stage { operator, output, open, span });
        Rows { query: self.query, columns }
    }
}

/// The assignment that leaves a column as it is.
pub(super) fn same(column: &Column) -> Assignment {
    let value = Expr::column(column.name.clone(), column.ty, Span::default());
    Assignment { name: column.name.clone(), value }
}

/// Whether a name fits a pattern, in which `*` is any text.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    name.ends_with(tail)
}
