//! How a plan may be evaluated a part of its rows at a time.

use crate::plan::{Expr, Name};
use serde::{Deserialize, Serialize};

/// What tells the parts of a plan's rows: rows of different parts never meet in its first stages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parting {
    /// How many stages of the plan's root give of all rows what they give of the parts. Those behind them are run over what
    /// all parts gave, in an order of its own.
    pub stages: usize,
    /// For each input the expressions over its columns whose values together say of which part a row is; none of one that
    /// only queries within expressions read, which see all of its rows.
    pub keys: Vec<Vec<Expr>>,
    /// For each of those values the column that has it in what the first stages give of a part, where one does.
    pub columns: Vec<Option<Name>>,
    /// Whether queries within expressions read events: what comes of a part then depends on rows of others.
    pub asks: bool,
}
