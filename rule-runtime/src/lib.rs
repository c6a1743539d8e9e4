//! Bytes to events to matches to alerts, and the state between.
//!
//! ```text
//! Source ─> Framing ─> Scan ─> DispatchTable ─> Parser ─> Matcher ─> Operator ─> Alert ─> Sink
//! bytes     records    op name  candidates      SIMD JSON  generated  window,      row →     NDJSON,
//!                      only     for that name   tape       fn         join, …      alert     table
//! ```
#![deny(unsafe_code)]

pub mod event;
pub mod rule;

pub use event::Event;
pub use rule::{Rule, Ruleset};
