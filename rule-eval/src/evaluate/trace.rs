//! A query operator by operator: how many rows each took and gave, and what its condition came to on each.

use super::verdict::{Judge, Verdict};
use super::{Prepared, Tables};
use crate::context::EvalError;
use crate::{Context, Table};
use rule_model::plan::{Operator, Plan, Query, Source, Span, Stage};

/// One operator of a query at work.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Where it was written.
    pub span: Span,
    /// The rows that it took.
    pub input: Table,
    /// How many rows it gave.
    pub rows: usize,
    /// Of a `where`: what its condition came to on each row of the input. Empty of other operators, and where the
    /// condition cannot be told of one row.
    pub verdicts: Vec<Verdict>,
}

/// Runs the root of `plan` operator by operator, up to the first that gives no row. Each step runs the query anew from
/// its source, which for the few events of a test costs nothing.
pub fn trace(plan: &Plan, tables: &dyn Tables, context: &mut Context) -> Result<Vec<Step>, EvalError> {
    let judge = Judge::new(plan, tables)?;
    let mut query = flattened(&plan.root);
    let stages = std::mem::take(&mut query.stages);
    let mut input = run(plan, &query, tables, context)?;
    let mut steps = Vec::new();
    for stage in stages {
        if input.rows.is_empty() {
            break;
        }
        query.stages.push(stage.clone());
        let output = run(plan, &query, tables, context)?;
        let verdicts = verdicts(&judge, &stage, &input, context);
        steps.push(Step { span: stage.span, rows: output.rows.len(), verdicts, input });
        input = output;
    }
    Ok(steps)
}

/// The query without parentheses around its source.
fn flattened(query: &Query) -> Query {
    match &query.source {
        Source::Query(inner) => {
            let mut inner = flattened(inner);
            inner.stages.extend(query.stages.iter().cloned());
            inner
        }
        _ => query.clone(),
    }
}

fn run(plan: &Plan, query: &Query, tables: &dyn Tables, context: &mut Context) -> Result<Table, EvalError> {
    let plan = Plan { bindings: plan.bindings.clone(), root: query.clone(), visible: query.output().len() };
    Prepared::new(&plan)?.run(tables, context)
}

fn verdicts(judge: &Judge<'_>, stage: &Stage, input: &Table, context: &mut Context) -> Vec<Verdict> {
    let Operator::Where(condition) = &stage.operator else { return Vec::new() };
    let verdicts = input.rows.iter().map(|row| judge.verdict(condition, &input.columns, row, context));
    verdicts.collect::<Result<_, _>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_model::plan::{Expr, Field};
    use rule_model::{DateTime, Type, Value};

    #[test]
    fn a_trace_ends_at_the_operator_that_leaves_no_row() {
        let text = |text: &str| Expr::literal(Value::string(text), Type::String, Span::new(0, 0));
        let is = |wanted: &str| {
            let column = Expr::column("a", Type::String, Span::new(0, 0));
            Operator::Where(Expr::call("==", vec![column, text(wanted)], Type::Bool, Span::new(0, 0)))
        };
        let columns = vec![Field::new("a", Type::String)];
        let stage =
            |operator| Stage { operator, output: columns.clone(), open: false, span: Span::new(0, 0) };
        let source = Source::DataTable(vec![vec![Value::string("x")], vec![Value::string("y")]]);
        let stages = ["x", "z", "x"].map(|wanted| stage(is(wanted))).to_vec();
        let plan = Plan { bindings: Vec::new(), root: Query { source, columns, stages }, visible: 1 };
        let steps = trace(&plan, &(), &mut Context::at(DateTime::MIN)).unwrap();
        let figures: Vec<_> = steps
            .iter()
            .map(|step| (step.input.rows.len(), step.rows, step.verdicts.iter().map(Verdict::word).collect()))
            .collect();
        assert_eq!(figures, [(2, 1, vec!["true", "false"]), (1, 0, vec!["false"])]);
    }
}
