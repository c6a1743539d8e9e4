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

pub mod block;
pub mod elsewhere;
pub mod estimate;
pub mod evaluations;
mod rows;
pub mod schedule;
pub mod segments;
pub mod snapshot;
pub mod state;
pub mod step;
pub mod watermark;
mod window;

pub use elsewhere::{Elsewhere, Files, Reread};
pub use evaluations::{Bounds, Evaluations};
pub use segments::Segments;
pub use snapshot::Snapshot;
pub use state::{Kept, Place, State};
pub use step::{Signal, TickRule};
