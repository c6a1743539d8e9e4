//! The partition key of a rule: what parts the events that it reads so that each part can be evaluated by itself.
//!
//! ```text
//! T | extend k = f(c) ─ parted by anything ─ summarize … by k, m ─ by k, m ─ join kind=inner (U) on $left.k == $right.d
//!                                                                  ─ by k: f(c) of T, d of U
//! ```
//!
//! A query is followed from its tables on. While it looks at one row at a time, any value computed from the row's own
//! columns parts it. An operator that puts rows together (`summarize`, `join`) leaves the keys that all rows it puts
//! together share: those by which it groups or joins, and those that these determine (`bin(Time, 1h)` where it groups by
//! `Time`). Where none is left, the rule is evaluated as a whole, and the operator at fault is named.

use super::lookup::{is_key, is_plain, substitute};
use super::reads::Reads;
use super::{asked, reads_input_alone};
use rule_model::Text;
use rule_model::metadata::{Comparison, Grouping, Metadata};
use rule_model::plan::{
    Assignment, Expr, ExprKind, Field, Join, JoinKind, Name, Operator, ParsePart, Plan, Query, Source, Span,
    Stage, Union,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::slice;

/// How the state of a rule may be parted.
#[derive(Clone, Debug, PartialEq)]
pub enum Partition {
    /// By these keys together, or by some of them.
    By(Vec<PartitionKey>),
    /// Not at all, for this reason: a sentence whose subject, the rule, is left out.
    Whole(String),
}

/// A part of a partition key.
#[derive(Clone, Debug, PartialEq)]
pub struct PartitionKey {
    /// Its name in the query.
    pub name: Name,
    /// What it is of an event, for each input.
    pub of_inputs: BTreeMap<usize, Expr>,
}

/// Where a value comes from: of each input that a row may come from, an expression over its columns.
type Trace = BTreeMap<usize, Expr>;

/// The rows of bindings.
type Bindings<'b> = &'b [Result<Flow, String>];

/// The rows that come out of a part of a query.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    /// The inputs that are read for them.
    inputs: BTreeSet<usize>,
    /// Where the values of columns come from, of those that are a row's own.
    columns: HashMap<Name, Trace>,
    /// What parts the rows; `None`: anything.
    keys: Option<Vec<Key>>,
}

/// A key of rows that were put together: the same value by each of its sides.
#[derive(Clone, Debug)]
struct Key {
    name: Name,
    sides: Vec<Trace>,
}

/// Finds the partition key of a rule with this tail over tables `$0`, `$1`, ….
pub(super) fn find(tail: &Plan, metadata: &Metadata) -> Partition {
    let flow = match found(tail, metadata) {
        Ok(flow) => flow,
        Err(reason) => return Partition::Whole(reason),
    };
    let keys = flow.complete_keys();
    if keys.is_empty() {
        return Partition::Whole("reads a table whose events its keys do not part".to_owned());
    }
    Partition::By(keys)
}

fn found(tail: &Plan, metadata: &Metadata) -> Result<Flow, String> {
    if asked::of_plan(tail).into_iter().any(asked::reads_events) {
        return Err("asks for a value of another query, which sees the rows of all keys".to_owned());
    }
    if metadata.trigger.comparison != Comparison::Greater || metadata.trigger.rows != 0 {
        return Err("counts the rows of all keys for its trigger".to_owned());
    }
    if metadata.grouping == Grouping::Single {
        return Err("makes one alert of the rows of all keys".to_owned());
    }
    if metadata.suppress.is_some() {
        return Err("is silent after an alert of any key".to_owned());
    }
    if metadata.max_alerts.is_some() {
        return Err("counts the alerts of all keys for max_alerts".to_owned());
    }
    let flow = query(&tail.root, &bindings(tail), None)?;
    // Equal rows of one tick are numbered, which takes all of them.
    let visible = tail.root.output().iter().take(tail.visible).map(|field| field.name.clone());
    let alert_key: Vec<Name> = metadata.alert_key.iter().map(|name| name.as_ref().into()).collect();
    let told_apart = if alert_key.is_empty() { visible.collect() } else { alert_key };
    let flow = flow.grouped_by(&told_apart, "may make equal alerts of several keys")?;
    let Some(dedup) = &metadata.dedup else { return Ok(flow) };
    let key: Vec<Name> = dedup.key.iter().map(|name: &Text| name.as_ref().into()).collect();
    flow.grouped_by(&key, "counts repeats over the rows of several keys")
}

/// The rows of each of a tail's bindings, or why they cannot be parted.
pub(super) fn bindings(tail: &Plan) -> Vec<Result<Flow, String>> {
    let mut bindings = Vec::new();
    for binding in &tail.bindings {
        let flow = query(binding, &bindings, None);
        bindings.push(flow);
    }
    bindings
}

/// The rows of a query's source.
pub(super) fn source(query: &Query, bindings: Bindings<'_>) -> Result<Flow, String> {
    read(query, bindings, None)
}

/// `handed_in` are the rows that an operator around hands in.
fn query(query: &Query, bindings: Bindings<'_>, handed_in: Option<&Flow>) -> Result<Flow, String> {
    let mut flow = read(query, bindings, handed_in)?;
    for stage in &query.stages {
        flow = after(stage, flow, bindings)?;
    }
    Ok(flow)
}

fn read(query: &Query, bindings: Bindings<'_>, handed_in: Option<&Flow>) -> Result<Flow, String> {
    Ok(match &query.source {
        Source::Table(name) | Source::OpenTable(name) => of_table(name, query),
        Source::Binding(at) => bindings.get(*at).cloned().unwrap_or(Ok(Flow::default()))?,
        Source::Input => handed_in.cloned().unwrap_or_default(),
        Source::DataTable(_) | Source::Print(_) | Source::Range(_) => Flow::default(),
        Source::Union(union) => {
            of_union(union, query.columns.iter().map(|field| &field.name), bindings, handed_in)?
        }
        Source::Query(inner) => self::query(inner, bindings, handed_in)?,
    })
}

/// The rows of an input; those of a table without a schema are there whatever the key.
fn of_table(name: &str, query: &Query) -> Flow {
    let Some(input) = name.strip_prefix('$').and_then(|position| position.parse().ok()) else {
        return Flow::default();
    };
    let own = |field: &Field| {
        let column = Expr::column(field.name.clone(), field.ty, Span::default());
        (field.name.clone(), Trace::from([(input, column)]))
    };
    Flow { inputs: [input].into(), columns: query.columns.iter().map(own).collect(), keys: None }
}

/// The rows behind a stage.
pub(super) fn after(stage: &Stage, mut flow: Flow, bindings: Bindings<'_>) -> Result<Flow, String> {
    match &stage.operator {
        Operator::Where(predicate) => plain([predicate])?,
        Operator::Extend(assignments) | Operator::Serialize(assignments) => {
            plain(assignments.iter().map(|assignment| &assignment.value))?;
            let made = flow.traced(assignments);
            for (assignment, trace) in assignments.iter().zip(made) {
                flow.set(&assignment.name, trace);
            }
        }
        Operator::Project(assignments) => {
            plain(assignments.iter().map(|assignment| &assignment.value))?;
            let made = flow.traced(assignments);
            let made = assignments.iter().zip(made);
            flow.columns =
                made.filter_map(|(assignment, trace)| Some((assignment.name.clone(), trace?))).collect();
        }
        Operator::Sort(keys) => plain(keys.iter().map(|key| &key.value))?,
        Operator::Summarize { aggregates, by } => {
            plain(by.iter().map(|key| &key.value))?;
            plain(aggregates.iter().flat_map(|aggregate| &aggregate.calls).flat_map(|call| &call.args))?;
            plain(aggregates.iter().filter_map(|aggregate| aggregate.expression.as_ref()))?;
            flow = flow.summarized(by)?;
        }
        Operator::Join(join) => {
            let right = query(&join.right, bindings, None)?;
            flow = joined(join, flow, &right)?;
        }
        Operator::Union(union) => {
            flow = of_union(union, stage.output.iter().map(|field| &field.name), bindings, Some(&flow))?;
        }
        Operator::MvExpand(expand) => {
            plain(expand.columns.iter().map(|column| &column.value))?;
            let made = expand.columns.iter().map(|column| &column.name).chain(&expand.item_index);
            made.for_each(|name| flow.set(name, None));
        }
        Operator::MvApply(apply) => {
            let body = query(&apply.body, bindings, Some(&Flow::default()))?;
            if !body.inputs.is_empty() {
                return Err("reads a table for each row of another".to_owned());
            }
            apply.body.output().iter().for_each(|field| flow.set(&field.name, None));
        }
        Operator::Parse(parse) => {
            plain([&parse.value])?;
            for part in &parse.pattern {
                if let ParsePart::Column(field) = part {
                    flow.set(&field.name, None);
                }
            }
        }
        Operator::ParseKv(parse) => {
            plain([&parse.value])?;
            parse.keys.iter().for_each(|field| flow.set(&field.name, None));
        }
        // Without bounds its axis is that of all rows.
        Operator::MakeSeries(series) if series.from.is_some() && series.to.is_some() => {
            plain(stage.operator.exprs())?;
            flow = flow.summarized(&series.by)?;
        }
        Operator::Partition { by, body } if reads_input_alone(body) => {
            let keys =
                flow.grouped_by(slice::from_ref(by), "has partition by a value that no key determines")?;
            // What comes of the rows of a key may be anything.
            flow = Flow { columns: HashMap::new(), ..keys };
        }
        operator => return Err(format!("has {}, which looks at the rows of all keys", word(operator))),
    }
    Ok(flow)
}

impl Flow {
    /// What parts the rows, where it says of each input what it is of an event.
    pub(super) fn complete_keys(&self) -> Vec<PartitionKey> {
        let keys = self.keys.iter().flatten().cloned();
        keys.filter_map(|key| key.complete(&self.inputs)).collect()
    }

    /// The column that has a key, where one does: of several the first by name.
    pub(super) fn column_of(&self, key: &PartitionKey) -> Option<&Name> {
        self.columns.iter().filter(|(_, trace)| **trace == key.of_inputs).map(|(name, _)| name).min()
    }

    /// Where the values of assignments come from.
    fn traced(&self, assignments: &[Assignment]) -> Vec<Option<Trace>> {
        assignments.iter().map(|assignment| self.trace(&assignment.value)).collect()
    }

    /// Where a value comes from, if it is a row's own.
    fn trace(&self, expr: &Expr) -> Option<Trace> {
        let reads = Reads::of(expr);
        if !is_key(expr) {
            return None;
        }
        let mut traces = reads.columns.iter().map(|column| self.columns.get(*column));
        let inputs: BTreeSet<usize> = traces.next()??.keys().copied().collect();
        let over = |input: usize| {
            let others = |name: &Name| {
                let expr = self.columns.get(name)?.get(&input)?;
                Some(Assignment { name: name.clone(), value: expr.clone() })
            };
            let assignments: Vec<Assignment> =
                reads.columns.iter().map(|column| others(&(*column).into())).collect::<Option<_>>()?;
            let mut expr = expr.clone();
            substitute(&mut expr, &assignments, &|_| None)?;
            without_spans(&mut expr);
            Some((input, expr))
        };
        inputs.into_iter().map(over).collect()
    }

    /// Its rows, those of the same values of these columns together.
    fn grouped_by(&self, columns: &[Name], reason: &str) -> Result<Flow, String> {
        let traced = |name: &Name| Some((name.clone(), self.columns.get(name)?.clone()));
        grouped(self, columns.iter().filter_map(traced).collect(), || reason.to_owned())
    }

    /// What a summary by these keys makes of it.
    fn summarized(&self, by: &[Assignment]) -> Result<Flow, String> {
        let traces = self.traced(by);
        let by = by.iter().zip(traces).filter_map(|(key, trace)| Some((key.name.clone(), trace?)));
        grouped(self, by.collect(), || "summarizes over rows of several keys".to_owned())
    }

    fn set(&mut self, name: &Name, trace: Option<Trace>) {
        match trace {
            Some(trace) => self.columns.insert(name.clone(), trace),
            None => self.columns.remove(name),
        };
    }
}

impl Key {
    /// Whether rows that share these values share it.
    fn is_determined_by(&self, values: &[(Name, Trace)]) -> bool {
        let of_input = |(input, expr): (&usize, &Expr)| {
            let shared = || values.iter().filter_map(|(_, trace)| trace.get(input));
            let has = |column: &&str| {
                shared().any(|expr| matches!(&expr.kind, ExprKind::Column(name) if name == *column))
            };
            shared().any(|other| other == expr) || Reads::of(expr).columns.iter().all(has)
        };
        self.sides.iter().any(|side| side.iter().all(of_input))
    }

    /// The key, if it says what it is of an event of each input.
    fn complete(self, inputs: &BTreeSet<usize>) -> Option<PartitionKey> {
        let mut of_inputs = BTreeMap::new();
        for (input, expr) in self.sides.into_iter().flatten() {
            if of_inputs.insert(input, expr.clone()).is_some_and(|other| other != expr) {
                return None;
            }
        }
        let is_complete = inputs.iter().all(|input| of_inputs.contains_key(input));
        is_complete.then_some(PartitionKey { name: self.name, of_inputs })
    }
}

/// Rows grouped by these values.
fn grouped(flow: &Flow, by: Vec<(Name, Trace)>, reason: impl Fn() -> String) -> Result<Flow, String> {
    let keys: Vec<Key> = match &flow.keys {
        None => {
            by.iter().map(|(name, trace)| Key { name: name.clone(), sides: vec![trace.clone()] }).collect()
        }
        Some(keys) => keys.iter().filter(|key| key.is_determined_by(&by)).cloned().collect(),
    };
    if keys.is_empty() && !flow.inputs.is_empty() {
        return Err(reason());
    }
    Ok(Flow { inputs: flow.inputs.clone(), columns: by.into_iter().collect(), keys: Some(keys) })
}

fn joined(join: &Join, left: Flow, right: &Flow) -> Result<Flow, String> {
    plain(join.on.iter().flat_map(|(left, right)| [left, right]))?;
    let row_by_row =
        matches!(join.kind, JoinKind::Inner | JoinKind::LeftOuter | JoinKind::LeftSemi | JoinKind::LeftAnti);
    // What is there whatever the key is looked up row by row.
    let keys = if right.inputs.is_empty() && row_by_row {
        left.keys.clone()
    } else {
        let keys: Vec<Key> = join
            .on
            .iter()
            .filter_map(|(on_left, on_right)| {
                let (of_left, of_right) = (side(&left, on_left)?, side(right, on_right)?);
                Some(Key { name: named(on_left)?, sides: [of_left, of_right].concat() })
            })
            .collect();
        if keys.is_empty() {
            return Err("joins rows of several keys".to_owned());
        }
        Some(keys)
    };
    let mut columns = HashMap::new();
    // Of a side that rows may come without, a column says nothing about where they belong.
    if !matches!(
        join.kind,
        JoinKind::RightOuter | JoinKind::FullOuter | JoinKind::RightSemi | JoinKind::RightAnti
    ) {
        columns.extend(left.columns);
    }
    let gives_right_alone = matches!(join.kind, JoinKind::RightSemi | JoinKind::RightAnti);
    if gives_right_alone {
        columns.extend(right.columns.clone());
    } else if matches!(join.kind, JoinKind::Inner | JoinKind::InnerUnique | JoinKind::RightOuter) {
        let names = join.right_names.iter().zip(join.right.output());
        columns.extend(
            names.filter_map(|(name, field)| Some((name.clone()?, right.columns.get(&field.name)?.clone()))),
        );
    }
    Ok(Flow { inputs: left.inputs.union(&right.inputs).copied().collect(), columns, keys })
}

/// The sides of the key that a join's expression is of one of its sides; `None` where that side is not parted by it.
fn side(flow: &Flow, on: &Expr) -> Option<Vec<Trace>> {
    let trace = flow.trace(on)?;
    match &flow.keys {
        None => Some(vec![trace]),
        Some(keys) => keys.iter().find(|key| key.sides.contains(&trace)).map(|key| key.sides.clone()),
    }
}

/// The name of a key as the join has it.
fn named(on: &Expr) -> Option<Name> {
    match &on.kind {
        ExprKind::Column(name) => Some(name.clone()),
        _ => Reads::of(on).columns.iter().next().map(|column| (*column).into()),
    }
}

fn of_union<'n>(
    union: &Union,
    output: impl Iterator<Item = &'n Name>,
    bindings: Bindings<'_>,
    handed_in: Option<&Flow>,
) -> Result<Flow, String> {
    let flows: Vec<Flow> = union
        .inputs
        .iter()
        .map(|input| query(&input.query, bindings, handed_in))
        .collect::<Result<_, _>>()?;
    let mut columns = HashMap::new();
    for (at, name) in output.enumerate() {
        let fed = union
            .inputs
            .iter()
            .zip(&flows)
            .map(|(input, flow)| flow.columns.get(input.columns.get(at)?.as_ref()?).cloned());
        // Legs of one input that compute it differently have no one expression for it.
        let merged = fed.collect::<Option<Vec<Trace>>>().and_then(merged);
        columns.extend(merged.map(|trace| (name.clone(), trace)));
    }
    let inputs = flows.iter().flat_map(|flow| flow.inputs.iter().copied()).collect();
    if flows.iter().all(|flow| flow.keys.is_none()) {
        return Ok(Flow { inputs, columns, keys: None });
    }
    let keys: Vec<Key> =
        columns.iter().filter_map(|(name, trace)| key_of_union(name.clone(), trace, &flows)).collect();
    if keys.is_empty() {
        return Err("puts together rows that are parted by different keys".to_owned());
    }
    Ok(Flow { inputs, columns, keys: Some(keys) })
}

/// The key that a column of a union is, if it is one of every leg. What it is of inputs that a leg read without giving
/// their rows (the other side of a semi join) stays known: it must be the same wherever these are read again.
fn key_of_union(name: Name, trace: &Trace, legs: &[Flow]) -> Option<Key> {
    let mut sides = vec![trace.clone()];
    for leg in legs {
        let Some(keys) = &leg.keys else { continue };
        let own = trace.iter().filter(|(input, _)| leg.inputs.contains(input));
        let own: Trace = own.map(|(input, expr)| (*input, expr.clone())).collect();
        let key = keys.iter().find(|key| key.sides.contains(&own))?;
        sides.extend(key.sides.iter().filter(|side| **side != own).cloned());
    }
    Some(Key { name, sides })
}

fn merged(traces: Vec<Trace>) -> Option<Trace> {
    let mut merged = Trace::new();
    for (input, expr) in traces.into_iter().flatten() {
        if merged.insert(input, expr.clone()).is_some_and(|other| other != expr) {
            return None;
        }
    }
    Some(merged)
}

/// Whether expressions look at no rows around their own. What they ask of other queries is the same for all rows.
fn plain<'e>(exprs: impl IntoIterator<Item = &'e Expr>) -> Result<(), String> {
    if exprs.into_iter().all(is_plain) {
        return Ok(());
    }
    Err("numbers or compares neighbouring rows, whatever their key".to_owned())
}

/// Two expressions are one wherever they are written.
pub(super) fn without_spans(expr: &mut Expr) {
    expr.span = Span::default();
    match &mut expr.kind {
        ExprKind::Property(inner, _) => without_spans(inner),
        ExprKind::Element(inner, index) => {
            without_spans(inner);
            without_spans(index);
        }
        ExprKind::Call(_, args) => args.iter_mut().for_each(without_spans),
        _ => {}
    }
}

fn word(operator: &Operator) -> &'static str {
    match operator {
        Operator::Top { .. } => "top",
        Operator::Take(_) => "take",
        Operator::Sample { .. } => "sample",
        Operator::MakeSeries(_) => "make-series",
        Operator::Partition { .. } => "partition",
        Operator::Scan(_) => "scan",
        Operator::TopNested(_) => "top-nested",
        Operator::Evaluate(_) => "evaluate",
        _ => "an operator over a whole table",
    }
}
