//! A query: its source and its operators in order.

use super::expression::Scope;
use super::source::PreparedSource;
use super::{
    Binder, Env, Expression, expand, join, nested, parse, parse_kv, plugins, rows, scan, series, summarize,
    union,
};
use crate::Table;
use crate::context::EvalError;
use rule_model::plan::{Field, Operator, Query, Stage};
use std::fmt;

/// A query whose names are resolved.
#[derive(Debug)]
pub(super) struct PreparedQuery {
    source: PreparedSource,
    /// The `where`s that stand first: only rows that pass are copied out of the source.
    filters: Vec<Expression>,
    stages: Vec<PreparedStage>,
    /// The columns that come out; `None` when they depend on data.
    columns: Option<Vec<Field>>,
}

#[derive(Debug)]
enum PreparedStage {
    Bound(Box<dyn Operate>),
    /// Bound once the columns before it are known.
    Late(Box<Stage>),
}

/// An operator whose names are resolved.
pub(super) trait Operate: fmt::Debug + Send + Sync {
    /// The columns that come out; `None` when they depend on data.
    fn columns(&self) -> Option<&[Field]>;

    /// Takes the whole input, gives the whole output.
    fn run(&self, env: &mut Env<'_>, input: Table) -> Result<Table, EvalError>;
}

/// What binding an operator gives.
pub(super) type Bound = Result<Box<dyn Operate>, EvalError>;

impl PreparedQuery {
    pub(super) fn new(query: &Query, binder: &mut Binder) -> Result<PreparedQuery, EvalError> {
        let source = PreparedSource::new(query, binder)?;
        let mut columns = source.columns().map(<[Field]>::to_vec);
        let mut filters = Vec::new();
        let mut stages = Vec::new();
        for stage in &query.stages {
            let Some(known) = &columns else {
                stages.push(PreparedStage::Late(Box::new(stage.clone())));
                continue;
            };
            if let (Operator::Where(predicate), []) = (&stage.operator, stages.as_slice()) {
                let mut scope = Scope::new(known, binder);
                let filter = scope.bind(predicate)?;
                if scope.windows.is_empty() {
                    filters.push(filter);
                    continue;
                }
            }
            let bound = bind(stage, known, binder)?;
            columns = bound.columns().map(<[Field]>::to_vec);
            stages.push(PreparedStage::Bound(bound));
        }
        Ok(PreparedQuery { source, filters, stages, columns })
    }

    /// The columns that come out; `None` when they depend on data.
    pub(super) fn columns(&self) -> Option<&[Field]> {
        self.columns.as_deref()
    }

    pub(super) fn run(&self, env: &mut Env<'_>) -> Result<Table, EvalError> {
        let mut table = self.source.read(env, &self.filters)?;
        env.check()?;
        for stage in &self.stages {
            table = match stage {
                PreparedStage::Bound(operator) => operator.run(env, table)?,
                PreparedStage::Late(stage) => {
                    let open_bindings = env.bindings.iter().map(|query| query.columns.is_none()).collect();
                    let late = Some(table.columns.clone());
                    let mut binder = Binder { next_slot: env.next_slot, open_bindings, late };
                    let operator = bind(stage, &table.columns, &mut binder)?;
                    env.next_slot = binder.next_slot;
                    operator.run(env, table)?
                }
            };
            env.check()?;
        }
        Ok(table)
    }

    /// Runs over rows that an enclosing operator hands in.
    pub(super) fn run_over(&self, env: &mut Env<'_>, input: Table) -> Result<Table, EvalError> {
        env.inputs.push(input);
        let result = self.run(env);
        env.inputs.pop();
        result
    }
}

fn bind(stage: &Stage, input: &[Field], binder: &mut Binder) -> Bound {
    match &stage.operator {
        Operator::Where(predicate) => rows::filter(predicate, input, binder),
        Operator::Extend(columns) | Operator::Serialize(columns) => rows::extend(columns, input, binder),
        Operator::Project(columns) => rows::project(columns, input, binder),
        Operator::ProjectOpen(projection) => Ok(rows::project_open(projection, input)),
        Operator::Summarize { aggregates, by } => summarize::summarize(aggregates, by, input, binder),
        Operator::Join(join) => join::join(join, input, binder),
        Operator::Union(union) => union::operator(union, &stage.output, input, binder),
        Operator::MvExpand(expand) => expand::mv_expand(expand, input, binder),
        Operator::MvApply(apply) => expand::mv_apply(apply, stage, input, binder),
        Operator::Sort(keys) => rows::sort(None, keys, input, binder),
        Operator::Top { rows, keys } => rows::sort(Some(rows), keys, input, binder),
        Operator::Take(rows) => rows::take(rows, input, binder),
        Operator::Parse(parse) => parse::parse(parse, input, binder),
        Operator::ParseKv(parse) => parse_kv::parse_kv(parse, input, binder),
        Operator::MakeSeries(series) => series::make_series(series, input, binder),
        Operator::Evaluate(plugin) => plugins::evaluate(plugin, stage, input, binder),
        Operator::Partition { by, body } => nested::partition(by, body, input, binder),
        Operator::Scan(scan) => scan::scan(scan, input, binder),
        Operator::GetSchema => Ok(rows::get_schema()),
        Operator::Sample { rows, of } => rows::sample(rows, of.as_ref(), input, binder),
        Operator::TopNested(levels) => nested::top_nested(levels, input, binder),
    }
}
