//! Tests of the workspace as a whole: see `tests/`, `ui/`, and the book, whose rules are compiled as doctests here.
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
