//! JSON values one after the other, in arrays and in envelopes, however they are broken into lines.
//!
//! ```text
//!            ┌───────────── value ends ──────────────┐
//! Between ───┤ { [ " 1 …  ──> Value ── goes wrong ──> Gap ── a line begins with { ──> Between
//!            │ [ at the top ─> Array ─ ] ──┐          ▲
//!            └ { "value":[  ─> Array ─ ] ──┴─> Tail ──┘      what an envelope has after its list
//! ```
//!
//! Commas, blanks and what an envelope has besides its list are no records; everything else becomes a frame. After an
//! error, reading goes on at the next line that begins with `{`: the next after the beginning of the value that is
//! broken, so that one that was cut off does not take its neighbours with it. Such a line may be indented as far as
//! records were before it, not further: there, what it begins is part of a record.
//!
//! Nothing depends on how the bytes come in chunks: values are looked at byte by byte, and what is decided looking
//! back is decided on lengths and offsets alone.

use super::envelope::{Opening, Seen};
use super::overlong::Overlong;
use super::structure::{Step, Walker, without_blanks};
use super::{Batch, Frame};
use memchr::memchr;
use serde::{Deserialize, Serialize};

/// Cuts values.
#[derive(Debug)]
pub(super) struct Values {
    state: State,
    doing: Doing,
    /// Where what is unfinished begins, and the state there: reading may go on from here, in another run if need be.
    begun: (u64, State),
    /// Bytes that are kept of what is unfinished and were looked at already.
    looked_at: usize,
    /// What is unfinished, where it is over the limit.
    overlong: Option<Overlong>,
    /// How far the object at the top is indented that may be a record.
    indent: Option<u64>,
    /// Where the value or array begins, and the state there, that only the end of the source ended.
    cut_off: Option<(u64, State)>,
}

/// What is known between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    place: Place,
    /// Offset of the beginning of the line, where only separators were seen on it.
    line: Option<u64>,
    /// How far records are indented, the least so far.
    column: u64,
    /// Bytes of broken values that were looked at twice.
    repeated: u64,
}

/// What values lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Place {
    /// Nothing.
    Top,
    Array,
    /// The list of an envelope.
    List,
    /// An envelope, after its list.
    Tail,
}

#[derive(Debug)]
enum Doing {
    /// Passing separators.
    Between,
    /// Reading an object that may turn out to be an envelope.
    Object(Opening),
    /// Reading a value.
    Value(Walker),
    /// Passing what an envelope has after its list.
    Tail(Walker),
    /// Looking for a line to go on at.
    Gap(Gap),
}

/// A search for a line to go on at.
#[derive(Clone, Copy, Debug)]
struct Gap {
    /// Offset at which the value went wrong.
    error: u64,
    /// Offset of the beginning of the line that is being looked at; `None` before the next newline.
    line: Option<u64>,
}

/// Where a cut stands in the bytes of a batch.
#[derive(Clone, Copy, Debug)]
struct Cursor {
    /// The beginning of what is unfinished.
    start: usize,
    /// The next byte to look at.
    at: usize,
}

/// How far a line that records begin on may be indented as long as none has been seen.
const WIDEST_INDENT: u64 = 64;

impl Values {
    /// Cuts from this offset of the source on: the beginning of a line.
    pub(super) fn new(offset: u64) -> Values {
        let state = State { place: Place::Top, line: Some(offset), column: WIDEST_INDENT, repeated: 0 };
        Values::resumed(offset, state)
    }

    /// Cuts from an offset on at which an earlier reading left this state.
    pub(super) fn resumed(offset: u64, state: State) -> Values {
        let doing = match state.place {
            Place::Tail => Doing::Tail(Walker::after_member()),
            Place::Top | Place::Array | Place::List => Doing::Between,
        };
        let begun = (offset, state);
        Values { state, doing, begun, looked_at: 0, overlong: None, indent: None, cut_off: None }
    }

    /// Where reading goes on after the values given so far.
    pub(super) fn resume(&self) -> (u64, State) {
        self.begun
    }

    /// Where the value or array begins, and the state there, that only the end of the source ended.
    pub(super) fn cut_off(&self) -> Option<(u64, State)> {
        self.cut_off
    }

    /// Adds the values of `batch.bytes[start..]` to the frames; where the unfinished one begins.
    pub(super) fn cut(&mut self, batch: &mut Batch, start: usize, limit: usize, at_end: bool) -> usize {
        let mut cursor = Cursor { start, at: start + std::mem::take(&mut self.looked_at) };
        loop {
            while self.step(batch, &mut cursor, limit) {}
            if !at_end || !self.end(batch, &mut cursor, limit) {
                break;
            }
        }
        let is_over = |cursor: &Cursor| cursor.at - cursor.start > limit;
        if matches!(self.doing, Doing::Between) {
            self.begin(batch.offset + cursor.at as u64);
        }
        if matches!(self.doing, Doing::Between | Doing::Tail(_)) {
            cursor.start = cursor.at;
        } else if self.overlong.is_some() || is_over(&cursor) {
            self.pass_over(batch, &mut cursor);
        }
        self.looked_at = cursor.at - cursor.start;
        cursor.start
    }

    /// Goes on by one value, separator or gap; false where more bytes are needed.
    fn step(&mut self, batch: &mut Batch, cursor: &mut Cursor, limit: usize) -> bool {
        match &mut self.doing {
            Doing::Between => self.between(batch, cursor),
            Doing::Object(opening) => {
                let over = self.overlong.is_some();
                let seen = if over { None } else { Some(walk_object(opening, batch, cursor, limit)) };
                let seen = seen.unwrap_or_else(|| of_step(opening.walk_past(&batch.bytes, cursor.at)));
                self.saw(seen, batch, cursor, limit)
            }
            Doing::Value(walker) => {
                let seen = of_step(walker.walk(&batch.bytes, cursor.at));
                self.saw(seen, batch, cursor, limit)
            }
            Doing::Tail(walker) => {
                let step = walker.walk(&batch.bytes, cursor.at);
                self.tail(step, batch, cursor)
            }
            Doing::Gap(gap) => {
                let gap = *gap;
                self.gap(gap, batch, cursor, limit)
            }
        }
    }

    /// Passes separators up to the next value.
    fn between(&mut self, batch: &mut Batch, cursor: &mut Cursor) -> bool {
        while let Some(byte) = batch.bytes.get(cursor.at) {
            let offset = batch.offset + cursor.at as u64;
            cursor.start = cursor.at;
            match (byte, self.state.place) {
                (b'\n', _) => self.state.line = Some(offset + 1),
                (b' ' | b'\t' | b'\r' | b',', _) => {}
                (b'[', Place::Top) => self.state.place = Place::Array,
                (b']', Place::Array) => self.state.place = Place::Top,
                (b']', Place::List) => {
                    self.state.place = Place::Tail;
                    self.begin(offset + 1);
                    self.doing = Doing::Tail(Walker::after_member());
                    cursor.at += 1;
                    return true;
                }
                (b'{', place) => {
                    self.begin(offset);
                    self.indent = self.state.line.map(|line| offset - line);
                    if place == Place::Top {
                        self.doing = Doing::Object(Opening::new());
                    } else {
                        self.note_indent();
                        self.doing = Doing::Value(Walker::new());
                    }
                    return true;
                }
                (b'}' | b']' | b':', _) | (_, Place::Top) => {
                    self.begin(offset);
                    self.begin_gap(offset);
                    return true;
                }
                _ => {
                    self.begin(offset);
                    self.doing = Doing::Value(Walker::new());
                    return true;
                }
            }
            cursor.at += 1;
        }
        false
    }

    /// What came of walking a value.
    fn saw(&mut self, seen: Seen, batch: &mut Batch, cursor: &mut Cursor, limit: usize) -> bool {
        if self.state.place == Place::Top && !matches!(seen, Seen::More | Seen::Records(_)) {
            self.note_indent();
        }
        match seen {
            Seen::More => {
                // The list of an envelope may be left to be looked at again.
                if !matches!(self.doing, Doing::Object(_)) || self.overlong.is_some() {
                    cursor.at = batch.bytes.len();
                }
                return false;
            }
            Seen::Done(end) => {
                cursor.at = end;
                self.state.line = None;
                self.doing = Doing::Between;
                self.finish(batch, cursor, limit);
            }
            Seen::Records(at) => {
                cursor.at = at;
                self.state.line = None;
                self.state.place = Place::List;
                self.doing = Doing::Between;
            }
            Seen::Wrong(at) => {
                let error = batch.offset + at as u64;
                let is_over = self.overlong.is_some() || at - cursor.start > limit;
                self.begin_gap(error);
                // What is over the limit is not kept, and not looked at again.
                cursor.at = if is_over { at } else { cursor.start };
                if is_over {
                    self.pass_over(batch, cursor);
                }
            }
        }
        true
    }

    /// What came of walking the end of an envelope.
    fn tail(&mut self, step: Step, batch: &mut Batch, cursor: &mut Cursor) -> bool {
        cursor.at = match step {
            Step::More | Step::Member(_) => batch.bytes.len(),
            Step::Done(at) | Step::Wrong(at) => at,
        };
        cursor.start = cursor.at;
        match step {
            Step::More | Step::Member(_) => return false,
            Step::Done(_) => {
                self.state.place = Place::Top;
                self.doing = Doing::Between;
            }
            Step::Wrong(at) => {
                batch.frames.push(Frame::Unclosed { offset: batch.offset + at as u64 });
                self.state.place = Place::Top;
                self.doing = Doing::Between;
            }
        }
        self.state.line = None;
        true
    }

    /// Looks for the next line to go on at.
    fn gap(&mut self, mut gap: Gap, batch: &mut Batch, cursor: &mut Cursor, limit: usize) -> bool {
        loop {
            let rest = batch.bytes.get(cursor.at..).unwrap_or_default();
            let Some(line) = gap.line else {
                match memchr(b'\n', rest) {
                    Some(length) => {
                        cursor.at += length + 1;
                        gap.line = Some(batch.offset + cursor.at as u64);
                        continue;
                    }
                    None => cursor.at = batch.bytes.len(),
                }
                self.doing = Doing::Gap(gap);
                return false;
            };
            let blanks = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
            cursor.at += blanks.unwrap_or(rest.len());
            let offset = batch.offset + cursor.at as u64;
            match batch.bytes.get(cursor.at) {
                Some(b'{') if offset - line <= self.state.column && self.may_go_on(offset, gap.error) => {
                    self.finish(batch, cursor, limit);
                    self.state.line = Some(line);
                    self.doing = Doing::Between;
                    return true;
                }
                Some(_) => gap.line = None,
                None => {
                    self.doing = Doing::Gap(gap);
                    return false;
                }
            }
        }
    }

    /// Whether to go on at this offset. What lies between it and the error was looked at before: so that hostile input
    /// cannot have the same bytes looked at over and over, all of these together are not more than what was read.
    fn may_go_on(&mut self, offset: u64, error: u64) -> bool {
        let again = self.state.repeated + error.saturating_sub(offset);
        let may = offset >= error || again <= error;
        if may && offset < error {
            self.state.repeated = again;
        }
        may
    }

    /// The end of the source; whether something is left to be looked at again.
    fn end(&mut self, batch: &mut Batch, cursor: &mut Cursor, limit: usize) -> bool {
        let end = batch.bytes.len();
        let offset = batch.offset + end as u64;
        match &self.doing {
            Doing::Between if self.state.place == Place::Top => return false,
            Doing::Between => self.begin(offset),
            Doing::Object(_) | Doing::Value(_) | Doing::Tail(_) | Doing::Gap(_) => {}
        }
        self.cut_off.get_or_insert(self.begun);
        match &self.doing {
            Doing::Between | Doing::Tail(_) => batch.frames.push(Frame::Unclosed { offset }),
            // A number has no end of its own.
            Doing::Object(_) | Doing::Value(_) => return self.saw(Seen::Wrong(end), batch, cursor, limit),
            Doing::Gap(_) => {
                cursor.at = end;
                self.finish(batch, cursor, limit);
            }
        }
        self.state.place = Place::Top;
        self.doing = Doing::Between;
        false
    }

    /// Adds what lies between the beginning of what is unfinished and the cursor to the frames.
    fn finish(&mut self, batch: &mut Batch, cursor: &mut Cursor, limit: usize) {
        let Cursor { start, at } = *cursor;
        let bytes = batch.record(&(start..at));
        if let Some(mut overlong) = self.overlong.take() {
            overlong.append(bytes);
            batch.frames.push(overlong.frame());
        } else if bytes.len() > limit {
            let frame = Overlong::new(batch.offset + start as u64, bytes).frame();
            batch.frames.push(frame);
        } else {
            let length = without_blanks(bytes).len();
            batch.frames.push(Frame::Record(start..start + length));
        }
        cursor.start = at;
    }

    /// Keeps only what shows that something is over the limit.
    fn pass_over(&mut self, batch: &Batch, cursor: &mut Cursor) {
        let offset = batch.offset + cursor.start as u64;
        let bytes = batch.record(&(cursor.start..cursor.at));
        match &mut self.overlong {
            Some(overlong) => overlong.append(bytes),
            None => self.overlong = Some(Overlong::new(offset, bytes)),
        }
        cursor.start = cursor.at;
    }

    /// Something begins at this offset that is not finished at once.
    fn begin(&mut self, offset: u64) {
        self.begun = (offset, self.state);
    }

    fn begin_gap(&mut self, error: u64) {
        self.state.line = None;
        self.doing = Doing::Gap(Gap { error, line: None });
    }

    /// What was found indented so far is a record.
    fn note_indent(&mut self) {
        self.state.column = self.state.column.min(self.indent.unwrap_or(self.state.column));
    }
}

/// Walks an object that is not over the limit, unless more than that stands before what makes it an envelope.
fn walk_object(opening: &mut Opening, batch: &Batch, cursor: &mut Cursor, limit: usize) -> Seen {
    let object = batch.bytes.get(cursor.start..).unwrap_or_default();
    let mut at = cursor.at - cursor.start;
    let seen = opening.walk(object.get(..object.len().min(limit + 1)).unwrap_or(object), &mut at);
    let (start, over) = (cursor.start, object.len() > limit);
    cursor.at = start + at;
    match seen {
        Seen::More if over => {
            let from = std::mem::replace(&mut cursor.at, batch.bytes.len());
            of_step(opening.walk_past(&batch.bytes, from))
        }
        Seen::More => Seen::More,
        Seen::Records(at) => Seen::Records(start + at),
        Seen::Done(at) => Seen::Done(start + at),
        Seen::Wrong(at) => Seen::Wrong(start + at),
    }
}

fn of_step(step: Step) -> Seen {
    match step {
        Step::More | Step::Member(_) => Seen::More,
        Step::Done(at) => Seen::Done(at),
        Step::Wrong(at) => Seen::Wrong(at),
    }
}
