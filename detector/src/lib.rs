//! The command line over any rule set, and the shipped binary.
#![forbid(unsafe_code)]
