//! The expansion of `rule!` as a library. A crate of macros exports nothing but macros, and these run in rustc alone: so that
//! token streams can be tried by the million, the modules of `rule-macros` are compiled here a second time.
#![forbid(unsafe_code)]

#[path = "../../../../rule-macros/src/crate_files.rs"]
#[allow(dead_code, reason = "`ruleset!` uses the rest")]
mod crate_files;
#[path = "../../../../rule-macros/src/emit/mod.rs"]
#[allow(dead_code, reason = "`ruleset!` uses the rest")]
mod emit;
#[path = "../../../../rule-macros/src/report.rs"]
mod report;
#[path = "../../../../rule-macros/src/rule.rs"]
mod rule;
#[path = "../../../../rule-macros/src/text.rs"]
mod text;

use proc_macro2::TokenStream;

/// What `rule! { … }` becomes.
pub fn expand(body: TokenStream) -> TokenStream {
    rule::expand(body)
}
