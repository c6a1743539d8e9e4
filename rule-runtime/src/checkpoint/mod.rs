//! What outlives a run that is killed.

pub mod commit_file;
pub mod directory;
pub mod rule_identity;
