//! What an evaluation holds in memory, near enough.
//!
//! Operators say what they make and let go of, in bytes estimated from a few rows. Where they may hold only so much, the
//! evaluation ends with an error that [`Memory::is_exceeded`] tells from others, for the caller to try again with fewer
//! rows.

use crate::context::EvalError;
use crate::{Row, Table};
use rule_model::Value;
use smol_str::SmolStr;

/// What is held. By default there is no bound to it and nobody asks, so that it is not worked out.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Whether it is worked out.
    is_noted: bool,
    /// Bytes that may be held.
    room: u64,
    held: u64,
    /// Bytes that stay to the end: the results of bindings.
    lasting: u64,
    peak: u64,
    exceeded: bool,
}

/// Rows of a table that are looked at to tell its size.
const SAMPLE: usize = 64;
/// What a row takes besides its values: its vector, and the allocation.
const ROW: u64 = 40;
/// What a value on the heap takes besides its bytes: counts, length, and the allocation.
const HEAP: u64 = 40;
/// The longest text that needs no memory besides the value.
const INLINE: usize = 23;

impl Memory {
    /// Room for so many bytes.
    pub fn of(room: u64) -> Memory {
        Memory { is_noted: true, room, ..Memory::default() }
    }

    /// Most bytes held at a time.
    pub fn peak(&self) -> u64 {
        self.peak
    }

    /// Whether the evaluation ended because it would have held more than there is room for.
    pub fn is_exceeded(&self) -> bool {
        self.exceeded
    }

    /// Notes bytes that are held from now on.
    pub(crate) fn hold(&mut self, bytes: impl FnOnce() -> u64) -> Result<(), EvalError> {
        if !self.is_noted {
            return Ok(());
        }
        let bytes = bytes();
        self.held = self.held.saturating_add(bytes);
        let all = self.held.saturating_add(self.lasting);
        self.peak = self.peak.max(all);
        if all <= self.room {
            return Ok(());
        }
        self.exceeded = true;
        let message = format!("the evaluation needs more than the {} bytes that it may take", self.room);
        Err(EvalError { message })
    }

    /// Notes bytes that are held to the end.
    pub(crate) fn hold_to_the_end(&mut self, bytes: impl FnOnce() -> u64) -> Result<(), EvalError> {
        if self.is_noted {
            self.lasting = self.lasting.saturating_add(bytes());
        }
        self.hold(|| 0)
    }

    /// Bytes held.
    pub(crate) fn held(&self) -> u64 {
        self.held
    }

    /// Bytes held besides a table.
    pub(crate) fn held_besides(&self, table: &Table) -> u64 {
        if self.is_noted { self.held.saturating_sub(of_table(table)) } else { 0 }
    }

    /// Lets go of all but so many bytes.
    pub(crate) fn release_to(&mut self, held: u64) {
        self.held = held.min(self.held);
    }
}

/// Bytes that a table takes.
pub fn of_table(table: &Table) -> u64 {
    of_rows(&table.rows)
}

/// Bytes that rows take, told from some of them.
pub fn of_rows(rows: &[Row]) -> u64 {
    of_many(rows, |row| of_row(row))
}

/// Bytes that items take, told from some of them.
pub(crate) fn of_many<T>(items: &[T], of_one: impl Fn(&T) -> u64) -> u64 {
    let step = items.len().div_ceil(SAMPLE).max(1);
    let sampled = items.iter().step_by(step);
    let (count, bytes) = sampled.fold((0, 0), |(count, bytes), item| (count + 1, bytes + of_one(item)));
    bytes * items.len() as u64 / u64::max(count, 1)
}

/// Bytes that a row takes.
pub fn of_row(row: &[Value]) -> u64 {
    ROW + row.iter().map(of_value).sum::<u64>()
}

/// Bytes that a value takes. What several values share counts for each.
pub fn of_value(value: &Value) -> u64 {
    let on_the_heap = match value {
        Value::String(text) if text.len() > INLINE => HEAP + text.len() as u64,
        Value::Array(items) => HEAP + items.iter().map(of_value).sum::<u64>(),
        Value::Bag(bag) => {
            let property = |(name, value): (&SmolStr, &Value)| 2 * HEAP + of_text(name) + of_value(value);
            HEAP + bag.iter().map(property).sum::<u64>()
        }
        _ => 0,
    };
    size_of::<Value>() as u64 + on_the_heap
}

fn of_text(text: &str) -> u64 {
    if text.len() > INLINE { HEAP + text.len() as u64 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_counts_what_is_held_at_a_time_and_the_room_is_kept_to() {
        let mut memory = Memory::of(100);
        assert!(memory.hold(|| 60).is_ok());
        memory.release_to(10);
        assert!(memory.hold_to_the_end(|| 30).is_ok());
        assert!(memory.hold(|| 50).is_ok());
        assert_eq!((memory.held(), memory.peak(), memory.is_exceeded()), (60, 90, false));
        assert!(memory.hold(|| 11).is_err());
        assert_eq!((memory.peak(), memory.is_exceeded()), (101, true));
    }

    #[test]
    fn what_nobody_asks_for_is_not_worked_out() {
        let mut memory = Memory::default();
        let unasked = || -> u64 { panic!("worked out") };
        assert!(memory.hold(unasked).is_ok() && memory.hold_to_the_end(unasked).is_ok());
        assert_eq!((memory.held(), memory.peak(), memory.is_exceeded()), (0, 0, false));
    }

    #[test]
    fn rows_take_what_their_values_take() {
        let long = Value::string("x".repeat(1000));
        let rows: Vec<Row> = (0..1000).map(|_| vec![Value::Long(1), long.clone()]).collect();
        let bytes = of_rows(&rows);
        assert!((1_000_000..1_300_000).contains(&bytes), "{bytes}");
        assert_eq!(of_rows(&[]), 0);
        let nested = Value::bag([("a", Value::array([long]))]);
        assert!(of_value(&nested) > 1000);
    }
}
