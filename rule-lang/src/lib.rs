//! Text to plan: the language front end.
//!
//! ```text
//! text ─lexer─> tokens ─parser─> syntax::Query ─check─> plan::Plan
//!                                syntax::Rule  ─check─> typed::Rule
//! ```
//!
//! Every stage gathers all of its errors as [`Diagnostic`]s; a stage whose input failed is skipped, so that one mistake
//! gives one message. Positions are byte ranges of the text that came in.
//!
//! ```
//! use rule_lang::{compile_query, schemas::Schemas};
//!
//! let tables = Schemas::builtin();
//! let compiled = compile_query("AuditLogs | where OperationName has 'role' | count", &tables)?;
//! assert_eq!(compiled.plan.root.output()[0].name, "Count");
//!
//! let faults = compile_query("AuditLogs | where OperationNam has 'role'", &tables).unwrap_err();
//! assert_eq!(faults.len(), 1);
//! assert!(faults[0].to_string().contains("OperationName"));
//! # Ok::<(), Vec<rule_lang::Diagnostic>>(())
//! ```
#![forbid(unsafe_code)]

pub mod catalog;
pub mod check;
pub mod diagnostic;
pub mod kuery;
mod lexer;
pub mod nearest;
mod one_line;
pub mod operators;
mod origins;
pub mod parser;
pub mod planning;
pub mod rule;
pub mod schemas;
pub mod syntax;
mod walk;

pub use catalog::{Catalog, CatalogTable};
pub use diagnostic::Diagnostic;
pub use one_line::one_line;
pub use rule_model::plan::Span;

use diagnostic::Level;
use rule_model::plan::Plan;

/// A query that can run.
#[derive(Clone, Debug, PartialEq)]
pub struct Compiled {
    /// What it does.
    pub plan: Plan,
    /// What its author should know.
    pub warnings: Vec<Diagnostic>,
}

/// Compiles a query over the tables of `catalog`. All errors are reported together.
pub fn compile_query(text: &str, catalog: &dyn Catalog) -> Result<Compiled, Vec<Diagnostic>> {
    let (script, diagnostics) = parser::parse(text);
    if diagnostics.iter().any(|d| d.level == Level::Error) {
        return Err(diagnostics);
    }
    let checked = check::check_script(&script, catalog, &check::Options::default());
    let mut all = diagnostics;
    all.extend(checked.diagnostics);
    match checked.plan {
        Some(plan) => Ok(Compiled { plan, warnings: all }),
        None => Err(all),
    }
}
