//! What a tick sees, as the tables that the tail of a rule reads.
//!
//! ```text
//! kept rows in (T − over, T] ─┬─ row ──────────────────────────────────────┬─> parts of the table $N
//!                             └─ key that a join needs ─> record, read again ┘
//! ```

use super::block::KeptRef;
use super::elsewhere::Elsewhere;
use super::evidence::MOST_RECORDS;
use super::recalled::Recalled;
use super::schedule::before;
use super::sieve::Sieve;
use super::state::{Place, State};
use super::step::TickRule;
use crate::event::Made;
use crate::plans::fields;
use crate::rule::Input;
use crate::{Event, Parser};
use rule_eval::context::EvalError;
use rule_eval::evaluate::{Parts, UsePart};
use rule_eval::lineage::BEHIND;
use rule_eval::{Context, Row, Table, Tables, key_hash};
use rule_model::plan::Field;
use rule_model::{DateTime, Type, Value};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;

/// The window of a tick.
pub(super) struct Window<'a> {
    pub(super) rule: &'a TickRule,
    pub(super) state: &'a State,
    /// What `now()` is.
    tick: DateTime,
    /// Sees what is later than this,
    pub(super) after: DateTime,
    /// up to this.
    pub(super) until: DateTime,
    pub(super) elsewhere: &'a Elsewhere<'a>,
    reader: RefCell<Reader>,
    recalled: RefCell<Recalled>,
    unread: Cell<u64>,
    /// Where a plan is traced: the records that were handed out, whose numbers the rows carry.
    records: Option<RefCell<Vec<Place>>>,
    handed_out: Cell<u64>,
}

/// Reads records again.
struct Reader {
    parser: Parser,
    context: Context,
}

/// Takes a row.
pub(super) type UseRow<'u> = dyn FnMut(Row) -> Result<(), String> + 'u;

/// Rows handed out at a time.
const PART: usize = 1024;

impl<'a> Window<'a> {
    pub(super) fn new(
        rule: &'a TickRule,
        state: &'a State,
        tick: DateTime,
        (after, until): (DateTime, DateTime),
        elsewhere: &'a Elsewhere<'a>,
    ) -> Window<'a> {
        let context = Context::at(tick).with_geography(elsewhere.geography.cloned());
        let reader = Reader { parser: Parser::new(elsewhere.max_depth), context };
        Window {
            rule,
            state,
            tick,
            after,
            until,
            elsewhere,
            reader: RefCell::new(reader),
            recalled: RefCell::default(),
            unread: Cell::new(0),
            records: None,
            handed_out: Cell::new(0),
        }
    }

    /// The same for a traced plan: each row carries the number of its record.
    pub(super) fn numbered(self) -> Window<'a> {
        Window { records: Some(RefCell::default()), ..self }
    }

    /// The same with what earlier ticks read.
    pub(super) fn recalling(self, recalled: Recalled) -> Window<'a> {
        Window { recalled: RefCell::new(recalled), ..self }
    }

    /// What was read, and the records that were handed out, by their numbers.
    pub(super) fn into_read(self) -> (Recalled, Vec<Place>) {
        (self.recalled.into_inner(), self.records.map(RefCell::into_inner).unwrap_or_default())
    }

    /// Lends the texts that were parsed before to what is done with a context.
    pub(super) fn with_texts<T>(&self, context: &mut Context, evaluate: impl FnOnce(&mut Context) -> T) -> T {
        context.parsed = Some(std::mem::take(&mut self.recalled.borrow_mut().texts));
        let result = evaluate(context);
        self.recalled.borrow_mut().texts = context.parsed.take().unwrap_or_default();
        result
    }

    /// Adds the number of its record to a row, where rows carry it. An error is that there are too many.
    fn number(&self, place: &Place, row: &mut Row) -> Result<(), String> {
        let Some(records) = &self.records else { return Ok(()) };
        let mut records = records.borrow_mut();
        if records.len() >= MOST_RECORDS {
            return Err(format!("more than {MOST_RECORDS} records"));
        }
        row.push(Value::Long(records.len() as i64));
        records.push(place.clone());
        Ok(())
    }

    /// What an evaluation over it knows at first.
    pub(super) fn context(&self) -> Context {
        Context::at(self.tick).with_geography(self.elsewhere.geography.cloned())
    }

    /// Rows that it has, and perhaps some more, but for those that are read again.
    pub(super) fn len(&self) -> u64 {
        let inputs = (0..self.inputs().len()).filter(|input| !self.rereads(*input));
        inputs.map(|input| self.state.rows_in(input, self.after(input), self.until)).sum()
    }

    /// What an input is seen after.
    fn after(&self, input: usize) -> DateTime {
        let recent = self.inputs().get(input).and_then(|input| input.recent);
        recent.map_or(self.after, |recent| self.after.max(before(self.tick, recent)))
    }

    fn inputs(&self) -> &'static [Input] {
        self.rule.rule.inputs()
    }

    /// Rows handed out so far.
    pub(super) fn handed_out(&self) -> u64 {
        self.handed_out.get()
    }

    /// Whether rows of an input are read again from their records.
    pub(super) fn rereads(&self, input: usize) -> bool {
        let input = self.inputs().get(input);
        input.is_some_and(|input| input.lookup.is_some_and(|lookup| lookup.rereads))
    }

    /// Has it that so many records could not be read again.
    pub(super) fn set_unread(&self, unread: u64) {
        self.unread.set(unread);
    }

    /// Hands what an input keeps to `use_it`, in the order of its places.
    pub(super) fn kept(
        &self,
        input: usize,
        use_it: &mut dyn FnMut(&Place, KeptRef<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        self.state.window(input, self.after(input), self.until, self.elsewhere.segments, use_it)
    }

    /// The same of what is later than a time.
    pub(super) fn kept_after(
        &self,
        input: usize,
        time: DateTime,
        use_it: &mut dyn FnMut(&Place, KeptRef<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        let after = self.after(input).max(time);
        self.state.window(input, after, self.until, self.elsewhere.segments, use_it)
    }

    /// Records that could not be read again, or were no longer what they had been.
    pub(super) fn unread(&self) -> u64 {
        self.unread.get()
    }

    /// Hands the rows of an input to `use_it`, of one with keys those of `keys`.
    pub(super) fn rows(
        &self,
        input: usize,
        keys: Option<&HashSet<u64>>,
        use_it: &mut dyn FnMut(&Place, Row) -> Result<(), String>,
    ) -> Result<(), String> {
        if keys.is_some_and(HashSet::is_empty) {
            return Ok(());
        }
        let Some(keys) = keys else {
            return self.kept(input, &mut |place, kept| self.use_kept(input, place, kept, use_it));
        };
        // Taken out of its cell: rows may be read again meanwhile.
        let found = self.recalled.borrow_mut().take_found(input, keys);
        if let Some(found) = found {
            let mut found_rows = found.rows.iter();
            let used =
                found_rows.try_for_each(|(place, kept)| self.use_kept(input, place, kept.borrow(), use_it));
            self.recalled.borrow_mut().hold_found(found);
            return used;
        }
        let sieve = Sieve::of(keys);
        let mut found = self.recalled.borrow().begin_finding(input, keys);
        self.kept(input, &mut |place, kept| {
            let is_needed = match kept {
                KeptRef::Row(_) => true,
                KeptRef::Keyed { key, .. } | KeptRef::Record { key, .. } => sieve.holds(key),
            };
            if !is_needed {
                return Ok(());
            }
            found.iter_mut().for_each(|found| found.add(place, kept));
            found = found.take().filter(|found| self.recalled.borrow().has_room_for(found));
            self.use_kept(input, place, kept, use_it)
        })?;
        found.into_iter().for_each(|found| self.recalled.borrow_mut().hold_found(found));
        Ok(())
    }

    /// Hands to `use_it` the rows that something is kept of.
    fn use_kept(
        &self,
        input: usize,
        place: &Place,
        kept: KeptRef<'_>,
        use_it: &mut dyn FnMut(&Place, Row) -> Result<(), String>,
    ) -> Result<(), String> {
        match kept {
            KeptRef::Row(row) | KeptRef::Keyed { row, .. } => use_it(place, decoded(row)?),
            KeptRef::Record { key, length } => {
                self.again(input, place, key, length)?.into_iter().try_for_each(|row| use_it(place, row))
            }
        }
    }

    /// The rows of a record; none, which is counted, where the source does not give what it gave at first.
    fn again(&self, input: usize, place: &Place, key: u64, length: u64) -> Result<Vec<Row>, String> {
        let mut recalled = self.recalled.borrow_mut();
        if let Some(rows) = recalled.rows(input, key, place) {
            return Ok(rows);
        }
        let bytes = self.elsewhere.sources.record(&place.source, place.offset, length).ok();
        let mut reader = self.reader.borrow_mut();
        let Some(rows) = bytes.and_then(|bytes| reader.rows(self.rule, input, &bytes, key)) else {
            self.unread.set(self.unread.get() + 1);
            return Ok(Vec::new());
        };
        rows.inspect(|rows| recalled.hold(input, key, place, rows))
    }
}

impl Reader {
    /// What is kept of a record whose key is still the same.
    fn rows(
        &mut self,
        rule: &TickRule,
        number: usize,
        record: &[u8],
        key: u64,
    ) -> Option<Result<Vec<Row>, String>> {
        let Reader { parser, context } = self;
        let (input, maker) = (rule.rule.inputs().get(number)?, rule.makers.get(number)?);
        let made = Made::default();
        let event = Event::new(input.schema, parser.parse(record).ok()?).with(&made);
        let again = (input.lookup?.key)(&event, context)?;
        let is_same = key_hash(&again) == Some(key);
        is_same.then(|| maker.kept(input, &event, context))
    }
}

impl Tables for Window<'_> {
    fn table(&self, name: &str) -> Option<Cow<'_, Table>> {
        self.rule.tables.get(name).map(Cow::Borrowed)
    }

    fn is_keyed(&self, name: &str) -> bool {
        let input = position(name).and_then(|position| self.inputs().get(position));
        input.is_some_and(|input| input.lookup.is_some())
    }

    fn parts(&self, name: &str, keys: Option<&HashSet<u64>>, use_part: &mut UsePart<'_>) -> Option<Parts> {
        let rows = |input, use_it: &mut UseRow<'_>| {
            self.rows(input, keys, &mut |place, mut row| {
                self.number(place, &mut row)?;
                use_it(row)
            })
        };
        self.hand_out(name, &rows, use_part)
    }
}

impl Window<'_> {
    /// Hands out the rows that `rows` gives of an input of this name, part by part.
    pub(super) fn hand_out(
        &self,
        name: &str,
        rows: &dyn Fn(usize, &mut UseRow<'_>) -> Result<(), String>,
        use_part: &mut UsePart<'_>,
    ) -> Option<Parts> {
        let position = position(name)?;
        let mut columns = fields(self.inputs().get(position)?);
        columns.extend(self.records.as_ref().map(|_| Field::new(BEHIND, Type::Dynamic)));
        let mut part = Vec::new();
        let mut failed = None;
        let mut hand_out = |part: &mut Vec<Row>| {
            self.handed_out.set(self.handed_out.get() + part.len() as u64);
            let part = Table { columns: columns.clone(), rows: std::mem::take(part) };
            use_part(part).map_err(|error| {
                let message = error.message.clone();
                failed = Some(error);
                message
            })
        };
        let mut read = rows(position, &mut |row| {
            part.push(row);
            if part.len() < PART { Ok(()) } else { hand_out(&mut part) }
        });
        // A table without rows is handed out, too: what follows may alert on nothing.
        if read.is_ok() {
            read = hand_out(&mut part);
        }
        Some(match (read, failed) {
            (_, Some(error)) => Err(error),
            (Err(message), None) => Err(EvalError { message }),
            (Ok(()), None) => Ok(()),
        })
    }
}

/// The position of the input that a tail calls by this name.
fn position(name: &str) -> Option<usize> {
    name.strip_prefix('$')?.parse().ok()
}

pub(super) fn decoded(row: &[u8]) -> Result<Row, String> {
    postcard::from_bytes(row).map_err(|error| format!("a kept row: {error}"))
}
