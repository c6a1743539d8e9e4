//! Compile-fail, differential, property and end-to-end tests.
#![forbid(unsafe_code)]
