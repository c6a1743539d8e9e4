//! What is wrong, where, and what to type instead: a diagnostic is data.

use rule_model::plan::Span;
use std::fmt;

/// A fault in a query or rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it stops compilation.
    pub level: Level,
    /// What is wrong: one line, lower case, no full stop.
    pub message: String,
    /// Where.
    pub span: Span,
    /// Facts that explain it.
    pub notes: Vec<String>,
    /// What to type instead.
    pub help: Option<String>,
}

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Stops compilation.
    Error,
    /// Can be acknowledged.
    Warning,
}

/// A place in a text as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { level: Level::Error, message: message.into(), span, notes: Vec::new(), help: None }
    }

    /// A warning at `span`.
    pub fn warning(span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { level: Level::Warning, ..Diagnostic::error(span, message) }
    }

    /// With a fact that explains it.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// With what to type instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Line and column of its beginning in `text`, the text that was compiled.
    pub fn position(&self, text: &str) -> Position {
        Position::of(self.span.start, text)
    }
}

impl Position {
    /// Line and column of a byte offset.
    pub fn of(offset: u32, text: &str) -> Position {
        let before = text.get(..offset as usize).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Position { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

impl fmt::Display for Diagnostic {
    /// Message, notes and help, a line each, as a `compile_error!` shows them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for note in &self.notes {
            write!(f, "\nnote: {note}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\nhelp: {help}")?;
        }
        Ok(())
    }
}
