//! The targets, one a file.

pub mod framing;
pub mod query;
pub mod rule;
pub mod scan;
pub mod state;

use crate::Target;

/// All of them.
pub const ALL: &[Target] = &[framing::TARGET, query::TARGET, rule::TARGET, scan::TARGET, state::TARGET];
