//! Tests of the workspace as a whole: see `tests/`, `ui/`, and the rules of the book and of the macros' documentation,
//! which are compiled as doctests here.
#![forbid(unsafe_code)]

/// Pages of the book with rules in them.
#[cfg(doctest)]
pub mod book {
    #[doc = include_str!("../../docs/book/src/across-events.md")]
    pub struct AcrossEvents;
    #[doc = include_str!("../../docs/book/src/coming-from/elastic.md")]
    pub struct ComingFromElastic;
    #[doc = include_str!("../../docs/book/src/coming-from/panther.md")]
    pub struct ComingFromPanther;
    #[doc = include_str!("../../docs/book/src/coming-from/sentinel.md")]
    pub struct ComingFromSentinel;
    #[doc = include_str!("../../docs/book/src/metadata.md")]
    pub struct Metadata;
    #[doc = include_str!("../../docs/book/src/testing.md")]
    pub struct Testing;
}

/// The examples in the documentation of the macros.
#[cfg(doctest)]
pub mod macros {
    #[doc = include_str!("../../rule-macros/docs/rule.md")]
    pub struct Rule;
    #[doc = include_str!("../../rule-macros/docs/ruleset.md")]
    pub struct Ruleset;
}
