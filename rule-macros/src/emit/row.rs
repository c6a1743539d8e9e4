//! The function that builds a row: what follows the filter prefix of a row-local query.

use super::expression::{Columns, Emitter, Place};
use super::statics::Statics;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use rule_model::plan::{Assignment, Expr, ExprKind, Field, Operator, Span, Stage};

/// `fn name(event, context) -> Option<Row>`, of an event with these columns.
pub(super) fn function(
    name: &Ident,
    fields: &[Field],
    stages: &[Stage],
    statics: &mut Statics,
) -> TokenStream {
    let mut builder =
        Builder { columns: Columns::of_event(fields), locals: 0, body: TokenStream::new(), statics };
    stages.iter().for_each(|stage| builder.stage(stage));
    let output = stages.last().map_or(fields, |stage| &stage.output);
    let row = builder.row(output);
    let body = builder.body;
    quote! {
        #[inline(never)]
        fn #name(event: &g::Event<'_>, context: &mut g::Context) -> Option<g::Row> { #body #row }
    }
}

/// The same function, whose row has the values of `key`.
pub(super) fn key_function(
    name: &Ident,
    fields: &[Field],
    key: &[Expr],
    statics: &mut Statics,
) -> TokenStream {
    let assignments = key.iter().enumerate();
    let assignments: Vec<Assignment> = assignments
        .map(|(at, value)| Assignment { name: format!("${at}").into(), value: value.clone() })
        .collect();
    let output = assignments.iter().map(|it| Field::new(it.name.clone(), it.value.ty)).collect();
    let project = Operator::Project(assignments);
    function(
        name,
        fields,
        &[Stage { operator: project, output, open: false, span: Span::default() }],
        statics,
    )
}

struct Builder<'a> {
    columns: Columns,
    locals: usize,
    body: TokenStream,
    statics: &'a mut Statics,
}

impl Builder<'_> {
    fn stage(&mut self, stage: &Stage) {
        match &stage.operator {
            Operator::Where(predicate) => {
                let holds = self.emitter().truth(predicate);
                self.body.extend(quote!(if !(#holds) { return None; }));
            }
            Operator::Extend(assignments) => {
                let computed = self.compute(assignments);
                computed.into_iter().for_each(|(name, place)| self.columns.set(name, place));
            }
            Operator::Project(assignments) => {
                let computed = self.compute(assignments);
                self.columns = Columns::default();
                computed.into_iter().for_each(|(name, place)| self.columns.set(name, place));
            }
            // The planner gives queries with other operators to the evaluator.
            _ => {}
        }
    }

    /// Where each column is after its assignment; every expression sees the columns as they are before.
    fn compute<'s>(&mut self, assignments: &'s [Assignment]) -> Vec<(&'s str, Place)> {
        assignments.iter().map(|assignment| (assignment.name.as_str(), self.place(assignment))).collect()
    }

    fn place(&mut self, assignment: &Assignment) -> Place {
        if let ExprKind::Column(name) = &assignment.value.kind
            && let Some(place) = self.columns.get(name)
        {
            return place.clone();
        }
        let local = format_ident!("c{}", self.locals);
        self.locals += 1;
        let value = self.emitter().value(&assignment.value);
        self.body.extend(quote!(let #local = #value;));
        Place::Local(local)
    }

    /// The row of the output columns; neighbouring columns of the event are pushed by one call.
    fn row(&self, output: &[Field]) -> TokenStream {
        let mut pushes = TokenStream::new();
        let mut run = Vec::new();
        for field in output {
            match self.columns.get(&field.name) {
                Some(Place::Event(index)) => run.push(*index),
                other => {
                    flush(&mut run, &mut pushes);
                    let value = if let Some(Place::Local(local)) = other {
                        quote!(#local.clone())
                    } else {
                        quote!(g::Value::Null)
                    };
                    pushes.extend(quote!(row.push(#value);));
                }
            }
        }
        flush(&mut run, &mut pushes);
        let width = output.len();
        quote!(let mut row = g::Row::with_capacity(#width); #pushes Some(row))
    }

    fn emitter(&mut self) -> Emitter<'_> {
        Emitter { columns: &self.columns, statics: self.statics }
    }
}

fn flush(run: &mut Vec<usize>, pushes: &mut TokenStream) {
    if !run.is_empty() {
        pushes.extend(quote!(g::push_columns(&mut row, event, &[#(#run),*]);));
        run.clear();
    }
}
