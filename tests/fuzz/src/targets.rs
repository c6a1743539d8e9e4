//! The targets, one a file.

pub mod differential;
pub mod framing;
pub mod query;
pub mod rule;
pub mod scan;
pub mod state;
pub mod streaming;

use crate::Target;

/// All of them.
pub const ALL: &[Target] = &[
    differential::TARGET,
    framing::TARGET,
    query::TARGET,
    rule::TARGET,
    scan::TARGET,
    state::TARGET,
    streaming::TARGET,
];
