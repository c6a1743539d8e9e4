//! `join` in all its kinds, and `lookup`: by hash of the right side's keys.
//!
//! Rows come out in the order of the left side, matches in the order of the right; rows that only the right side has
//! follow. A null key matches nothing, not even another null, because `null == null` is not true in KQL (the
//! documentation does not say it of joins); an empty string is a value and matches.

use super::expression::Scope;
use super::query::{Bound, Operate, PreparedQuery};
use super::window::{self, Window};
use super::{Binder, Env, Expression};
use crate::context::EvalError;
use crate::order::{Key, key_hash};
use crate::{Row, Table, memory};
use rule_model::Value;
use rule_model::plan::{Field, Join, JoinKind, Name};
use std::collections::{HashMap, HashSet};

/// `join`, `lookup`
pub(super) fn join(join: &Join, input: &[Field], binder: &mut Binder) -> Bound {
    let right = PreparedQuery::new(&join.right, binder)?;
    // Where the right side's columns depend on data the plan knows at least those that its keys and names need.
    let right_fields = right.columns().unwrap_or(join.right.output()).to_vec();
    let mut scope = Scope::new(input, binder);
    let left_keys = join.on.iter().map(|(left, _)| scope.bind(left)).collect::<Result<_, _>>()?;
    let left_windows = scope.windows;
    let mut scope = Scope::new(&right_fields, binder);
    let right_keys = join.on.iter().map(|(_, right)| scope.bind(right)).collect::<Result<_, _>>()?;
    let columns = output(join.kind, input, &right_fields, &join.right_names);
    Ok(Box::new(BoundJoin {
        kind: join.kind,
        right,
        left_keys,
        right_keys,
        left_windows,
        left_fields: input.to_vec(),
        right_fields,
        right_names: join.right_names.clone(),
        columns,
    }))
}

fn output(kind: JoinKind, left: &[Field], right: &[Field], names: &[Option<Name>]) -> Vec<Field> {
    match kind {
        JoinKind::LeftSemi | JoinKind::LeftAnti => left.to_vec(),
        JoinKind::RightSemi | JoinKind::RightAnti => right.to_vec(),
        _ => {
            let kept = names.iter().zip(right);
            let kept = kept.filter_map(|(name, field)| Some(Field::new(name.clone()?, field.ty)));
            left.iter().cloned().chain(kept).collect()
        }
    }
}

/// A join whose names are resolved.
#[derive(Debug)]
pub(super) struct BoundJoin {
    kind: JoinKind,
    right: PreparedQuery,
    left_keys: Vec<Expression>,
    right_keys: Vec<Expression>,
    left_windows: Vec<Window>,
    left_fields: Vec<Field>,
    right_fields: Vec<Field>,
    right_names: Vec<Option<Name>>,
    columns: Vec<Field>,
}

/// What the key of a right row takes in the index of keys.
const ENTRY: u64 = 120;
/// Rows made after which is looked at what they take.
const LOOK: usize = 1024;

/// The key of a row; `None` when a part of it is null.
fn key(keys: &[Expression], env: &mut Env<'_>, row: &[Value]) -> Option<Vec<Key>> {
    let parts = keys.iter().map(|key| Key::of(&key.value(env, row)));
    parts.map(|part| (part != Key::Null).then_some(part)).collect()
}

impl Operate for BoundJoin {
    fn columns(&self) -> Option<&[Field]> {
        Some(&self.columns)
    }

    fn run(&self, env: &mut Env<'_>, mut left: Table) -> Result<Table, EvalError> {
        if left.rows.is_empty() && !self.preserves_right() {
            return Ok(Table::empty(self.columns.clone()));
        }
        window::append(&self.left_windows, env, &mut left.rows);
        let keys = (!self.preserves_right() && self.right.finds_by_key(env))
            .then(|| hashes(&self.left_keys, env, &left.rows));
        let right = self.right_rows(env, keys.as_ref())?;
        self.put_together(env, left, &right)
    }

    fn join(&self) -> Option<&BoundJoin> {
        Some(self)
    }
}

/// The hashes of the keys of rows.
fn hashes(keys: &[Expression], env: &mut Env<'_>, rows: &[Row]) -> HashSet<u64> {
    let mut hash = |row: &Row| {
        let key: Row = keys.iter().map(|key| key.value(env, row)).collect();
        key_hash(&key)
    };
    rows.iter().filter_map(&mut hash).collect()
}

impl BoundJoin {
    /// Whether rows of the right side come out that match nothing.
    fn preserves_right(&self) -> bool {
        matches!(self.kind, JoinKind::RightOuter | JoinKind::FullOuter | JoinKind::RightAnti)
    }

    /// Whether rows of the left side come out that match nothing.
    pub(super) fn preserves_left(&self) -> bool {
        matches!(self.kind, JoinKind::LeftOuter | JoinKind::FullOuter | JoinKind::LeftAnti)
    }

    /// The rows of the right side, and the hashes of their keys: what its left side needs.
    pub(super) fn right_first(&self, env: &mut Env<'_>) -> Result<(Vec<Row>, HashSet<u64>), EvalError> {
        let right = self.right_rows(env, None)?;
        let keys = hashes(&self.right_keys, env, &right);
        Ok((right, keys))
    }

    /// The rows that come of these of the left side, to which window functions are not yet added, and of the right.
    pub(super) fn run_with(
        &self,
        env: &mut Env<'_>,
        mut left: Table,
        right: &[Row],
    ) -> Result<Table, EvalError> {
        window::append(&self.left_windows, env, &mut left.rows);
        self.put_together(env, left, right)
    }

    fn put_together(&self, env: &mut Env<'_>, left: Table, right: &[Row]) -> Result<Table, EvalError> {
        env.context.memory.hold(|| right.len() as u64 * ENTRY)?;
        let mut by_key: HashMap<Vec<Key>, Vec<usize>> = HashMap::new();
        for (at, row) in right.iter().enumerate() {
            if let Some(key) = key(&self.right_keys, env, row) {
                by_key.entry(key).or_default().push(at);
            }
        }
        let mut paired = vec![false; right.len()];
        let mut seen = HashSet::new();
        let mut rows = Vec::new();
        let mut counted = 0;
        for mut row in left.rows {
            let key = key(&self.left_keys, env, &row);
            row.truncate(self.left_fields.len());
            let matches = key.as_ref().and_then(|key| by_key.get(key)).map_or(&[][..], Vec::as_slice);
            if self.kind == JoinKind::InnerUnique
                && !matches.is_empty()
                && !key.is_some_and(|key| seen.insert(key))
            {
                continue;
            }
            for at in matches {
                paired[*at] = true;
            }
            self.emit(row, matches, right, &mut rows);
            if rows.len() >= counted + LOOK {
                env.context.memory.hold(|| memory::of_rows(&rows[counted..]))?;
                counted = rows.len();
            }
        }
        self.emit_right(right, &paired, &mut rows);
        Ok(Table { columns: self.columns.clone(), rows })
    }

    /// The rows of the right side, of these keys where they are found by key, with the columns that the join was bound
    /// to.
    fn right_rows(&self, env: &mut Env<'_>, keys: Option<&HashSet<u64>>) -> Result<Vec<Row>, EvalError> {
        let table = self.right.run_for(env, keys)?;
        if self.right.columns().is_some() {
            return Ok(table.rows);
        }
        let places: Vec<Option<usize>> =
            self.right_fields.iter().map(|field| table.column_index(&field.name)).collect();
        let cells = |row: &Row| {
            let cells = places.iter().zip(&self.right_fields);
            cells.map(|(at, field)| at.map_or(Value::absent(field.ty), |at| row[at].clone())).collect()
        };
        Ok(table.rows.iter().map(cells).collect())
    }

    /// What comes of a left row.
    fn emit(&self, left: Row, matches: &[usize], right: &[Row], rows: &mut Vec<Row>) {
        match self.kind {
            JoinKind::LeftSemi if !matches.is_empty() => rows.push(left),
            JoinKind::LeftAnti if matches.is_empty() => rows.push(left),
            JoinKind::LeftSemi | JoinKind::LeftAnti | JoinKind::RightSemi | JoinKind::RightAnti => {}
            JoinKind::LeftOuter | JoinKind::FullOuter if matches.is_empty() => {
                let absent: Row = self.right_fields.iter().map(|field| Value::absent(field.ty)).collect();
                rows.push(self.pair(left, &absent));
            }
            _ => rows.extend(matches.iter().map(|at| self.pair(left.clone(), &right[*at]))),
        }
    }

    /// What comes of the right side by itself.
    fn emit_right(&self, right: &[Row], paired: &[bool], rows: &mut Vec<Row>) {
        let wanted = match self.kind {
            JoinKind::RightSemi => true,
            JoinKind::RightAnti | JoinKind::RightOuter | JoinKind::FullOuter => false,
            _ => return,
        };
        let chosen = right.iter().zip(paired).filter(|(_, paired)| **paired == wanted).map(|(row, _)| row);
        if matches!(self.kind, JoinKind::RightSemi | JoinKind::RightAnti) {
            rows.extend(chosen.cloned());
            return;
        }
        let absent: Row = self.left_fields.iter().map(|field| Value::absent(field.ty)).collect();
        rows.extend(chosen.map(|row| self.pair(absent.clone(), row)));
    }

    /// A left row followed by the columns of a right row that the output keeps.
    fn pair(&self, mut left: Row, right: &[Value]) -> Row {
        let kept = self.right_names.iter().zip(right).filter(|(name, _)| name.is_some());
        left.extend(kept.map(|(_, value)| value.clone()));
        left
    }
}
