//! The records behind the rows of a tick that alert: its window is read once more, by the traced plan.
//!
//! ```text
//! rows that alert ─ a new one? ─> traced plan over the same window ─ the same rows? ─> records of each, by their time
//! ```
//!
//! A tick without a new alert costs nothing. What the traced plan gives decides nothing: alerts and their ids stand
//! before, and where its rows are not the same (a query that calls `rand()`) no evidence is given, nor where tracing takes
//! more than half of the memory.

use super::elsewhere::Elsewhere;
use super::state::{Place, State};
use super::step::TickRule;
use super::tail::Halves;
use super::window::Window;
use crate::alert::{Alert, Evidence, Position};
use crate::rule::Body;
use rule_eval::context::EvalError;
use rule_eval::lineage::{self, BEHIND};
use rule_eval::{Context, Prepared, Row, Table, in_order, json};
use rule_model::metadata::Grouping;
use rule_model::plan::Plan;
use rule_model::{DateTime, Value};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::OnceLock;

/// The traced plan of a rule, made when it is first asked for; `None` where an operator leaves untold where rows come
/// from.
#[derive(Debug, Default)]
pub(super) struct Traced(OnceLock<Option<TracedTail>>);

/// The traced plan of a tail's first stages, and of those behind them over what comes out in its order.
#[derive(Debug)]
struct TracedTail {
    first: Prepared,
    rest: Option<Prepared>,
}

/// Records whose places are held at a time, some 100 bytes each with what lists them. A window with more gives no
/// evidence: the memory of an evaluation should not depend on whether it alerts.
pub(super) const MOST_RECORDS: usize = 500_000;

/// Bytes that tracing may take however little memory there is.
const LEAST_ROOM: u64 = 32 << 20;

/// What is behind each row of a tick.
struct Told {
    /// The cells of the column that tells it.
    cells: Vec<Value>,
    records: Vec<Place>,
}

impl TickRule {
    /// Tells the evidence of those alerts of a tick that are new; `alerts` are those of all its rows.
    pub(super) fn tell_evidence(
        &self,
        state: &mut State,
        tick: DateTime,
        elsewhere: &Elsewhere<'_>,
        alerts: &mut [Alert],
        is_new: &[bool],
    ) {
        let Some(told) = self.told(state, tick, elsewhere, alerts) else { return };
        let new = alerts.iter_mut().zip(&told.cells).zip(is_new).filter(|(_, is_new)| **is_new);
        let mut new = new.map(|(it, _)| it);
        if self.rule.metadata.grouping == Grouping::Single {
            // The first of them stands for all; a record that is behind several counts once.
            if let Some((alert, cell)) = new.next() {
                let cells = std::iter::once(cell).chain(new.map(|(_, cell)| cell));
                alert.evidence = told.evidence(&Value::array(cells.cloned()));
            }
        } else {
            new.for_each(|(alert, cell)| alert.evidence = told.evidence(cell));
        }
    }

    /// What is behind the rows of a tick, which are those of `alerts`.
    fn told(
        &self,
        state: &mut State,
        tick: DateTime,
        elsewhere: &Elsewhere<'_>,
        alerts: &[Alert],
    ) -> Option<Told> {
        let traced = self.traced.0.get_or_init(|| {
            let Body::AcrossEvents(across) = &self.rule.body else { return None };
            let Halves { first, rest, .. } = Halves::of(across).ok()?;
            let prepared = |plan: &Plan| Prepared::new(&lineage::traced(plan)?).ok();
            let rest = match rest {
                Some(rest) => Some(prepared(&rest)?),
                None => None,
            };
            Some(TracedTail { first: prepared(&first)?, rest })
        });
        let traced = traced.as_ref()?;
        let recalled = std::mem::take(&mut state.recalled);
        let window = self.window(state, tick, elsewhere).recalling(recalled).numbered();
        let mut context = window.context().with_room((elsewhere.bound / 2).max(LEAST_ROOM));
        let table = window.with_texts(&mut context, |context| traced.run(&window, context));
        let (recalled, records) = window.into_read();
        state.recalled = recalled;
        let mut table = table.ok()?;
        let behind = table.column_index(BEHIND)?;
        if context.take_failure().is_some() || table.rows.len() != alerts.len() {
            return None;
        }
        // Of a rule whose rows may be parted alerts come in another order than the traced plan gives their rows in.
        let mut by_row: HashMap<String, VecDeque<Value>> = HashMap::new();
        for mut row in table.rows.drain(..) {
            let cell = row.remove(behind);
            by_row.entry(text(&row)).or_default().push_back(cell);
        }
        let cell = |alert: &Alert| by_row.get_mut(&text(&alert.row))?.pop_front();
        let cells = alerts.iter().map(cell).collect::<Option<_>>()?;
        Some(Told { cells, records })
    }
}

impl TracedTail {
    fn run(&self, window: &Window<'_>, context: &mut Context) -> Result<Table, EvalError> {
        let table = self.first.run(window, context)?;
        match (&self.rest, table.column_index(BEHIND)) {
            (Some(rest), Some(behind)) => rest.run_over(in_its_order(table, behind), window, context),
            _ => Ok(table),
        }
    }
}

/// The rows in the order in which the stages behind them see them where they are not traced, and what is behind each in the
/// last column.
fn in_its_order(mut table: Table, behind: usize) -> Table {
    let told = table.columns.remove(behind);
    table.columns.push(told);
    let apart = |mut row: Row| {
        let cell = row.remove(behind);
        (row, cell)
    };
    let mut rows: Vec<(Row, Value)> = table.rows.into_iter().map(apart).collect();
    rows.sort_by(|(a, _), (b, _)| in_order(a, b));
    let together = |(mut row, cell): (Row, Value)| {
        row.push(cell);
        row
    };
    Table { rows: rows.into_iter().map(together).collect(), ..table }
}

/// What tells rows apart; a real that is no number is the same as another.
fn text(row: &Row) -> String {
    json::write(&Value::array(row.iter().cloned()))
}

impl Told {
    /// The records that a cell lists, the earliest first.
    fn evidence(&self, cell: &Value) -> Evidence {
        let numbers = lineage::records(cell);
        let places = numbers.iter().filter_map(|number| self.records.get(usize::try_from(*number).ok()?));
        let places: BTreeSet<_> = places.map(|place| (place.time, &place.source, place.offset)).collect();
        let position = |(_, source, offset): &(_, &std::sync::Arc<str>, u64)| Position {
            source: (*source).clone(),
            offset: *offset,
        };
        Evidence {
            records: places.iter().take(Evidence::SHOWN).map(position).collect(),
            total: places.len() as u64,
        }
    }
}
