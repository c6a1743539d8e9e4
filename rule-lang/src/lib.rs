//! Text to plan: the language front end.
//!
//! ```text
//! text ─lexer─> tokens ─parser─> syntax::Query ─check─> plan::Plan
//!                                syntax::Rule  ─check─> typed::Rule
//! ```
//!
//! Every stage gathers all of its errors as [`Diagnostic`]s; a stage whose input failed is skipped, so that one mistake
//! gives one message. Positions are byte ranges of the text that came in.
#![forbid(unsafe_code)]

pub mod diagnostic;
mod lexer;
pub mod parser;
pub mod schemas;
pub mod syntax;

pub use diagnostic::Diagnostic;
pub use rule_model::plan::Span;
