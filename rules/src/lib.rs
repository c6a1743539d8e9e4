//! The rules that the detector ships, one a file.
#![forbid(unsafe_code)]

use rule_runtime::Ruleset;

/// All shipped rules.
pub static RULES: Ruleset = Ruleset { rules: &[], schemas: &[] };
