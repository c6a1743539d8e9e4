//! How many bytes a kept row takes, told before any event is read.

use super::tail::Tail;
use crate::plans::{Maker, fields};
use crate::rule::{Body, Input, Rule};
use crate::{Event, Parser};
use rule_eval::{Context, Row, key_hash};

/// Bytes that a row of an input takes in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// Bytes a row.
    pub bytes: u64,
    /// Whether rows of the rule's own test events were measured; else the types of its columns say it.
    pub measured: bool,
}

/// What a row's place takes in a block: time, source, offset and ordinal, as differences from the row before.
const PLACE: u64 = 10;
/// What a key takes: its hash, and the length of the record.
const KEY: u64 = 11;

/// The estimate for an input of a rule, where its sources can be read again.
pub fn of_input(rule: &'static Rule, input: &Input) -> Estimate {
    if input.lookup.is_some_and(|lookup| lookup.rereads) {
        return Estimate { bytes: PLACE + KEY, measured: true };
    }
    let is_keyed = || Tail::of(rule).is_ok_and(|tail| tail.is_some_and(|tail| tail.by_key().is_some()));
    let key = if input.lookup.is_some() || is_keyed() { KEY } else { 0 };
    let sizes = measured(rule, input);
    let row = if sizes.is_empty() {
        match &rule.body {
            Body::RowLocal(_) => rule.columns.iter().map(|column| column.ty.typical_bytes()).sum(),
            Body::AcrossEvents(_) => fields(input).iter().map(|field| field.ty.typical_bytes()).sum(),
        }
    } else {
        sizes.iter().sum::<u64>() / sizes.len() as u64
    };
    Estimate { bytes: PLACE + key + row, measured: !sizes.is_empty() }
}

/// The sizes of the rows of the rule's test events that the input keeps.
fn measured(rule: &Rule, input: &Input) -> Vec<u64> {
    let events = rule.tests.iter().flat_map(|test| test.events);
    let events = events.filter(|(table, _)| table.is_none_or(|table| input.schema.is_called(table)));
    let mut parser = Parser::default();
    let mut context = Context::at(rule_model::DateTime::UNIX_EPOCH);
    let maker = Maker::default();
    let mut sizes = Vec::new();
    for (_, text) in events {
        // A test event that cannot be read is the test's own failure.
        let of_event =
            parser.with_event(input.schema, text, |event| of_event(rule, input, &maker, event, &mut context));
        sizes.extend(of_event.ok().flatten().into_iter().flatten());
    }
    sizes
}

/// The sizes of the rows that are kept of an event.
fn of_event(
    rule: &Rule,
    input: &Input,
    maker: &Maker,
    event: &Event<'_>,
    context: &mut Context,
) -> Option<Vec<u64>> {
    let name = input.schema.operation.map(|operation| event.text(operation)).unwrap_or_default();
    if !(input.dispatch.accepts)(&name, context) || !(input.matches)(event, context) {
        return None;
    }
    if let Some(lookup) = input.lookup {
        key_hash(&(lookup.key)(event, context)?)?;
    }
    let rows = match &rule.body {
        Body::RowLocal(local) => maker.rows(&local.row, input, event, context),
        Body::AcrossEvents(_) => maker.kept(input, event, context),
    };
    let rows = rows.ok()?;
    let size = |row: &Row| postcard::to_allocvec(row).ok().map(|bytes| bytes.len() as u64);
    Some(rows.iter().filter_map(size).collect())
}
