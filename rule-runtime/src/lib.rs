//! Bytes to events to matches to alerts, and the state between.
//!
//! ```text
//! Source ─> Framing ─> Scan ─> DispatchTable ─> Parser ─> Matcher ─> Operator ─> Alert ─> Sink
//! bytes     records    op name  candidates      SIMD JSON  generated  window,      row →     NDJSON,
//!                      only     for that name   tape       fn         join, …      alert     table
//! ```
//!
//! ```
//! use rule_model::tables::{AUDIT_LOGS, audit_logs};
//! use rule_runtime::Parser;
//!
//! let record = r#"{"OperationName":"Add member to role","Category":"RoleManagement"}"#;
//! let operation = Parser::default()
//!     .with_event(&AUDIT_LOGS, record, |event| event.text(audit_logs::OPERATION_NAME).into_owned());
//! assert_eq!(operation.as_deref(), Ok("Add member to role"));
//! ```
#![deny(unsafe_code)]

pub mod across;
pub mod alert;
pub mod checkpoint;
pub mod clock;
pub mod dead_letter;
pub mod dedup;
pub mod disk;
pub mod dispatch;
pub mod engine;
pub mod event;
#[cfg(feature = "fail-points")]
pub mod faults;
pub mod framing;
pub mod generated;
pub mod later;
pub mod parse;
pub mod pipeline;
pub mod plans;
pub mod recognize;
pub mod rule;
#[cfg(test)]
mod samples;
pub mod scan;
pub mod shaping;
pub mod sink;
pub mod source;
pub mod summary;
pub mod tape;
pub mod testing;
pub mod title;
mod unique_ids;
pub mod untimely;

pub use event::Event;
pub use parse::Parser;
pub use rule::{Rule, Ruleset};
