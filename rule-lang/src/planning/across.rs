//! Rules across events: the filter prefix of every table they read, and the rest of the query over what passed.

use super::compiled::{Body, Input, StaticTable};
use super::prefix::Asked;
use super::{asked, flattened, input, lookup, made, parting, partition, prune, recent};
use crate::schemas::Schemas;
use rule_model::metadata::Metadata;
use rule_model::plan::{Expr, ExprKind, Name, Plan, Query, Source, Stage, Union};
use std::collections::{BTreeMap, BTreeSet};

/// The body of a rule across events.
pub(super) fn plan(plan: &Plan, metadata: &Metadata, schemas: &Schemas) -> Body {
    let mut tail = Plan { root: flattened(plan.root.clone()), ..plan.clone() };
    asked::give_sets(&mut tail);
    let mut splitter = Splitter { schemas, inputs: Vec::new() };
    tail.bindings.iter_mut().for_each(|binding| splitter.query(binding));
    splitter.query(&mut tail.root);
    let mut inputs = splitter.inputs;
    prune(&mut inputs, &tail);
    lookup::find(&mut inputs, &tail);
    recent::find(&mut inputs, &tail, schemas);
    let partition = partition::find(&tail, metadata);
    let mut parting = parting::find(&tail, &inputs);
    made::find(&mut inputs, &mut tail, parting.by_mut());
    made::narrow(&inputs, &mut tail);
    let static_tables = static_tables(&tail, |name| name.starts_with('$'));
    Body::AcrossEvents { inputs, tail, partition, parting, static_tables }
}

/// The tables that a tail reads and that are no input of it, by name.
pub(crate) fn static_tables(tail: &Plan, is_input: impl Fn(&str) -> bool) -> Vec<StaticTable> {
    let mut tables: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
    for query in tail.bindings.iter().chain([&tail.root]) {
        visit(&mut query.clone(), &mut |query| {
            if let Source::Table(name) | Source::OpenTable(name) = &query.source
                && !is_input(name)
            {
                let columns = query.columns.iter().map(|field| field.name.clone());
                tables.entry(name.clone()).or_default().extend(columns);
            }
        });
    }
    let table = |(name, columns): (Name, BTreeSet<Name>)| StaticTable {
        name,
        columns: columns.into_iter().collect(),
    };
    tables.into_iter().map(table).collect()
}

/// The tables that a query reads, each as often as it does.
pub(super) fn tables_of(query: &Query, tables: &mut Vec<Name>) {
    let mut copy = query.clone();
    visit(&mut copy, &mut |query| {
        if let Source::Table(name) | Source::OpenTable(name) = &query.source {
            tables.push(name.clone());
        }
    });
}

/// Whether a query reads a table that a `let` binds.
pub(super) fn reads_bindings(query: &Query) -> bool {
    let mut found = false;
    visit(&mut query.clone(), &mut |query| found |= matches!(query.source, Source::Binding(_)));
    found
}

struct Splitter<'a> {
    schemas: &'a Schemas,
    inputs: Vec<Input>,
}

impl Splitter<'_> {
    /// Renames the tables of `query` and of all queries within, and takes out their prefixes. Tables without a schema
    /// (watchlists, external data) keep their names: they are loaded whole.
    fn query(&mut self, query: &mut Query) {
        visit(query, &mut |query| {
            let (Source::Table(name) | Source::OpenTable(name)) = &query.source else { return };
            let Some(schema) = self.schemas.find(name) else { return };
            let input = input(schema, &query.columns, &mut query.stages, Asked::AtTicks);
            query.source = Source::Table(format!("${}", self.inputs.len()).into());
            self.inputs.push(input);
        });
    }
}

/// Visits a query and then all queries within it, in the order in which they are written.
pub(super) fn visit(query: &mut Query, visitor: &mut dyn FnMut(&mut Query)) {
    visitor(query);
    match &mut query.source {
        Source::Query(inner) => visit(inner, visitor),
        Source::Union(union) => in_union(union, visitor),
        Source::Print(exprs) => exprs.iter_mut().for_each(|expr| in_expr(expr, visitor)),
        Source::Range(exprs) => exprs.iter_mut().for_each(|expr| in_expr(expr, visitor)),
        Source::Table(_)
        | Source::OpenTable(_)
        | Source::Binding(_)
        | Source::Input
        | Source::DataTable(_) => {}
    }
    for stage in &mut query.stages {
        in_stage(stage, visitor);
    }
}

fn in_union(union: &mut Union, visitor: &mut dyn FnMut(&mut Query)) {
    union.inputs.iter_mut().for_each(|input| visit(&mut input.query, visitor));
}

fn in_stage(stage: &mut Stage, visitor: &mut dyn FnMut(&mut Query)) {
    stage.operator.exprs_mut().into_iter().for_each(|expr| in_expr(expr, visitor));
    stage.operator.queries_mut().into_iter().for_each(|query| visit(query, visitor));
}

fn in_expr(expr: &mut Expr, visitor: &mut dyn FnMut(&mut Query)) {
    match &mut expr.kind {
        ExprKind::Property(inner, _) => in_expr(inner, visitor),
        ExprKind::Element(inner, index) => {
            in_expr(inner, visitor);
            in_expr(index, visitor);
        }
        ExprKind::Call(_, args) => args.iter_mut().for_each(|arg| in_expr(arg, visitor)),
        ExprKind::ToScalar(query) | ExprKind::FirstColumn(query) => visit(query, visitor),
        ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::WholeRow { .. } => {}
    }
}
