//! A query: its source and its operators in order.

use super::expression::Scope;
use super::join::BoundJoin;
use super::source::PreparedSource;
use super::{
    Binder, Env, Expression, expand, join, nested, parse, parse_kv, plugins, rows, scan, series, summarize,
    union,
};
use crate::context::EvalError;
use crate::{Table, memory};
use rule_model::plan::{Field, Operator, Query, Stage};
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

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

    /// Whether the output of some rows is the same whatever other rows there are, so that the input may come in parts.
    fn takes_parts(&self) -> bool {
        false
    }

    /// What gathers an input that comes in parts, where that takes less than its rows do.
    fn gather(&self) -> Option<Box<dyn Gather + '_>> {
        None
    }

    /// The operator as a join.
    fn join(&self) -> Option<&BoundJoin> {
        None
    }
}

/// An operator over an input that comes in parts.
pub(super) trait Gather {
    /// Takes a part.
    fn add(&mut self, env: &mut Env<'_>, part: Table) -> Result<(), EvalError>;

    /// The whole output.
    fn finish(self: Box<Self>, env: &mut Env<'_>) -> Result<Table, EvalError>;
}

/// What binding an operator gives.
pub(super) type Bound = Result<Box<dyn Operate>, EvalError>;

impl PreparedQuery {
    pub(super) fn new(query: &Query, binder: &mut Binder) -> Result<PreparedQuery, EvalError> {
        let source = PreparedSource::new(query, binder)?;
        let mut columns = source.columns().map(<[Field]>::to_vec);
        let mut filters = Vec::new();
        let mut stages = Vec::new();
        let mut further = query.stages.iter().peekable();
        while let Some(stage) = further.next() {
            let Some(known) = &columns else {
                stages.push(PreparedStage::Late(Box::new(stage.clone())));
                binder.input_reads = None;
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
            let bound = match (&stage.operator, further.peek().map(|next| &next.operator)) {
                // The first rows in an order need not all be held, as those of `top`.
                (Operator::Sort(keys), Some(Operator::Take(rows))) => {
                    further.next();
                    rows::sort(Some(rows), keys, known, binder)?
                }
                _ => bind(stage, known, binder)?,
            };
            columns = bound.columns().map(<[Field]>::to_vec);
            stages.push(PreparedStage::Bound(bound));
        }
        Ok(PreparedQuery { source, filters, stages, columns })
    }

    /// The same query, of which only the source reads what is handed in, and only once.
    pub(super) fn taking_its_input(self) -> PreparedQuery {
        PreparedQuery { source: self.source.taking_its_input(), ..self }
    }

    /// The columns that come out; `None` when they depend on data.
    pub(super) fn columns(&self) -> Option<&[Field]> {
        self.columns.as_deref()
    }

    /// Gives the whole output.
    pub(super) fn run(&self, env: &mut Env<'_>) -> Result<Table, EvalError> {
        let Some((at, join)) = self.join_to_ask(env) else { return self.run_for(env, None) };
        let before = env.context.memory.held();
        let (right, keys) = join.right_first(env)?;
        let (table, done) = self.read(env, Some(&keys), at)?;
        let table = self.run_stages(env, table, done..at)?;
        let table = join.run_with(env, table, &right)?;
        env.context.memory.release_to(before);
        env.context.memory.hold(|| memory::of_table(&table))?;
        env.check()?;
        self.run_stages(env, table, at + 1..self.stages.len())
    }

    /// Hands out the whole output, part by part where its operators take their input so.
    pub(super) fn run_parts(
        &self,
        env: &mut Env<'_>,
        use_part: &mut dyn FnMut(&mut Env<'_>, Table) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        let bound = self.stages.iter().map(|stage| match stage {
            PreparedStage::Bound(operator) if operator.takes_parts() => Some(operator),
            PreparedStage::Bound(_) | PreparedStage::Late(_) => None,
        });
        if let Some(operators) = bound.collect::<Option<Vec<_>>>() {
            let read = self.source.read_parts(env, &self.filters, None, &mut |env, mut part| {
                for operator in &operators {
                    part = operator.run(env, part)?;
                }
                env.check()?;
                use_part(env, part)
            });
            if let Some(ended) = read {
                return ended;
            }
        }
        let before = env.context.memory.held();
        let table = self.run(env)?;
        env.context.memory.release_to(before);
        use_part(env, table)
    }

    /// Gives the whole output; of a source that is found by key, only what comes of rows of these keys is needed.
    pub(super) fn run_for(&self, env: &mut Env<'_>, keys: Option<&HashSet<u64>>) -> Result<Table, EvalError> {
        let (table, done) = self.read(env, keys, self.stages.len())?;
        self.run_stages(env, table, done..self.stages.len())
    }

    /// Whether the source is found by the keys of a join that this query is the right side of.
    pub(super) fn finds_by_key(&self, env: &Env<'_>) -> bool {
        self.source.table().is_some_and(|name| env.tables.is_keyed(name)) && self.first_join().is_none()
    }

    /// The join whose right side says which rows of the source are needed.
    fn join_to_ask(&self, env: &Env<'_>) -> Option<(usize, &BoundJoin)> {
        let is_keyed = self.source.table().is_some_and(|name| env.tables.is_keyed(name));
        self.first_join().filter(|(_, join)| is_keyed && !join.preserves_left())
    }

    fn first_join(&self) -> Option<(usize, &BoundJoin)> {
        self.stages.iter().enumerate().find_map(|(at, stage)| match stage {
            PreparedStage::Bound(operator) => Some((at, operator.join()?)),
            PreparedStage::Late(_) => None,
        })
    }

    /// The source through as many of the first stages, up to one, as take it in parts; and how many those are.
    fn read(
        &self,
        env: &mut Env<'_>,
        keys: Option<&HashSet<u64>>,
        until: usize,
    ) -> Result<(Table, usize), EvalError> {
        let before = env.context.memory.held();
        let bound = self.stages.iter().take(until).map_while(|stage| match stage {
            PreparedStage::Bound(operator) => Some(operator.as_ref()),
            PreparedStage::Late(_) => None,
        });
        let bound: Vec<&dyn Operate> = bound.collect();
        let of_parts = bound.iter().take_while(|operator| operator.takes_parts()).count();
        let (by_parts, rest) = bound.split_at(of_parts);
        let mut gather = rest.first().and_then(|operator| operator.gather());
        let mut whole: Option<Table> = None;
        let read = self.source.read_parts(env, &self.filters, keys, &mut |env, mut part| {
            for operator in by_parts {
                part = operator.run(env, part)?;
            }
            env.check()?;
            match (&mut gather, &mut whole) {
                (Some(gather), _) => gather.add(env, part)?,
                (None, whole) => {
                    env.context.memory.hold(|| memory::of_table(&part))?;
                    match whole {
                        Some(whole) => whole.rows.append(&mut part.rows),
                        None => *whole = Some(part),
                    }
                }
            }
            env.check()
        });
        match read {
            None => {
                let table = self.source.read(env, &self.filters)?;
                env.context.memory.release_to(before);
                env.context.memory.hold(|| memory::of_table(&table))?;
                Ok((table, 0))
            }
            Some(ended) => {
                ended?;
                match (gather, whole) {
                    (Some(gather), _) => {
                        let table = gather.finish(env)?;
                        env.context.memory.release_to(before);
                        env.context.memory.hold(|| memory::of_table(&table))?;
                        Ok((table, of_parts + 1))
                    }
                    (None, Some(whole)) => Ok((whole, of_parts)),
                    (None, None) => Ok((self.source.empty(), 0)),
                }
            }
        }
    }

    fn run_stages(
        &self,
        env: &mut Env<'_>,
        mut table: Table,
        stages: Range<usize>,
    ) -> Result<Table, EvalError> {
        env.check()?;
        let before = env.context.memory.held_besides(&table);
        for stage in self.stages.iter().take(stages.end).skip(stages.start) {
            table = match stage {
                PreparedStage::Bound(operator) => operator.run(env, table)?,
                PreparedStage::Late(stage) => {
                    let open_bindings = env.bindings.iter().map(|query| query.columns.is_none()).collect();
                    let late = Some(table.columns.clone());
                    let mut binder =
                        Binder { next_slot: env.next_slot, open_bindings, late, input_reads: None };
                    let operator = bind(stage, &table.columns, &mut binder)?;
                    env.next_slot = binder.next_slot;
                    operator.run(env, table)?
                }
            };
            // What the operator took and gave back on its way, and its input, are gone.
            env.context.memory.release_to(before);
            env.context.memory.hold(|| memory::of_table(&table))?;
            env.check()?;
        }
        Ok(table)
    }

    /// Runs over rows that an enclosing operator hands in.
    pub(super) fn run_over(&self, env: &mut Env<'_>, input: Table) -> Result<Table, EvalError> {
        let before = env.context.memory.held();
        env.inputs.push(input);
        let result = self.run(env);
        env.inputs.pop();
        env.context.memory.release_to(before);
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
