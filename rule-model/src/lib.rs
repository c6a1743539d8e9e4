//! What a detection rule is, without doing anything.
//!
//! Everything else in the workspace speaks in these types: the language produces them, the macro turns them into
//! Rust, the evaluator gives them meaning and the runtime carries them.
//!
//! | module | holds |
//! |---|---|
//! | [`value`], [`scalar`], [`time`], [`guid`] | KQL's values and scalar data types |
//! | [`schema`], [`tables`] | tables of log sources and their columns; the built-in ones |
//! | [`plan`] | a checked query: sources, operators, expressions |
//! | [`metadata`] | what a rule says of itself: severity, schedule, trigger, texts |
//! | [`entity`], [`attack`] | Microsoft Sentinel's entity types; MITRE ATT&CK tactics and techniques |
#![forbid(unsafe_code)]

pub mod attack;
pub mod bag;
pub mod entity;
pub mod guid;
pub mod metadata;
pub mod parting;
pub mod plan;
mod record;
pub mod scalar;
pub mod schema;
pub mod tables;
pub mod time;
pub mod value;

use std::borrow::Cow;

pub use bag::Bag;
pub use guid::Guid;
pub use scalar::Type;
pub use schema::{Column, Schema};
pub use time::{DateTime, Timespan};
pub use value::Value;

/// Text that is a literal in a compiled rule and owned while a rule is being compiled.
pub type Text = Cow<'static, str>;

/// A list that is a static slice in a compiled rule and owned while a rule is being compiled.
pub type List<T> = Cow<'static, [T]>;
