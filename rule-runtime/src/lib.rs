//! Bytes to events to matches to alerts, and the state between.
//!
//! ```text
//! Source ─> Framing ─> Scan ─> DispatchTable ─> Parser ─> Matcher ─> Operator ─> Alert ─> Sink
//! bytes     records    op name  candidates      SIMD JSON  generated  window,      row →     NDJSON,
//!                      only     for that name   tape       fn         join, …      alert     table
//! ```
#![deny(unsafe_code)]

pub mod event;
pub mod parse;
pub mod rule;
pub mod tape;

pub use event::Event;
pub use parse::Parser;
pub use rule::{Rule, Ruleset};
