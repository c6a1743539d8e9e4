//! A worker: records to what the rules make of them, with buffers of its own.
//!
//! ```text
//! line or record ─Scan─> Sight ─told─> Told ─┬─ no candidates, no table: done
//!                                            └─ candidates, or nothing ─Parser─> tape ─Matching─> Outcome
//! ```

use super::event_time::EventTimes;
use super::{Engine, Failure, Match, Origin, Outcome, Passed, Reject, Time, Validate, Work};
use crate::across::Kept;
use crate::dispatch::{Candidate, NameMemory};
use crate::event::Made;
use crate::framing::{self, Frame};
use crate::parse::Reason;
use crate::plans::Maker;
use crate::recognize::Recognizable;
use crate::rule::{Body, Input};
use crate::scan::{self, Buffers, Doubt, End, Sight};
use crate::tape::Json;
use crate::untimely::Untimely;
use crate::{Event, Parser, Rule};
use memchr::memchr;
use rule_eval::{Context, Row, key_hash};
use rule_model::{DateTime, Schema, Type};
use std::borrow::Cow;

/// Matches records with buffers of its own.
#[derive(Debug)]
pub struct Worker<'e> {
    engine: &'e Engine,
    scanned: Buffers,
    parser: Parser,
    matcher: Matching<'e>,
    /// Event times of the last work: the next one has about as many.
    times: usize,
}

/// The part of a worker that looks at parsed records.
#[derive(Debug)]
struct Matching<'e> {
    engine: &'e Engine,
    memory: NameMemory,
    /// The candidates of the record at hand.
    found: Vec<Candidate>,
    times: EventTimes,
    context: Context,
}

/// Where a record is.
#[derive(Clone, Copy, Debug)]
struct At {
    offset: u64,
    length: u64,
    /// Whether it can be read again.
    rereads: bool,
    /// Its time as a table reads it, if that is known.
    time: Option<(&'static Schema, EventTime)>,
}

/// An event time, or why there is none.
type EventTime = Result<DateTime, Untimely>;

/// What the scan tells of a record before it is parsed. The time is there where it counts.
#[derive(Clone, Copy, Debug)]
enum Told {
    /// It is of no table.
    NoTable,
    /// No rule takes it.
    NoCandidates(Option<EventTime>),
    /// It is of this table, and its candidates are found.
    Candidates(usize, Option<EventTime>),
    /// Only the parsed record can tell; the table, if that much is known.
    Nothing(Option<usize>),
}

impl<'e> Worker<'e> {
    /// A worker with empty buffers.
    pub(super) fn new(engine: &'e Engine) -> Worker<'e> {
        let settings = engine.settings;
        Worker {
            engine,
            scanned: Buffers::default(),
            parser: Parser::new(settings.max_depth),
            matcher: Matching {
                engine,
                memory: NameMemory::new(settings.memory),
                found: Vec::new(),
                times: EventTimes::default(),
                context: Context::at(settings.now).with_geography(engine.geography.clone()),
            },
            times: 0,
        }
    }

    /// Matches the records of `work`.
    pub fn run(&mut self, work: Work) -> Outcome {
        let mut outcome =
            Outcome { times: Vec::with_capacity(self.times + self.times / 8), ..Outcome::default() };
        let origin = Origin { table: work.table, rereads: work.rereads };
        let lines = &work.batch.lines;
        let offset = work.batch.offset + lines.start as u64;
        self.lines(origin, offset, work.batch.record(lines), &mut outcome);
        for frame in &work.batch.frames {
            match frame {
                Frame::Record(range) => {
                    let offset = work.batch.offset + range.start as u64;
                    outcome.records += 1;
                    self.record(origin, offset, work.batch.record(range), &mut outcome);
                }
                Frame::TooLong { offset, length, beginning } => outcome.reject_frame(Reject {
                    offset: *offset,
                    length: *length,
                    reason: Reason::TooLong,
                    bytes: beginning.clone(),
                }),
                Frame::Unclosed { offset } => outcome.reject_frame(Reject {
                    offset: *offset,
                    length: 0,
                    reason: Reason::CutOff,
                    bytes: Vec::new(),
                }),
            }
        }
        self.times = outcome.times.len();
        Outcome { work, ..outcome }
    }

    /// Matches the records in whole lines, wherever they lie, of which the first begins at this offset of their source. What
    /// comes of them is added to the outcome.
    pub fn lines(&mut self, origin: Origin, offset: u64, lines: &[u8], outcome: &mut Outcome) {
        let mut rest = lines;
        while !rest.is_empty() {
            let offset = offset + (lines.len() - rest.len()) as u64;
            let length = self.line(origin, offset, rest, outcome);
            rest = rest.get(length + 1..).unwrap_or_default();
        }
    }

    /// Matches the record in the first of these lines; the length of the line.
    #[inline]
    fn line(&mut self, origin: Origin, offset: u64, lines: &[u8], outcome: &mut Outcome) -> usize {
        let Worker { engine, scanned, .. } = self;
        let seen = match engine.settings.validate {
            Validate::Structure => engine.scan.see(lines, End::Line, origin.table, scanned),
            Validate::Full => None,
        };
        let length = match seen {
            Some((length, _)) => length,
            None => memchr(b'\n', lines).unwrap_or(lines.len()),
        };
        if let Some(record) = framing::record_of(lines.get(..length).unwrap_or_default()) {
            outcome.records += 1;
            match seen {
                Some((_, sight)) => self.seen(origin, offset, record, sight, outcome),
                None => self.record(origin, offset, record, outcome),
            }
        }
        length
    }

    fn record(&mut self, origin: Origin, offset: u64, bytes: &[u8], outcome: &mut Outcome) {
        let Worker { engine, scanned, parser, matcher, .. } = self;
        let mut told = Told::Nothing(origin.table);
        if engine.settings.validate == Validate::Structure {
            if let Some((_, sight)) = engine.scan.see(bytes, End::Bytes, origin.table, scanned) {
                return self.seen(origin, offset, bytes, sight, outcome);
            }
            if let Ok(sight) = engine.scan.see_slowly(bytes, origin.table, scanned) {
                told = matcher.told(&sight);
            }
            if outcome.is_done(told, offset, bytes) {
                return;
            }
        }
        let at = At::of(origin, offset, bytes);
        let matched = parser.parse(bytes).and_then(|record| matcher.record(told, record, at, outcome));
        self.end(told, matched, (origin, offset, bytes), outcome);
    }

    /// Matches a record that was just marked, of which so much was seen.
    #[inline]
    fn seen(
        &mut self,
        origin: Origin,
        offset: u64,
        bytes: &[u8],
        sight: Result<Sight<'_>, Doubt>,
        outcome: &mut Outcome,
    ) {
        let Worker { engine, scanned, parser, matcher, .. } = self;
        let told = sight.map_or(Told::Nothing(origin.table), |sight| matcher.told(&sight));
        if outcome.is_done(told, offset, bytes) {
            return;
        }
        let parsed = match engine.scan.strings(bytes, scanned) {
            Some(strings) => parser.parse_scanned(bytes, strings),
            None => parser.parse(bytes),
        };
        let at = At::of(origin, offset, bytes);
        let matched = parsed.and_then(|record| matcher.record(told, record, at, outcome));
        self.end(told, matched, (origin, offset, bytes), outcome);
    }

    /// Rejects a record that could not be matched.
    fn end(
        &mut self,
        told: Told,
        matched: Result<(), Reason>,
        (origin, offset, bytes): (Origin, u64, &[u8]),
        outcome: &mut Outcome,
    ) {
        match matched {
            Ok(()) => {}
            Err(Reason::InvalidJson) if matches!(told, Told::Nothing(_)) => {
                self.unparsed(origin, offset, bytes, outcome);
            }
            Err(reason) => outcome.reject(offset, bytes, reason),
        }
    }

    /// A record that is not JSON, and of which the scan could not tell whether a rule may ask for it.
    #[cold]
    fn unparsed(&mut self, origin: Origin, offset: u64, bytes: &[u8], outcome: &mut Outcome) {
        let Worker { engine, scanned, matcher, .. } = self;
        let spelled = match engine.settings.validate {
            Validate::Structure => scan::without_escapes(bytes),
            Validate::Full => None,
        };
        let sight =
            spelled.as_ref().map(|record| engine.scan.see_slowly(record.as_bytes(), origin.table, scanned));
        let told = match sight {
            Some(Ok(sight)) => matcher.told(&sight),
            _ => Told::Nothing(origin.table),
        };
        if !outcome.is_done(told, offset, bytes) {
            outcome.reject(offset, bytes, Reason::InvalidJson);
        }
    }
}

impl At {
    fn of(origin: Origin, offset: u64, bytes: &[u8]) -> At {
        At { offset, length: bytes.len() as u64, rereads: origin.rereads, time: None }
    }

    /// The time of an event of this record.
    fn time_of(&self, event: &Event<'_>) -> Option<DateTime> {
        match self.time {
            Some((schema, time)) if std::ptr::eq(schema, event.schema) => time.ok(),
            _ => event.time(),
        }
    }
}

impl Matching<'_> {
    /// What the sight of a record tells of its candidates, which are then those at hand.
    fn told(&mut self, sight: &Sight<'_>) -> Told {
        let Some(table) = sight.table else { return Told::NoTable };
        let nothing = Told::Nothing(Some(table));
        let (Ok(name), Ok(time)) = (sight.operation, sight.time) else { return nothing };
        let fields = sight.fields.map(|text| text.map(Option::unwrap_or_default));
        let mut unclear = false;
        self.find(table, name, |field, _| {
            let text = fields.get(field).copied().unwrap_or(Ok(""));
            unclear |= text.is_err();
            Cow::Borrowed(text.unwrap_or_default())
        });
        if unclear {
            return nothing;
        }
        // As a column of its type reads text, without making a value of the text: this is done for every record.
        let time = self.engine.type_of_time(table).map(|ty| match time {
            Some(text) if ty == Type::DateTime => self.times.read(text).ok_or(Untimely::Unreadable),
            Some(_) => Err(Untimely::Unreadable),
            None => Err(Untimely::Missing),
        });
        if self.found.is_empty() { Told::NoCandidates(time) } else { Told::Candidates(table, time) }
    }

    /// Finds the candidates of a record by the name of its operation and the texts of fields, which are asked for by position and
    /// column.
    fn find<'t>(&mut self, table: usize, name: &[u8], mut text: impl FnMut(usize, usize) -> Cow<'t, str>) {
        let Matching { engine, memory, found, context, .. } = self;
        found.clear();
        found.extend_from_slice(memory.candidates(&engine.dispatch, table, name, context));
        let of_names = found.len();
        for (field, column) in engine.dispatch.fields(table).enumerate() {
            engine.dispatch.by_field(table, field, &text(field, column), found);
        }
        if found.len() > of_names {
            // A rule that is found by a value may exclude the name.
            let name = std::str::from_utf8(name).unwrap_or_default();
            let mut position = 0;
            found.retain(|candidate| {
                position += 1;
                position <= of_names || engine.dispatch.accepts(*candidate, name, context)
            });
            found.sort_unstable();
        }
    }

    /// Matches a record, of which so much was told before it was parsed.
    fn record(&mut self, told: Told, record: Json<'_>, at: At, outcome: &mut Outcome) -> Result<(), Reason> {
        let engine = self.engine;
        let (table, time) = match told {
            Told::Candidates(table, time) => (table, time),
            Told::Nothing(Some(table)) => (table, self.read(table, record)),
            _ => {
                let recognized = engine.recognizer.recognize(&Recognizable::of(record));
                let table = recognized.ok_or(Reason::UnknownTable)?;
                (table, self.read(table, record))
            }
        };
        outcome.time(at.offset, time);
        let schema = engine.tables.get(table).copied();
        self.matches(record, At { time: schema.zip(time), ..at }, outcome);
        Ok(())
    }

    /// Finds the candidates of a parsed record; its time, where that counts.
    fn read(&mut self, table: usize, record: Json<'_>) -> Option<EventTime> {
        let schema = *self.engine.tables.get(table)?;
        let event = Event::new(schema, record);
        let name = schema.operation.map_or(Cow::Borrowed(""), |operation| event.text(operation));
        self.find(table, name.as_bytes(), |_, column| event.text(column));
        self.engine.type_of_time(table).map(|_| Untimely::time_of(&event))
    }

    /// Tries the candidates at hand on a record.
    fn matches(&mut self, record: Json<'_>, at: At, outcome: &mut Outcome) {
        let Matching { engine, found, context, .. } = self;
        outcome.candidates += u64::from(!found.is_empty());
        let made = Made::default();
        for candidate in &*found {
            let Some((rule, input)) = engine.dispatch.find(*candidate) else { continue };
            // The positions in the generated code are those of the rule's own schema.
            let event = Event::new(input.schema, record).with(&made);
            if (input.matches)(&event, context)
                && let Err(message) = outcome.add(engine, rule, *candidate, &event, at, context)
            {
                outcome.failures.push(Failure { rule: candidate.rule, message });
            }
            if let Some(failure) = context.take_failure() {
                outcome.failures.push(Failure { rule: candidate.rule, message: failure.message });
            }
        }
    }
}

impl Outcome {
    /// Notes an event time, where it counts.
    #[inline]
    fn time(&mut self, offset: u64, time: Option<EventTime>) {
        if let Some(time) = time {
            self.times.push(Time { offset, time });
        }
    }

    /// Whether a record of which so much was told need not be parsed; what came of it is then noted.
    #[inline]
    fn is_done(&mut self, told: Told, offset: u64, bytes: &[u8]) -> bool {
        match told {
            Told::NoTable => self.reject(offset, bytes, Reason::UnknownTable),
            Told::NoCandidates(time) => self.time(offset, time),
            Told::Candidates(..) | Told::Nothing(_) => return false,
        }
        true
    }

    /// Notes a record that was never whole.
    fn reject_frame(&mut self, reject: Reject) {
        self.records += 1;
        self.rejects.push(reject);
    }

    fn reject(&mut self, offset: u64, bytes: &[u8], reason: Reason) {
        self.rejects.push(Reject { offset, length: bytes.len() as u64, reason, bytes: bytes.to_vec() });
    }

    /// Adds what an event that passed gives for a candidate.
    fn add(
        &mut self,
        engine: &Engine,
        rule: &Rule,
        candidate: Candidate,
        event: &Event<'_>,
        at: At,
        context: &mut Context,
    ) -> Result<(), String> {
        let (time, offset) = (at.time_of(event), at.offset);
        let Some(maker) = engine.plans.maker(candidate.rule, candidate.input) else { return Ok(()) };
        match &rule.body {
            Body::RowLocal(local) => {
                let rows = maker.rows(&local.row, &local.input, event, context)?;
                let of_row = |(ordinal, row)| Match { rule: candidate.rule, ordinal, row, time, offset };
                self.matches.extend((0..).zip(rows).map(of_row));
            }
            Body::AcrossEvents(across) => {
                let Some(input) = across.inputs.get(candidate.input) else { return Ok(()) };
                let kept = kept(input, maker, event, at, context)?;
                let of_row = |(ordinal, kept)| Passed { candidate, kept, ordinal, time, offset };
                self.passed.extend((0..).zip(kept).map(of_row));
            }
        }
        Ok(())
    }
}

/// What is kept of an event that passed an input's conditions: nothing where its key matches nothing.
fn kept(
    input: &Input,
    maker: &Maker,
    event: &Event<'_>,
    at: At,
    context: &mut Context,
) -> Result<Vec<Kept>, String> {
    let key = match input.lookup {
        Some(lookup) => match (lookup.key)(event, context).and_then(|key| key_hash(&key)) {
            Some(key) if lookup.rereads && at.rereads => {
                return Ok(vec![Kept::Record { key, length: at.length }]);
            }
            Some(key) => Some(key),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let kept = |row: Row| {
        let row = encoded(&row).map_err(|error| error.to_string())?;
        Ok(match key {
            Some(key) => Kept::Keyed { key, row },
            None => Kept::Row(row),
        })
    };
    maker.kept(input, event, context)?.into_iter().map(kept).collect()
}

/// A row as bytes, in memory of their number: most are short enough to be written elsewhere first, where a vector would grow
/// several times.
fn encoded(row: &Row) -> postcard::Result<Box<[u8]>> {
    let mut short = [0; 1024];
    match postcard::to_slice(row, &mut short) {
        Ok(bytes) => Ok((&*bytes).into()),
        Err(postcard::Error::SerializeBufferFull) => Ok(postcard::to_allocvec(row)?.into_boxed_slice()),
        Err(error) => Err(error),
    }
}
