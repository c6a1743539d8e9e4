//! What KQL means: the one definition that the macro, the runtime, the command line and the tests all use.
//!
//! | module | holds |
//! |---|---|
//! | [`function`](mod@function), [`functions`](mod@functions) | what an entry of the function table is; the table of scalar functions and operators |
//! | [`aggregate`](mod@aggregate), `aggregates` | the same for aggregate functions |
//! | [`table`] | rows and columns |
//! | [`access`] | paths into dynamic values |
//! | [`compare`] | comparison of values of any types |
//! | [`text`] | the text predicates on `&str` |
//! | [`convert`](mod@convert), [`time_text`] | conversions between scalar types; datetimes and timespans in text |
//! | [`context`] | what an evaluation knows besides its input: the time, compiled regular expressions |
//! | [`geography`] | where addresses are: the database that an evaluation may bring along |
//! | [`json`], [`record`], [`inferred`] | JSON text to values; a record to a row of its table's columns; records to a table that nobody defined |
//! | [`pattern`] | regular expressions as Kusto reads them |
//! | [`evaluate`](mod@evaluate) | plan and tables in, table out |
//! | [`lineage`] | a plan to one whose rows tell the records behind them |
//!
//! ```
//! use rule_eval::{Context, call, function};
//! use rule_model::{DateTime, Value};
//!
//! let has = function("has").expect("an entry of the function table");
//! let arguments = [Value::string("North America"), Value::string("america")];
//! let mut context = Context::at(DateTime::UNIX_EPOCH);
//! assert_eq!(call(has, &mut context, &arguments), Value::Bool(true));
//! ```
#![forbid(unsafe_code)]

pub mod access;
pub mod aggregate;
mod aggregates;
pub mod compare;
pub mod context;
pub mod convert;
pub mod evaluate;
pub mod function;
pub mod functions;
pub mod geography;
pub mod inferred;
pub mod json;
pub mod lineage;
pub mod memory;
mod order;
mod parsed;
pub mod pattern;
pub mod record;
pub mod table;
pub mod text;
pub mod time_text;
pub mod timeless;

pub use aggregate::{Accumulator, Aggregate, aggregate, aggregates};
pub use context::Context;
pub use evaluate::{Env, Expression, Prepared, Tables, evaluate};
pub use function::Function;
pub use functions::{call, function, functions};
pub use memory::Memory;
pub use order::{in_order, key_hash, part_hash};
pub use parsed::ParsedTexts;
pub use table::{Row, Table};
