//! Functions that look at the rows around: `prev`, `row_number`, sessions, ranks, running sums.
//!
//! Each gets its arguments' values over all rows of a serialized table and gives a value for every row.
//! Source: Kusto documentation, "Window functions".

use super::arguments::{datetime, long, real, timespan};
use crate::Context;
use crate::function::{Accepts, Arity, Function, Param, Returns, Signature};
use crate::order::Key;
use rule_model::{Type, Value};

const LONG: Accepts = Accepts::Type(Type::Long);
const BOOL: Accepts = Accepts::Type(Type::Bool);
const RESTART: Param = Param::optional("restart", BOOL);
const NEIGHBOUR: &[Signature] = &[Signature::generic(
    &[
        Param { name: "column", accepts: Accepts::Any, arity: Arity::One, constant: false },
        Param::optional("offset", LONG),
        Param::optional("default", Accepts::Any),
    ],
    Returns::Argument(0),
)];
const RANK: &[Signature] = &[Signature::new(&[Param::one("term", Accepts::Any), RESTART], Type::Long)];

pub(crate) static FUNCTIONS: &[Function] = &[
    Function::window(
        "prev",
        "The column's value a number of rows before (1 unless given); the default, else null, where there is none.",
        NEIGHBOUR,
        |_, columns, rows| neighbour(columns, rows, -1),
        &[("prev(1)", "long(null)"), ("prev(1, 1, 7)", "7")],
    ),
    Function::window(
        "next",
        "The column's value a number of rows after (1 unless given); the default, else null, where there is none.",
        NEIGHBOUR,
        |_, columns, rows| neighbour(columns, rows, 1),
        &[("next(1)", "long(null)"), ("next('a', 1, 'end')", "'end'")],
    ),
    Function::window(
        "row_number",
        "The row's number, from a start (1 unless given), again from there at each row where restart is true.",
        &[Signature::new(&[Param::optional("start", LONG), RESTART], Type::Long)],
        row_number,
        &[("row_number()", "1"), ("row_number(7)", "7")],
    ),
    Function::window(
        "row_cumsum",
        "The sum of the values up to the row, starting over at each row where restart is true.",
        &[
            Signature::new(&[Param::one("term", LONG), RESTART], Type::Long),
            Signature::new(&[Param::one("term", Accepts::Type(Type::Real)), RESTART], Type::Real),
        ],
        row_cumsum,
        &[("row_cumsum(5)", "5"), ("row_cumsum(1.5)", "1.5")],
    ),
    Function::window(
        "row_rank_dense",
        "How many times the term has changed up to the row, from 1, starting over where restart is true.",
        RANK,
        |_, columns, rows| ranks(columns, rows, |rank, _| rank + 1),
        &[("row_rank_dense('a')", "1")],
    ),
    Function::window(
        "row_rank_min",
        "The number of the first row with the same term in succession, from 1, starting over where restart is true.",
        RANK,
        |_, columns, rows| ranks(columns, rows, |_, number| number),
        &[("row_rank_min('a')", "1")],
    ),
    Function::window(
        "row_window_session",
        "The time at which the row's session began: a session ends when too much time passed since its start or \
         since the row before, or where restart is true.",
        &[Signature::new(
            &[
                Param::one("time", Accepts::Type(Type::DateTime)),
                Param::one("most_from_first", Accepts::Type(Type::Timespan)),
                Param::one("most_between_neighbours", Accepts::Type(Type::Timespan)),
                RESTART,
            ],
            Type::DateTime,
        )],
        sessions,
        &[("row_window_session(datetime(2024-04-11), 1h, 5m)", "datetime(2024-04-11)")],
    ),
];

/// The value of an argument in a row; null where the argument is left out.
fn at(columns: &[Vec<Value>], argument: usize, row: usize) -> &Value {
    columns.get(argument).and_then(|column| column.get(row)).unwrap_or(&Value::Null)
}

fn restarts(columns: &[Vec<Value>], argument: usize, row: usize) -> bool {
    at(columns, argument, row).as_bool() == Some(true)
}

fn neighbour(columns: &[Vec<Value>], rows: usize, direction: i64) -> Vec<Value> {
    let value = |row: usize| {
        let offset = long(at(columns, 1, row)).unwrap_or(1).saturating_mul(direction);
        let source =
            usize::try_from((row as i64).saturating_add(offset)).ok().filter(|source| *source < rows);
        match (source, at(columns, 2, row), columns.first().and_then(|column| column.first())) {
            (Some(source), _, _) => at(columns, 0, source).clone(),
            // A string has no null: without a default a missing one is empty.
            (None, Value::Null, Some(Value::String(_))) => Value::EMPTY,
            (None, default, _) => default.clone(),
        }
    };
    (0..rows).map(value).collect()
}

fn row_number(_: &mut Context, columns: &[Vec<Value>], rows: usize) -> Vec<Value> {
    let mut number = 0;
    let mut next = |row: usize| {
        let fresh = row == 0 || restarts(columns, 1, row);
        number = if fresh { long(at(columns, 0, row)).unwrap_or(1) } else { number + 1 };
        Value::Long(number)
    };
    (0..rows).map(&mut next).collect()
}

/// Nulls add nothing. A sum of longs that overflows wraps around.
fn row_cumsum(_: &mut Context, columns: &[Vec<Value>], rows: usize) -> Vec<Value> {
    let whole = columns
        .first()
        .is_some_and(|column| column.iter().all(|term| term.is_null() || long(term).is_some()));
    let (mut whole_sum, mut real_sum) = (0i64, 0.0);
    let mut next = |row: usize| {
        if restarts(columns, 1, row) {
            (whole_sum, real_sum) = (0, 0.0);
        }
        let term = at(columns, 0, row);
        whole_sum = whole_sum.wrapping_add(long(term).unwrap_or(0));
        real_sum += real(term).unwrap_or(0.0);
        if whole { Value::Long(whole_sum) } else { Value::Real(real_sum) }
    };
    (0..rows).map(&mut next).collect()
}

/// The rank of each row: `changed` gives it, of the rank before and the row's number since the restart, where the
/// term differs from that of the row before.
fn ranks(columns: &[Vec<Value>], rows: usize, changed: fn(i64, i64) -> i64) -> Vec<Value> {
    let (mut rank, mut number, mut before) = (0, 0, None);
    let mut next = |row: usize| {
        let term = Some(Key::of(at(columns, 0, row)));
        number += 1;
        if row == 0 || restarts(columns, 1, row) {
            (rank, number) = (1, 1);
        } else if term != before {
            rank = changed(rank, number);
        }
        before = term;
        Value::Long(rank)
    };
    (0..rows).map(&mut next).collect()
}

fn sessions(_: &mut Context, columns: &[Vec<Value>], rows: usize) -> Vec<Value> {
    let mut session = None;
    let mut before = None;
    let mut next = |row: usize| {
        let time = datetime(at(columns, 0, row));
        let near = |from: Option<rule_model::DateTime>, most: usize| {
            let most = timespan(at(columns, most, row));
            matches!((from, time, most), (Some(from), Some(time), Some(most)) if time.0 - from.0 <= most.0)
        };
        if restarts(columns, 3, row) || !near(session, 1) || !near(before, 2) {
            session = time;
        }
        before = time;
        Value::from(session)
    };
    (0..rows).map(&mut next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rule_model::{DateTime, Timespan};

    fn longs(values: &[i64]) -> Vec<Value> {
        values.iter().copied().map(Value::Long).collect()
    }

    fn bools(values: &[u8]) -> Vec<Value> {
        values.iter().map(|b| Value::Bool(*b == 1)).collect()
    }

    fn context() -> Context {
        Context::at(DateTime::UNIX_EPOCH)
    }

    #[test]
    fn prev_and_next_reach_over_the_rows_and_give_the_default_past_them() {
        let column = longs(&[10, 20, 30]);
        assert_eq!(
            neighbour(std::slice::from_ref(&column), 3, -1),
            [Value::Null, Value::Long(10), Value::Long(20)]
        );
        assert_eq!(neighbour(&[column, longs(&[2; 3]), longs(&[-1; 3])], 3, 1), longs(&[30, -1, -1]));
        assert_eq!(neighbour(&[vec!["a".into(), "b".into()]], 2, -1), [Value::EMPTY, "a".into()]);
    }

    #[test]
    fn numbers_and_sums_start_over_where_told() {
        let restart = bools(&[0, 0, 1, 0]);
        assert_eq!(row_number(&mut context(), &[longs(&[1; 4]), restart.clone()], 4), longs(&[1, 2, 1, 2]));
        assert_eq!(row_cumsum(&mut context(), &[longs(&[2, 4, 6, 8]), restart], 4), longs(&[2, 6, 6, 14]));
    }

    #[test]
    fn ranks_count_changes_or_rows() {
        let (terms, restart) = (longs(&[5, 10, 10, 20, 5, 7]), bools(&[0, 0, 0, 0, 1, 0]));
        let columns = [terms, restart];
        assert_eq!(ranks(&columns, 6, |rank, _| rank + 1), longs(&[1, 2, 2, 3, 1, 2]));
        assert_eq!(ranks(&columns, 6, |_, number| number), longs(&[1, 2, 2, 4, 1, 2]));
    }

    #[test]
    fn a_session_ends_after_too_long_a_time_or_gap() {
        let minute = |m: i64| Value::from(DateTime(m * 600_000_000));
        let columns = [
            [0, 4, 8, 20, 24].map(minute).to_vec(),
            vec![Value::from(Timespan::minutes(7)); 5],
            vec![Value::from(Timespan::minutes(5)); 5],
        ];
        assert_eq!(sessions(&mut context(), &columns, 5), [0, 0, 8, 20, 20].map(minute).to_vec());
    }
}
