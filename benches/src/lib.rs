//! Criterion benches, event generator, comparison with peers.
#![forbid(unsafe_code)]
