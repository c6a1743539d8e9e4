//! The `rule!` and `ruleset!` macros: a plan turned into Rust.
#![forbid(unsafe_code)]
