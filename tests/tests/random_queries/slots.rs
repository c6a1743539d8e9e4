//! A rule that was not compiled in: its functions are fixed, what they compute lies in slots.

use rule_eval::{Context, Env, Expression, Prepared, Row, Table};
use rule_lang::planning::{self, Body as Planned, Parted, RowBuilder};
use rule_lang::schemas::Schemas;
use rule_model::metadata::{Metadata, Schedule};
use rule_model::plan::{Expr, Field, Plan, Query, Source, Stage};
use rule_model::tables::{AUDIT_LOGS, SIGNIN_LOGS};
use rule_runtime::generated::STUB;
use rule_runtime::later::Later;
use rule_runtime::rule::{
    self, AcrossEvents, Body, Dispatch, Input as RuleInput, Lookup, Made, OutputColumn, Parting, Partition,
};
use rule_runtime::{Event, Rule};
use std::sync::RwLock;

/// The conditions and the key of an input, and what is made of its events.
struct Slot {
    conditions: Vec<Expression>,
    key: Vec<Expression>,
    made: Option<Prepared>,
}

const SLOTS: usize = 12;
static INPUTS: RwLock<Vec<Slot>> = RwLock::new(Vec::new());

fn values(event: &Event<'_>) -> Row {
    (0..event.schema.columns.len()).map(|column| event.value(column)).collect()
}

fn matches<const N: usize>(event: &Event<'_>, context: &mut Context) -> bool {
    let (inputs, row) = (INPUTS.read().unwrap(), values(event));
    let mut env = Env::new(&(), context);
    inputs[N].conditions.iter().all(|condition| condition.holds(&mut env, &row))
}

#[allow(clippy::unnecessary_wraps, reason = "the signature of every generated key")]
fn key<const N: usize>(event: &Event<'_>, context: &mut Context) -> Option<Row> {
    let (inputs, row) = (INPUTS.read().unwrap(), values(event));
    let mut env = Env::new(&(), context);
    Some(inputs[N].key.iter().map(|part| part.value(&mut env, &row)).collect())
}

/// What generated code makes of an event: at most one row.
fn made<const N: usize>(event: &Event<'_>, context: &mut Context) -> Option<Row> {
    let inputs = INPUTS.read().unwrap();
    let fields = event.schema.columns.iter().map(|column| Field::new(column.name.as_ref(), column.ty));
    let table = Table { columns: fields.collect(), rows: vec![values(event)] };
    let rows = inputs[N].made.as_ref().unwrap().run_over(table, &(), context).unwrap().rows;
    assert!(rows.len() < 2, "one row gives {rows:?}");
    rows.into_iter().next()
}

type Matches = fn(&Event<'_>, &mut Context) -> bool;
type Key = fn(&Event<'_>, &mut Context) -> Option<Row>;

macro_rules! slots {
    ($($n:literal)*) => {
        (&[$(matches::<$n>),*], &[$(key::<$n>),*], &[$(made::<$n>),*])
    };
}

const FUNCTIONS: (&[Matches; SLOTS], &[Key; SLOTS], &[Key; SLOTS]) = slots!(0 1 2 3 4 5 6 7 8 9 10 11);

/// Stages over rows of these columns.
pub(crate) fn over_input(fields: &[Field], stages: &[Stage]) -> Prepared {
    let root = Query { source: Source::Input, columns: fields.to_vec(), stages: stages.to_vec() };
    Prepared::new(&Plan { bindings: Vec::new(), root, visible: 0 }).unwrap()
}

/// A rule across events with this query, and how many of its last stages see what stages before them give in an order of its
/// own; `None` where the query looks at one event at a time.
pub(crate) fn rule(plan: &Plan, schedule: Schedule) -> Option<(&'static Rule, usize)> {
    let metadata = Metadata { id: "r".into(), schedule: Some(schedule), threshold: 1, ..Metadata::default() };
    let metadata = Box::leak(Box::new(Later::given(metadata)));
    let Planned::AcrossEvents { inputs, tail, parting, .. } =
        planning::body(plan, metadata, &Schemas::builtin())
    else {
        return None;
    };
    let behind = match &parting {
        Parted::By(parting) => tail.root.stages.len() - parting.stages,
        Parted::AsTheyCome | Parted::Whole(_) => 0,
    };
    let bind = |exprs: &[Expr], fields: &[Field]| -> Vec<Expression> {
        exprs.iter().map(|expr| Expression::bind(expr, fields).unwrap()).collect()
    };
    let slots = inputs.iter().map(|input| Slot {
        conditions: bind(&[&input.accepts[..], &input.matches[..]].concat(), &input.fields),
        key: input.lookup.iter().flat_map(|lookup| bind(&lookup.key, &input.fields)).collect(),
        made: input.made.as_ref().and_then(|made| match &made.row {
            RowBuilder::Stages(stages) => Some(over_input(&input.fields, stages)),
            RowBuilder::Plan(_) => None,
        }),
    });
    *INPUTS.write().unwrap() = slots.collect();
    let inputs = inputs.iter().enumerate().map(|(at, input)| RuleInput {
        schema: if input.table == "AuditLogs" { &AUDIT_LOGS } else { &SIGNIN_LOGS },
        dispatch: Dispatch { keys: &[], accepts: |_, _| true },
        matches: FUNCTIONS.0[at],
        columns: Vec::leak(input.columns.clone()),
        made: input.made.as_ref().map(|made| Made {
            row: match &made.row {
                RowBuilder::Stages(_) => rule::RowBuilder::Generated(FUNCTIONS.2[at]),
                RowBuilder::Plan(plan) => {
                    rule::RowBuilder::Plan(Vec::leak(postcard::to_allocvec(plan).unwrap()))
                }
            },
            columns: Vec::leak(
                made.fields.iter().map(|field| (&*String::leak(field.name.to_string()), field.ty)).collect(),
            ),
            stages: made.stages,
        }),
        lookup: input.lookup.as_ref().map(|lookup| Lookup { key: FUNCTIONS.1[at], rereads: lookup.rereads }),
        recent: input.recent,
    });
    let columns = plan.root.output().iter().map(|field| OutputColumn {
        name: String::leak(field.name.to_string()),
        ty: field.ty,
        stage: "",
    });
    let across = AcrossEvents {
        inputs: Vec::leak(inputs.collect()),
        tail: Vec::leak(postcard::to_allocvec(&tail).unwrap()),
        partition: Partition::Whole(""),
        parting: match parting {
            Parted::By(parting) => Parting::By(Vec::leak(postcard::to_allocvec(&parting).unwrap())),
            Parted::AsTheyCome => Parting::AsTheyCome,
            Parted::Whole(reason) => Parting::Whole(reason.leak()),
        },
        static_tables: &[],
    };
    let visible = plan.visible;
    let columns = Vec::leak(columns.collect());
    let rule = Rule { metadata, body: Body::AcrossEvents(across), columns, visible, ..STUB };
    Some((Box::leak(Box::new(rule)), behind))
}
