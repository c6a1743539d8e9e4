//! `scan`.

use super::scope::{Column, Columns, Rows};
use super::{Checker, types};
use crate::syntax::{self, ParameterType};
use crate::{Diagnostic, Span};
use rule_model::plan::{Assignment, Expr, Name, Operator, Scan, ScanOutput, ScanStep};
use rule_model::{Type, Value};

impl<'a> Checker<'a> {
    pub(super) fn scan(&mut self, rows: Rows, operator: &'a syntax::ScanOperator, span: Span) -> Rows {
        if let Some(key) = operator.partition.first() {
            let message = "`partition by` within scan is not supported here";
            let help = "write `| partition by … (scan …)`";
            self.report(Diagnostic::error(key.value.span, message).help(help));
        }
        let declared = self.scan_columns(&rows.columns, &operator.declared);
        let mut after = rows.columns.clone();
        after.list.extend(declared.iter().map(|d| Column::new(d.name.clone(), d.value.ty)));
        let view = in_view(&after, &operator.steps);
        let mut steps: Vec<ScanStep> = Vec::new();
        for step in &operator.steps {
            if steps.iter().any(|other| other.name == step.name.text) {
                self.error(
                    step.name.span,
                    format!("the step `{}` is already there", step.name.text),
                    "give one of the two another name",
                );
            }
            let checked = self.scan_step(&view, &declared, step);
            steps.push(checked);
        }
        let match_id = self.parameter_text(&operator.params, "with_match_id").map(|(name, _)| name);
        if let Some(name) = &match_id {
            after.set(Column::new(name.clone(), Type::Long));
        }
        rows.then(Operator::Scan(Box::new(Scan { match_id, declared, steps })), after, span)
    }

    /// The declared columns with their defaults.
    fn scan_columns(&mut self, columns: &Columns, declared: &'a [syntax::Parameter]) -> Vec<Assignment> {
        let mut checked: Vec<Assignment> = Vec::new();
        for parameter in declared {
            let name = &parameter.name;
            if columns.contains(&name.text) || checked.iter().any(|other| other.name == name.text) {
                self.error(
                    name.span,
                    format!("the column `{}` is already there", name.text),
                    "give it another name",
                );
                continue;
            }
            let ParameterType::Scalar(ty) = &parameter.ty else {
                self.error(
                    name.span,
                    "a column has a scalar type, such as long",
                    "write a type such as `long` or `string`",
                );
                continue;
            };
            let ty = self.type_named(ty);
            let value = self
                .parameter_default(parameter)
                .unwrap_or_else(|| Expr::literal(Value::absent(ty), ty, name.span));
            checked.push(Assignment { name: name.text.clone(), value });
        }
        checked
    }

    fn scan_step(&mut self, view: &Columns, declared: &[Assignment], step: &'a syntax::ScanStep) -> ScanStep {
        if let Some(word) = &step.optional {
            self.error(
                word.span,
                "optional steps of scan are not supported here",
                "write the step without it, and a scan of its own for what may be left out",
            );
        }
        let output = match self.parameter_text(&step.params, "output") {
            None => ScanOutput::All,
            Some((text, span)) => match text.as_str() {
                "all" => ScanOutput::All,
                "last" => ScanOutput::Last,
                "none" => ScanOutput::None,
                other => {
                    let message = format!("the output of a step is all, last or none, not {other}");
                    self.error(span, message, "write `output = all`, `output = last` or `output = none`");
                    ScanOutput::All
                }
            },
        };
        let condition = self.over(view, |checker| checker.predicate(&step.condition));
        let mut assignments = Vec::new();
        for item in &step.assignments {
            let value = self.over(view, |checker| checker.expr(&item.value));
            let target = item.names.first().and_then(|n| declared.iter().find(|d| d.name == n.text));
            let Some(target) = target else {
                self.report(
                    Diagnostic::error(item.value.span, "a step assigns to declared columns only")
                        .help("declare it: `scan declare (name: type) with (…)`"),
                );
                continue;
            };
            let ty = target.value.ty;
            let is_wider = types::common(value.ty, ty) == Some(ty);
            if !is_wider && value.ty != Type::Dynamic && ty != Type::Dynamic {
                let message = format!("the column `{}` is {ty}, this is {}", target.name, value.ty);
                self.error(
                    value.span,
                    message,
                    format!("convert it with {}(…)", types::conversion(ty).unwrap_or("dynamic")),
                );
            }
            let value = self.convert(value, ty);
            assignments.push(Assignment { name: target.name.clone(), value });
        }
        ScanStep { name: step.name.text.clone(), output, condition, assignments }
    }
}

/// The columns of a row and, as `step.column`, those of the state of each step.
fn in_view(row: &Columns, steps: &[syntax::ScanStep]) -> Columns {
    let mut view = row.clone();
    for step in steps {
        for column in &row.list {
            let name = Name::from(format!("{}.{}", step.name.text, column.name));
            view.list.push(Column { name, ..column.clone() });
        }
    }
    view
}
