//! The `rule!` and `ruleset!` macros: a plan turned into Rust.
//!
//! ```text
//! TokenStream ─text─> text ─rule_lang─> typed::Rule ─planning─> Compiled ─emit─> TokenStream
//! ```
#![forbid(unsafe_code)]

mod crate_files;
mod emit;
mod report;
mod rule;
mod ruleset;
mod text;

/// A detection rule: `pub static RULE: Rule`, and a test for each of its inline tests.
///
/// The body begins with the table in angle brackets; the first line of documentation is the title, what follows it the
/// description. Then come fields, the query, and tests, in any order:
///
#[doc = include_str!("../docs/rule.md")]
///
/// What is wrong is reported at its place, all of it together, and a stub stands for the rule, so that the rest of the
/// crate still compiles. A warning is the use of a deprecated constant; that of a rule which looks at every event is
/// acknowledged with `full_scan: accepted`.
///
/// A table that the crate defines itself, in a file `schemas/*.toml` beside its Cargo.toml, is named like any other; its
/// static is what [`ruleset!`] puts at the root of the crate.
#[proc_macro]
pub fn rule(body: proc_macro::TokenStream) -> proc_macro::TokenStream {
    rule::expand(body.into()).into()
}

/// The rules of a crate: declares their modules, and `pub static RULES: Ruleset` with all of them and with the tables that
/// the crate defines itself. It stands at the root of the crate.
///
#[doc = include_str!("../docs/ruleset.md")]
#[proc_macro]
pub fn ruleset(modules: proc_macro::TokenStream) -> proc_macro::TokenStream {
    ruleset::expand(modules.into()).into()
}
