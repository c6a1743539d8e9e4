//! The rules that the detector ships, one a file.
#![forbid(unsafe_code)]
