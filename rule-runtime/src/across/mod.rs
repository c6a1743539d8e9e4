//! Rules evaluated on ticks of event time: those across events, and row-local ones that need several rows at once.
//!
//! ```text
//! row of an input ──Signal::Row──┐
//! watermark past a tick ─ due ─> Signal::Tick ──step──> (state, alerts)
//! ```
//!
//! [`step`](step::step) is pure: what it gives depends on the rule, its state and the signal alone. A state is plain
//! data that serialises, so that the same function can run in another engine's keyed state.
//!
//! **Why the answer is the batch answer.** A tick T is evaluated when the watermark is past it, that is when every
//! input has an event later than T plus the lateness, or has ended. An input whose events are out of order by no more
//! than the lateness has then delivered all it has up to T, whatever was read of the other inputs meanwhile: rows are
//! kept by time and position, never by arrival. How sources are interleaved therefore shows only in which events count
//! as late; [`pipeline`](crate::pipeline) reads the source that is furthest behind, record by record, which makes that
//! a property of the files too.

//!
//! # In another engine
//!
//! An engine that keeps state by key runs the same function: rows of a key to its state, ticks by its own timers, the
//! state between the two as bytes wherever the engine keeps them. This rule alerts where a key has two rows in ten
//! minutes:
//!
//! ```
//! use rule_model::metadata::{Comparison, Metadata, Schedule, Trigger};
//! use rule_model::tables::AUDIT_LOGS;
//! use rule_model::{DateTime, Timespan, Value};
//! use rule_runtime::Rule;
//! use rule_runtime::across::{Elsewhere, Kept, Place, Segments, Signal, State, TickRule, step::step};
//! use rule_runtime::generated::STUB;
//! use rule_runtime::later::Later;
//! use rule_runtime::rule::{Body, Dispatch, Input, RowBuilder, RowLocal};
//! use std::collections::HashMap;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let metadata = Metadata {
//!     schedule: Some(Schedule { every: Timespan::minutes(10), over: Timespan::minutes(10) }),
//!     trigger: Trigger { comparison: Comparison::Greater, rows: 1 },
//!     ..Metadata::default()
//! };
//! let rule: &'static Rule = Box::leak(Box::new(Rule {
//!     metadata: Box::leak(Box::new(Later::given(metadata))),
//!     body: Body::RowLocal(RowLocal {
//!         input: Input {
//!             schema: &AUDIT_LOGS,
//!             dispatch: Dispatch { keys: &[], accepts: |_, _| true },
//!             matches: |_, _| true,
//!             columns: &[],
//!             made: None,
//!             lookup: None,
//!             recent: None,
//!         },
//!         row: RowBuilder::Generated(|_, _| Some(Vec::new())),
//!     }),
//!     ..STUB
//! }));
//!
//! let rule = TickRule::new(rule, &Default::default()).ok_or("alerts event by event")??;
//! let segments = Segments::temporary(0);
//! let elsewhere = Elsewhere { segments: &segments, sources: &(), max_depth: 128, geography: None, room: 1 << 20, bound: 1 << 20 };
//! let mut states: HashMap<&str, Vec<u8>> = HashMap::new();
//! let mut signal = |key, signal| -> Result<usize, Box<dyn std::error::Error>> {
//!     let mut state = match states.get(key) {
//!         Some(bytes) => postcard::from_bytes(bytes)?,
//!         None => State::new(1),
//!     };
//!     let mut alerts = Vec::new();
//!     step(&rule, &mut state, signal, &elsewhere, &mut alerts)?;
//!     states.insert(key, postcard::to_allocvec(&state)?);
//!     Ok(alerts.len())
//! };
//! let time = |text: &str| DateTime::parse_iso(text).ok_or("no time");
//! for (offset, key) in [(0, "ana"), (1, "ben"), (2, "ana")] {
//!     let time = time(&format!("2024-03-01T10:0{offset}:30"))?;
//!     let place = Place { time: Some(time), source: "topic".into(), offset, ordinal: 0 };
//!     let kept = Kept::Row(postcard::to_allocvec(&vec![Value::string(key)])?.into());
//!     signal(key, Signal::Row { input: 0, place, kept })?;
//! }
//! let tick = time("2024-03-01T10:10")?;
//! assert_eq!((signal("ana", Signal::Tick(tick))?, signal("ben", Signal::Tick(tick))?), (2, 0));
//! # Ok(())
//! # }
//! ```

mod alerted;
pub mod block;
mod each_row;
pub mod elsewhere;
pub mod estimate;
pub mod evaluations;
mod evidence;
mod parts;
mod recalled;
mod remembered;
mod rows;
pub(crate) mod runs;
pub mod schedule;
pub mod segments;
mod sieve;
pub mod snapshot;
pub mod state;
pub mod step;
mod tail;
mod temporary;
pub mod watermark;
mod window;

pub use elsewhere::{Elsewhere, Files, Reread};
pub use evaluations::{Bounds, Evaluations};
pub use segments::Segments;
pub use snapshot::Snapshot;
pub use state::{Kept, Place, State};
pub use step::{Signal, TickRule};
