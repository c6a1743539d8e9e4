//! Rules: the body of a `rule!` to a checked rule.

pub mod again;
mod alarm;
mod astray;
mod attack;
mod bounds;
mod compile;
mod duration;
mod entities;
mod events;
mod fields;
pub mod head;
pub mod names;
mod platform_fields;
pub mod silence;
mod template;
#[cfg(test)]
mod tests;
mod token;
pub mod trial;
pub mod typed;
pub mod written;

pub use compile::{Files, NOT_UTF_8, Outcome, compile};
pub(crate) use duration::meant as timespan_meant;
pub use fields::NAMES as FIELD_NAMES;
