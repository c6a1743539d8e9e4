//! What a tick gave by key, so that the next one evaluates only the keys of which rows came or went.
//!
//! ```text
//! tick T1, rows of keys  a a b b b c   ─all─────> rows of a, of b, of c
//!      an a leaves, a b comes
//! tick T2                  a b b b b c ─a and b─> rows of a and of b anew, of c as before
//! ```
//!
//! It stands on what lets a tick be evaluated in [`parts`](super::parts): rows of different keys never meet. Keys are held as
//! hashes, and those that share one are taken for one. What is remembered is worked out again where it is lost: it is not
//! part of what a state serialises.

mod by_hash;

use super::block::KeptRef;
use super::sieve::Sieve;
use super::state::{Kept, Place};
use super::window::{UseRow, Window, decoded};
use crate::plans::fields;
use crate::rule::Input;
use by_hash::{ByHash, Hashes, Seeded};
use rule_eval::context::EvalError;
use rule_eval::evaluate::{Parts, UsePart};
use rule_eval::{Context, Env, Expression, Row, Table, Tables, memory, part_hash};
use rule_model::DateTime;
use rule_model::parting::Parting;
use rule_model::plan::{Expr, Field, Name};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;

/// What the last tick gave.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Remembered {
    /// The tick.
    tick: DateTime,
    keys: ByHash<OfKey>,
    /// Keys of rows that came since and that the tick would have seen.
    late: Hashes,
    bytes: u64,
}

/// A key of which rows were seen.
#[derive(Clone, Debug, PartialEq)]
struct OfKey {
    /// The time of the earliest.
    first: DateTime,
    /// What they gave.
    rows: Vec<Row>,
}

/// The key of a rule's rows.
#[derive(Debug)]
pub(super) struct ByKey {
    /// What it is of a kept row, for each input.
    of_inputs: Vec<Vec<Expression>>,
    /// Where it is in what they give.
    columns: Vec<(usize, Name)>,
}

/// The rows of a window that have one of some keys.
struct OfKeys<'w> {
    window: &'w Window<'w>,
    by_key: &'w ByKey,
    keys: Sieve<'w, Seeded>,
    /// The earliest time of each that was handed out.
    first: RefCell<ByHash<DateTime>>,
    /// The inputs that were read.
    read: RefCell<HashSet<usize>>,
}

/// What a key takes besides its rows.
const KEY: u64 = 64;

impl ByKey {
    /// The key of a rule over these inputs, whose rows give such columns; `None` where they do not have it, or where an input is
    /// looked up by another key.
    pub(super) fn of(
        parting: &Parting,
        inputs: &[Input],
        output: &[Field],
    ) -> Result<Option<ByKey>, EvalError> {
        if inputs.iter().any(|input| input.lookup.is_some() || input.schema.time.is_none()) {
            return Ok(None);
        }
        let columns = parting.columns.iter().map(|name| {
            let name = name.as_ref()?;
            Some((output.iter().position(|field| field.name == *name)?, name.clone()))
        });
        let columns: Vec<Option<(usize, Name)>> = columns.collect();
        let of_input = |(input, keys): (&Input, &Vec<Expr>)| {
            let fields = fields(input);
            let has_column = keys.iter().zip(&columns).filter(|(_, column)| column.is_some());
            has_column.map(|(key, _)| Expression::bind(key, &fields)).collect()
        };
        let of_inputs: Result<_, EvalError> = inputs.iter().zip(&parting.keys).map(of_input).collect();
        let of_inputs = of_inputs?;
        let columns: Vec<(usize, Name)> = columns.into_iter().flatten().collect();
        Ok((!columns.is_empty()).then_some(ByKey { of_inputs, columns }))
    }

    /// The columns that have it.
    pub(super) fn columns(&self) -> impl Iterator<Item = &Name> {
        self.columns.iter().map(|(_, name)| name)
    }

    /// A row to be kept under its key.
    pub(super) fn keyed(&self, input: usize, kept: Kept, context: &mut Context) -> Result<Kept, String> {
        match kept {
            Kept::Row(row) => Ok(Kept::Keyed { key: self.of_row(input, &row, context)?, row }),
            kept => Ok(kept),
        }
    }

    fn of_row(&self, input: usize, row: &[u8], context: &mut Context) -> Result<u64, String> {
        let row = decoded(row)?;
        let mut env = Env::new(&(), context);
        let keys = self.of_inputs.get(input).into_iter().flatten();
        let key: Row = keys.map(|key| key.value(&mut env, &row)).collect();
        Ok(part_hash(&key))
    }

    /// The key of a kept row. An earlier version may have kept it without.
    fn of_kept(&self, input: usize, kept: KeptRef<'_>, context: &mut Context) -> Result<u64, String> {
        match kept {
            KeptRef::Keyed { key, .. } | KeptRef::Record { key, .. } => Ok(key),
            KeptRef::Row(row) => self.of_row(input, row, context),
        }
    }

    fn of_output(&self, row: &Row) -> u64 {
        let key: Row = self.columns.iter().filter_map(|(at, _)| row.get(*at)).cloned().collect();
        part_hash(&key)
    }
}

impl Remembered {
    /// What a tick gave, evaluated whole; `None` where it takes more than so many bytes.
    pub(super) fn all(
        by_key: &ByKey,
        window: &Window<'_>,
        rows: &[Row],
        most: u64,
    ) -> Result<Option<Remembered>, String> {
        let mut keys = ByHash::default();
        let mut context = window.context();
        for input in 0..by_key.of_inputs.len() {
            window.kept(input, &mut |place, kept| {
                if keys.len() as u64 * KEY <= most {
                    note(&mut keys, by_key.of_kept(input, kept, &mut context)?, place);
                }
                Ok(())
            })?;
        }
        let remembered =
            Remembered { tick: window.until, keys: ByHash::default(), late: Hashes::default(), bytes: 0 };
        Ok(remembered.with(by_key, keys, rows.to_vec()).filter(|it| it.bytes <= most))
    }

    /// The keys that a tick may give something else of; `None` where that is most of them.
    pub(super) fn changed(&mut self, by_key: &ByKey, window: &Window<'_>) -> Result<Option<Hashes>, String> {
        let mut changed = std::mem::take(&mut self.late);
        let left = self.keys.iter().filter(|(_, of_key)| of_key.first <= window.after);
        changed.extend(left.map(|(key, _)| *key));
        let mut context = window.context();
        for input in 0..by_key.of_inputs.len() {
            window.kept_after(input, self.tick, &mut |_, kept| {
                changed.insert(by_key.of_kept(input, kept, &mut context)?);
                Ok(())
            })?;
        }
        Ok(Some(changed).filter(|changed| changed.len() <= self.keys.len() / 2))
    }

    /// The same after a tick that gives this of the changed keys, which `evaluate` works out over the tables of their rows; `None`
    /// where that was not possible.
    pub(super) fn after(
        mut self,
        by_key: &ByKey,
        window: &Window<'_>,
        changed: &Hashes,
        evaluate: impl FnOnce(&dyn Tables) -> Result<Option<Vec<Row>>, String>,
    ) -> Result<Option<Remembered>, String> {
        let (first, read) = Default::default();
        let tables = OfKeys { window, by_key, keys: Sieve::of(changed), first, read };
        let Some(rows) = evaluate(&tables)? else { return Ok(None) };
        // An input need not be read for what is given, as the other side of a join that has nothing.
        for input in 0..by_key.of_inputs.len() {
            if !tables.read.borrow().contains(&input) {
                tables.rows(input, &mut |_| Ok(()))?;
            }
        }
        for key in changed {
            let of_key = self.keys.remove(key);
            self.bytes -= of_key.map_or(0, |it| KEY + bytes_of(&it.rows));
        }
        self.tick = window.until;
        Ok(self.with(by_key, tables.first.into_inner(), rows))
    }

    /// The same with these keys of which rows were seen, and what they gave; `None` where that is not all of these keys.
    fn with(mut self, by_key: &ByKey, keys: ByHash<DateTime>, rows: Vec<Row>) -> Option<Remembered> {
        self.bytes += keys.len() as u64 * KEY + bytes_of(&rows);
        self.keys.extend(keys.into_iter().map(|(key, first)| (key, OfKey { first, rows: Vec::new() })));
        for row in rows {
            self.keys.get_mut(&by_key.of_output(&row))?.rows.push(row);
        }
        Some(self)
    }

    /// What the tick gave, in no order.
    pub(super) fn rows(&self) -> Vec<Row> {
        self.keys.values().flat_map(|of_key| &of_key.rows).cloned().collect()
    }

    /// A row has come.
    pub(super) fn note(&mut self, time: DateTime, kept: &Kept) {
        if time <= self.tick
            && let Kept::Keyed { key, .. } | Kept::Record { key, .. } = kept
        {
            self.late.insert(*key);
        }
    }

    /// Bytes that it takes, near enough.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Bytes of rows, each counted: an estimate of many would not be that of the few which leave.
fn bytes_of(rows: &[Row]) -> u64 {
    rows.iter().map(|row| memory::of_row(row)).sum()
}

/// Notes the time of a row of a key.
fn note(keys: &mut ByHash<DateTime>, key: u64, place: &Place) {
    let time = place.time.unwrap_or(DateTime::MIN);
    keys.entry(key).and_modify(|first| *first = time.min(*first)).or_insert(time);
}

impl OfKeys<'_> {
    fn rows(&self, input: usize, use_it: &mut UseRow<'_>) -> Result<(), String> {
        self.read.borrow_mut().insert(input);
        let mut context = self.window.context();
        self.window.kept(input, &mut |place, kept| {
            let key = self.by_key.of_kept(input, kept, &mut context)?;
            match kept {
                KeptRef::Row(row) | KeptRef::Keyed { row, .. } if self.keys.holds(key) => {
                    note(&mut self.first.borrow_mut(), key, place);
                    use_it(decoded(row)?)
                }
                _ => Ok(()),
            }
        })
    }
}

impl Tables for OfKeys<'_> {
    fn table(&self, name: &str) -> Option<Cow<'_, Table>> {
        self.window.table(name)
    }

    fn is_keyed(&self, name: &str) -> bool {
        self.window.is_keyed(name)
    }

    fn parts(&self, name: &str, _: Option<&HashSet<u64>>, use_part: &mut UsePart<'_>) -> Option<Parts> {
        self.window.hand_out(name, &|input, use_it: &mut UseRow<'_>| self.rows(input, use_it), use_part)
    }
}
